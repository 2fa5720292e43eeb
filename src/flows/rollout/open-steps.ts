import { branchRef } from '../../core/branch-ref.ts'
import type { Config } from '../../core/config/schema.ts'
import { isStepOf, isWaveStep, kindOf, moveOf } from '../../core/rollout/branch.ts'
import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import { filesOf, narrowed } from '../../core/rollout/read-target.ts'
import { rollbackOf, type Standing, standingOf, stepKey } from '../../core/rollout/standing.ts'
import { originPull, type Target } from '../../core/rollout/target.ts'
import { isMadeOn, type OpenStep, type RolloutFacts } from '../../core/rollout/transition.ts'
import { canaryVersion } from '../../core/traffic/version.ts'
import type { BaseHead } from '../repository/history.ts'
import { readTargetAt } from '../repository/load.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { isAsProposed } from '../repository/step-ownership.ts'

type Needs = Pick<RepositoryContext, 'mirror' | 'renderer' | 'botLogin'>

/** Our open pull requests for a rollout. */
export async function openSteps(
  context: Needs,
  at: OpenPulls,
  standing: Standing,
): Promise<Pick<RolloutFacts, 'open' | 'openParts'>> {
  return { open: await ownSteps(context, at, standing), openParts: await partSteps(context, at, standing) }
}

interface OpenPulls {
  readonly base: BaseHead
  readonly heads: ReadonlyMap<string, Sha>
  readonly open: readonly PullRequest[]
  readonly standings: readonly Standing[]
  readonly config: Config
}

async function ownSteps(context: Needs, at: OpenPulls, standing: Standing): Promise<readonly OpenStep[]> {
  const found: OpenStep[] = []
  for (const pull of at.open.filter((one) => isStepOf(standing.target, one, context.botLogin))) {
    const head = at.heads.get(branchRef(pull.head.ref))
    const kind = kindOf(pull.head.ref, standing.phase)
    const all = isWaveStep(standing.target, pull)
      ? at.standings.filter(({ target }) => isStepOf(target, pull, context.botLogin))
      : [standing]
    const ends = head === undefined ? undefined : { base: at.base.sha, head }
    const isFit =
      ends !== undefined &&
      (await fits(context, ends, { standing, kind, all })) &&
      (await isMadeHere(context, ends, { standing, branch: pull.head.ref }))
    found.push({ pull, kind, fits: isFit, origin: await originOf(context, standing, head) })
  }
  return found
}

/** The open steps of single environments of a rollout that has several. People merge them, and Perch does not make them again. */
async function partSteps(context: Needs, at: OpenPulls, standing: Standing): Promise<readonly OpenStep[]> {
  const { service, environments } = standing.target
  const found: OpenStep[] = []
  for (const environment of environments.length < 2 ? [] : environments)
    for (const pull of at.open.filter((one) => isStepOf({ environment, service }, one, context.botLogin))) {
      const target = narrowed(at.config, standing.target, [environment])
      const origin = await originOf(context, { ...standing, target }, at.heads.get(branchRef(pull.head.ref)))
      found.push({ pull, kind: kindOf(pull.head.ref, standing.phase), fits: true, origin })
    }
  return found
}

/** The pull request for which a first step was opened. The base branch names it only when the step has merged. */
async function originOf(context: Needs, standing: Standing, head: Sha | undefined): Promise<number | undefined> {
  if (standing.phase !== 'idle' || head === undefined) return undefined
  const proposed = await readTargetAt(context, head, standing.target)
  return proposed && originPull(proposed)
}

/**
 * Whether merging a head into the base branch changes the rollout and has no conflicts. A rollback blocks everything else, so it
 * must do what Perch proposes: anyone may have pushed to its branch.
 */
async function fits(
  context: Needs,
  at: { readonly base: Sha; readonly head: Sha },
  {
    standing,
    kind,
    all,
  }: { readonly standing: Standing; readonly kind: OpenStep['kind']; readonly all: readonly Standing[] },
): Promise<boolean> {
  if (kind === 'rollback') {
    const moves = all.map((one) => ({ target: one.target, move: rollbackOf(one) }))
    return all.every(({ share }) => share !== 0) && isAsProposed(context, { ...at, moves })
  }
  const merged = await context.mirror.merge(at.base, at.head)
  if ('conflicts' in merged) return false
  const after = await readTargetAt(context, merged.tree, standing.target)
  if (after === undefined || stepKey(standingOf(after)) === stepKey(standing)) return false
  // A step names the canary's version at the time when it was made. If the version has changed, the step must be remade.
  const proposed = kind === 'share' ? await readTargetAt(context, at.head, standing.target) : undefined
  return proposed === undefined || versionOf(proposed) === versionOf(after)
}

/** Someone may push to a step. At most this many of its commits are read. */
const MAX_OWN_COMMITS = 10

/**
 * Whether the base branch still has the share that a step was made for. If the branch was moved back (restored from a backup,
 * force-pushed), it has an earlier share, and merging the step would skip the shares between.
 */
async function isMadeHere(
  context: Needs,
  { base, head }: { readonly base: Sha; readonly head: Sha },
  { standing, branch }: { readonly standing: Standing; readonly branch: string },
): Promise<boolean> {
  const move = moveOf(branch, standing)
  if (move?.kind === 'finish-version') return standing.share === 100
  if (move?.kind !== 'share') return true
  const own = new Set((await context.mirror.ahead(base, head)).map(({ sha }) => sha))
  // Perch makes a step from one commit.
  if (own.size < 2) return true
  const changes = await context.mirror.landings(head, filesOf(standing.target), MAX_OWN_COMMITS)
  const shares: (Standing['share'] | undefined)[] = []
  for (const { sha } of changes.filter((change) => own.has(change.sha))) {
    const target = await readTargetAt(context, sha, standing.target)
    shares.push(target && standingOf(target).share)
  }
  return isMadeOn(shares, { to: move.to, now: standing.share })
}

function versionOf({ route, neighbours }: Target): string {
  return canaryVersion(route, neighbours)
}
