import { branchRef } from '../../core/branch-ref.ts'
import type { Canaries, KnownCanary } from '../../core/flagger/canaries.ts'
import type { Config } from '../../core/config/schema.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { type Target, targetName, type TargetName } from '../../core/rollout/target.ts'
import { abortBranch, scopedStops, STOP_REFS, type Stops } from '../../core/stop/stop.ts'
import { decidingRef, deployedAmong } from '../repository/deployed-branches.ts'
import { loadConfig, loadSnapshot } from '../repository/load.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { DeployedCanary } from './version-pull.ts'
import { abortedAt } from '../stop/abort.ts'
import { stopsAmong } from '../stop/stops.ts'
import { canariesMark, rememberCanaries } from '../stop/canary-memory.ts'

type Reads = Pick<RepositoryContext, 'mirror' | 'renderer' | 'known' | 'repo'>
type Needs = Reads & Pick<RepositoryContext, 'memo' | 'clock'>

/** Reads the Canaries of a repository and their stops, so that Flagger's webhooks are answered without reading Git. */
export async function readCanaries(context: Needs): Promise<void> {
  const { memo, repo, clock } = context
  const mark = await canariesMark(memo, repo)
  const at = clock.now()
  const refs = await context.mirror.fetch([decidingRef(context), STOP_REFS])
  const stops = await stopsAmong(context, refs)
  const known: KnownCanary[] = []
  const unreadable: string[] = []
  for (const [branch, sha] of await branchesAmong(context, refs)) {
    const found = sha === undefined ? undefined : await canariesAt(context, sha, stops)
    if (found === undefined) unreadable.push(branch)
    else known.push(...found)
  }
  await rememberCanaries(memo, repo, { at, known, unreadable, mark } satisfies Canaries & { mark: string })
}

/** The deployed branches that the config names completely, with their heads. A head is undefined if the config cannot be read. */
async function branchesAmong(
  context: Reads,
  refs: ReadonlyMap<string, Sha>,
): Promise<ReadonlyMap<string, Sha | undefined>> {
  const { defaultBranch } = context.repo
  const { names, problems } = await deployedAmong(context, refs)
  if (problems.length > 0) return new Map([[defaultBranch, undefined]])
  const plain = names.filter((name) => !name.includes('*'))
  const missing = plain.map(branchRef).filter((ref) => !refs.has(ref))
  const heads = new Map([...refs, ...(missing.length === 0 ? [] : await context.mirror.fetch(missing))])
  // A branch that does not exist deploys nothing.
  return new Map(
    plain.flatMap((name) => {
      const head = heads.get(branchRef(name))
      return head === undefined ? [] : [[name, head] as const]
    }),
  )
}

/** The deployed branches with this rollout of Flagger. */
export async function deployedCanaries(context: Reads, rollout: TargetName): Promise<readonly DeployedCanary[]> {
  const refs = await context.mirror.fetch([decidingRef(context)])
  const found: DeployedCanary[] = []
  for (const [branch, sha] of await branchesAmong(context, refs))
    if (sha !== undefined) found.push(...(await canariesOn(context, { branch, sha }, rollout)))
  return found
}

/** The same for a branch at a commit. */
export async function canariesOn(
  context: Reads,
  { branch, sha }: Pick<DeployedCanary, 'branch' | 'sha'>,
  rollout: TargetName,
): Promise<readonly DeployedCanary[]> {
  const config = await loadConfig(context, sha)
  if (!config.ok) return []
  const { targets } = await loadSnapshot(context, sha, { config: config.value })
  return targets
    .filter((target) => target.owner?.writer === 'flagger' && targetName(target) === rollout)
    .map((target) => ({ branch, sha, config: config.value, target }))
}

/** Undefined if the config is not valid. */
async function canariesAt(context: Reads, sha: Sha, stops: Stops): Promise<readonly KnownCanary[] | undefined> {
  const config = await loadConfig(context, sha)
  if (!config.ok) return undefined
  const { targets } = await loadSnapshot(context, sha, { config: config.value })
  const known: KnownCanary[] = []
  for (const target of targets) {
    const canary = knownCanary(target, config.value, stops)
    const abort = stops.get(abortBranch(target))
    if (canary !== undefined)
      known.push({
        ...canary,
        ...(abort === undefined ? {} : { aborted: await abortedAt(context, sha, { target, abort }) }),
      })
  }
  return known
}

/** Undefined if no Canary moves it. */
function knownCanary(target: Target, { environments = {} }: Config, stops: Stops): KnownCanary | undefined {
  if (target.owner?.writer !== 'flagger') return undefined
  const { namespace, name } = target.owner.identity
  return {
    namespace,
    name,
    rollout: targetName(target),
    environments: [...target.environments],
    stops: scopedStops(stops, target).map(({ scope, stop: { by, reason, until } }) => ({
      ...(scope.service === undefined ? { frozen: scope.environment } : {}),
      by,
      reason,
      until,
    })),
    windows: target.environments.flatMap((environment) =>
      (environments[environment]?.frozen ?? []).map((window) => ({ environment, window })),
    ),
    approvals: Math.max(0, ...target.environments.map((environment) => environments[environment]?.approvals ?? 0)),
  }
}
