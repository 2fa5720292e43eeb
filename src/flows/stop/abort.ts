/** What Flagger is to take back: an abort is a branch, like other stops. */
import { createHash } from 'node:crypto'
import type { KnownCanary } from '../../core/flagger/canaries.ts'
import { stopMessage } from '../../core/message/pull-request/stop.ts'
import { environmentNamed, inputsOf } from '../../core/environment/environment.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { Target } from '../../core/rollout/target.ts'
import { abortBranch, type Stop } from '../../core/stop/stop.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { judgeStopsAgain } from './judge-again.ts'
import { type StopNeeds, stopOn, type StopRequest } from './stops.ts'

/** Has Flagger take a rollout back where it asks. `base`: the head of the base branch. */
export async function abortOwned(
  context: StopNeeds,
  target: Target,
  asked: StopRequest & { readonly reason: string | undefined; readonly base: Sha },
): Promise<void> {
  const { environment, service } = target
  const branch = abortBranch({ environment, service })
  const { login: by, reason, cause, base } = asked
  const state = await stateOf(context, base, target)
  const message = stopMessage({ environment, service }, { by, reason, until: undefined, cause, state })
  const made = await context.branches.claim(branch, message)
  // One that is there may be of the version before.
  if (made !== 'created' && (await stopOn(context, branch))?.cause !== cause) {
    await context.branches.remove(branch)
    await context.branches.claim(branch, message)
  }
  await judgeStopsAgain(context)
}

/** What an abort says of a target as a commit has it. */
export async function abortedAt(
  context: Pick<RepositoryContext, 'mirror'>,
  sha: Sha,
  { target, abort: { by, reason, state } }: { readonly target: Target; readonly abort: Stop },
): Promise<KnownCanary['aborted']> {
  return { by, reason, isSame: state !== undefined && state === (await stateOf(context, sha, target)) }
}

/** A mark of all files that make a target's environments: while it is the same, Git asks for the same version. */
async function stateOf({ mirror }: Pick<RepositoryContext, 'mirror'>, sha: Sha, target: Target): Promise<string> {
  const { layout, environments } = target
  const files = environments.flatMap((name) => {
    const environment = environmentNamed(layout.environments, name)
    return environment === undefined ? [] : inputsOf(environment)
  })
  const texts = await mirror.read(sha, [...new Set(files)].toSorted())
  return createHash('sha256')
    .update(JSON.stringify([environments, [...texts].toSorted(([a], [b]) => (a < b ? -1 : 1))]))
    .digest('hex')
}
