/** Has those judged again whose verdict rests on something that moved. Only memory is asked who they are. */
import type { Sha } from '../core/rollout/facts.ts'
import { STOP_REFS } from '../core/stop/stop.ts'
import { recallGroups } from './commit-memory.ts'
import { deployedAmong, decidingRef } from './deployed-branches.ts'
import type { RepositoryContext } from './repository-context.ts'
import { recallPulls } from './memory.ts'
import { stopsKey } from './stops-key.ts'
import { jobOf, type Task } from './work.ts'

type Needs = Pick<RepositoryContext, 'memo' | 'jobs' | 'repo' | 'installation'>

/** Every pull request and every group of the merge queue that changes traffic. `cause`: once for one of them. */
export async function judgeTrafficAgain(context: Needs, cause: string): Promise<void> {
  for (const [pull, { traffic }] of await recallPulls(context))
    if (traffic) await reviewAgain(context, { pull, force: true }, cause)
  for (const [head, group] of await recallGroups(context))
    if (group.traffic) await judgeGroup(context, { ...group, head }, cause)
}

/** The same after a stop came or went: those that were judged by others. */
export async function judgeStopsAgain(
  context: Needs & Pick<RepositoryContext, 'mirror' | 'seal' | 'clock'>,
): Promise<void> {
  const now = stopsKey(await context.mirror.fetch([STOP_REFS]))
  // From which to which: a command and the webhook about what it did are one cause.
  const minute = Math.floor(context.clock.now() / 60_000)
  const causeOf = (before: string): string => `stops:${context.seal(`${before}>${now}`)}:${minute}`
  for (const [pull, { traffic, stops }] of await recallPulls(context))
    if (traffic && stops !== now) await reviewAgain(context, { pull, force: true }, causeOf(stops))
  for (const [head, group] of await recallGroups(context))
    if (group.traffic && group.stops !== now) await judgeGroup(context, { ...group, head }, causeOf(group.stops))
}

/** Those that are judged for a branch that has moved, and those that are judged for another branch since its config says so. */
export async function judgeMoved(
  context: Needs & Pick<RepositoryContext, 'mirror' | 'clock'>,
  { ref, sha }: { readonly ref: string; readonly sha: Sha },
): Promise<void> {
  // A branch can be set back to where it was before: never the same cause twice.
  const cause = `${sha}:${context.clock.now()}`
  const isDeciding = `refs/heads/${ref}` === decidingRef(context)
  const deployed = isDeciding ? await deployedAmong(context, new Map([[decidingRef(context), sha]])) : undefined
  const moved = { branch: ref, head: sha }
  for (const [pull, seen] of await recallPulls(context)) {
    const { judgedFor } = seen
    const isKnown = judgedFor !== ''
    const now = deployed === undefined ? judgedFor : (deployed.homeOf(seen.into) ?? ref)
    if (isKnown && now !== judgedFor) await reviewAgain(context, { pull, force: true }, `deployed:${cause}`)
    else if (!isKnown || (judgedFor === ref && seen.base !== sha))
      await reviewAgain(context, { pull, moved }, `moved:${cause}`)
  }
}

/** Those that waited for an older pull request that moved the same route. */
export async function judgeWaitingFor(context: Needs, older: number, cause: string): Promise<void> {
  for (const [pull, { behind }] of await recallPulls(context))
    if (behind === older) await reviewAgain(context, { pull, force: true }, `behind:${older}:${cause}`)
}

export async function judgeGroup(
  context: Pick<RepositoryContext, 'jobs' | 'repo' | 'installation'>,
  { base, ref, head, commit }: Pick<Extract<Task, { type: 'group' }>, 'base' | 'ref' | 'head' | 'commit'>,
  cause: string,
): Promise<void> {
  const { repo, installation } = context
  await context.jobs.enqueue(jobOf({ type: 'group', installation, repo, base, ref, head, commit }, { id: cause }))
}

async function reviewAgain(
  context: Pick<RepositoryContext, 'jobs' | 'repo' | 'installation'>,
  task: Pick<Extract<Task, { type: 'review' }>, 'pull' | 'force' | 'moved'>,
  id: string,
): Promise<void> {
  const { repo, installation } = context
  await context.jobs.enqueue(jobOf({ type: 'review', installation, repo, ...task }, { id }))
}
