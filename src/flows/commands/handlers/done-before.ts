import { branchRef } from '../../../core/branch-ref.ts'
import { commandTrailer } from '../../../core/marker/trailer.ts'
import { isBranchFor, isStepOf, kindOf } from '../../../core/rollout/branch.ts'
import type { PullRequest, Sha } from '../../../core/rollout/facts.ts'
import type { SwitchMove } from '../../../core/rollout/intend.ts'
import type { Move } from '../../../core/rollout/move.ts'
import { type Standing, sureShare } from '../../../core/rollout/standing.ts'
import { targetName } from '../../../core/rollout/target.ts'
import type { RepositoryContext } from '../../repository/repository-context.ts'
import type { BaseState } from '../../rollout/rollouts.ts'
import { commitBefore } from '../../repository/history.ts'
import { isAllOurs } from '../../repository/step-ownership.ts'
import type { Outcome } from '../../../core/command/outcome.ts'

/**
 * The commit that carried a command out while its pull request was still open. The pull request may have been merged before the
 * answer was posted, and then the same command would mean another step.
 */
export async function committedBefore(
  context: Pick<RepositoryContext, 'branches' | 'mirror' | 'botLogin'>,
  pull: PullRequest,
  { id, createdAt }: { readonly id: string; readonly createdAt: number },
): Promise<Outcome | undefined> {
  if (createdAt > (pull.closedAt ?? 0)) return undefined
  // The branch may be gone, and after a squash no branch contains its commits.
  const ref = `refs/pull/${pull.number}/head`
  const head = (await context.mirror.fetch([ref, branchRef(pull.base.ref)])).get(ref)
  if (head === undefined) return undefined
  const made = await findCommit(context, { base: pull.base.sha, head }, id)
  return made === undefined ? undefined : committed(made)
}

/** A commit that carried a command out, and its parent. */
export interface CommandCommit {
  readonly sha: Sha
  readonly parent: Sha
  readonly headline: string
}

/**
 * The commit from an earlier try of a command. Anyone can write its trailer, so the commit must be Perch's own. Otherwise a
 * commit that does something else would count.
 */
export async function findCommit(
  context: Pick<RepositoryContext, 'branches' | 'mirror' | 'botLogin'>,
  { base, head }: { readonly base: Sha; readonly head: Sha },
  id: string,
): Promise<CommandCommit | undefined> {
  const trailer = commandTrailer(id)
  const commits = await context.mirror.ahead(base, head)
  for (const { sha, message } of commits) {
    const lines = message.split('\n')
    if (!lines.includes(trailer)) continue
    const parent = await commitBefore(context, sha)
    if (parent !== undefined && (await isAllOurs(context, { base: parent, head: sha })))
      return { sha, parent, headline: lines[0] ?? '' }
  }
  return undefined
}

/** The outcome, as far as the commit alone shows it. */
export function committed({ sha, headline }: CommandCommit): Outcome {
  return { code: 'committed', sha, headline }
}

/** The outcome for a version that is now active: what an earlier try proposed, or else that it is switched. */
export function switchedBefore(
  context: Pick<RepositoryContext, 'botLogin'>,
  base: Pick<BaseState, 'pulls'>,
  { standing: { target }, since, move }: EarlierTry & { readonly move: SwitchMove },
): Outcome {
  const { from, to } = move
  return (
    openedBefore(context, base, { target, since, move }) ?? {
      code: 'switched',
      name: targetName(target),
      from,
      to,
      sha: undefined,
      proof: undefined,
    }
  )
}

interface EarlierTry {
  readonly standing: Standing
  readonly since: number
}

/** What an earlier try proposed for a share that the base branch now has. */
export function proposedBefore(
  context: Pick<RepositoryContext, 'botLogin'>,
  base: Pick<BaseState, 'pulls'>,
  { standing, since }: EarlierTry,
): Outcome | undefined {
  const { target } = standing
  const share = sureShare(standing)
  const move: Move = share === 0 ? { kind: 'rollback', from: 0 } : { kind: 'share', from: 0, to: share }
  return openedBefore(context, base, { target, since, move })
}

function openedBefore(
  { botLogin }: Pick<RepositoryContext, 'botLogin'>,
  { pulls }: Pick<BaseState, 'pulls'>,
  { target, since, move }: Pick<Standing, 'target'> & Pick<EarlierTry, 'since'> & { readonly move: Move },
): Outcome | undefined {
  const isFor = ({ head: { ref } }: PullRequest): boolean =>
    isBranchFor(ref, move) && (move.kind !== 'switch' || kindOf(ref, 'idle') === 'switch')
  const pull = pulls.find((one) => isStepOf(target, one, botLogin) && isFor(one) && one.createdAt >= since)
  return pull && { code: 'proposed', title: pull.title, pull: pull.number }
}
