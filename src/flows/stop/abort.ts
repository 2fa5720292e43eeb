/** Aborts of Flagger's rollouts. Like other stops, an abort is a branch. */
import { createHash } from 'node:crypto'
import type { Requester } from '../../core/command/requester.ts'
import type { KnownCanary } from '../../core/flagger/canaries.ts'
import { stopMessage } from '../../core/message/pull-request/stop.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { buildInputsOf } from '../../core/rollout/read-target.ts'
import type { Target } from '../../core/rollout/target.ts'
import { abortBranch, type Stop } from '../../core/stop/stop.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { judgeStopsAgain } from './judge-again.ts'
import { type StopNeeds, stopOn } from './stops.ts'

/** Makes Flagger roll back when it asks. `base`: the head of the base branch. */
export async function abortOwned(
  context: StopNeeds,
  target: Target,
  asked: Requester & { readonly reason: string | undefined; readonly base: Sha },
): Promise<void> {
  const { environment, service } = target
  const branch = abortBranch({ environment, service })
  const { login: by, reason, cause, base } = asked
  const state = await stateOf(context, base, target)
  const message = stopMessage({ environment, service }, { by, reason, until: undefined, cause, state })
  const made = await context.branches.claim(branch, message)
  // An existing branch may be about an earlier version.
  if (made !== 'created' && (await stopOn(context, branch))?.cause !== cause) {
    await context.branches.remove(branch)
    await context.branches.claim(branch, message)
  }
  await judgeStopsAgain(context)
}

/** Returns what an abort says about a target, as it is at a commit. */
export async function abortedAt(
  context: Pick<RepositoryContext, 'mirror'>,
  sha: Sha,
  { target, abort: { by, reason, state } }: { readonly target: Target; readonly abort: Stop },
): Promise<KnownCanary['aborted']> {
  return { by, reason, isSame: state !== undefined && state === (await stateOf(context, sha, target)) }
}

/** A mark of all files that form a target's environments. While it stays the same, Git asks for the same version. */
async function stateOf({ mirror }: Pick<RepositoryContext, 'mirror'>, sha: Sha, target: Target): Promise<string> {
  const { environments } = target
  const texts = await mirror.read(sha, buildInputsOf(target).toSorted())
  return createHash('sha256')
    .update(JSON.stringify([environments, [...texts].toSorted(([a], [b]) => (a < b ? -1 : 1))]))
    .digest('hex')
}
