import { branchIn, branchRef } from '../../core/branch-ref.ts'
import type { Command } from '../../core/command/commands.ts'
import type { Requester } from '../../core/command/requester.ts'
import type { Environment } from '../../core/environment/environment.ts'
import { stopFrom } from '../../core/marker/stop.ts'
import { stopMessage } from '../../core/message/pull-request/stop.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { type Target, targetName } from '../../core/rollout/target.ts'
import { abortBranch, isStopRef, type Stop, STOP_REFS, stopBranch, type Stops } from '../../core/stop/stop.ts'
import { READABLE_BELOW } from '../../ports/mirror.ts'
import { tell } from '../notify/tell.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { judgeStopsAgain } from './judge-again.ts'
import { type Outcome, refused } from '../../core/command/outcome.ts'

export type StopNeeds = Pick<
  RepositoryContext,
  'activity' | 'branches' | 'mirror' | 'ask' | 'repo' | 'clock' | 'memo' | 'seal' | 'notifier'
>

/** Holds rollouts at their current step. Doing it twice has no further effect, because an existing branch is the hold. */
export async function hold(
  context: StopNeeds,
  targets: readonly Target[],
  asked: Requester & { readonly reason: string | undefined },
): Promise<Outcome> {
  if (targets.length === 0) return refused({ code: 'no-rollout' })
  let isNew = false
  for (const { environment, service } of targets) {
    const scope = { environment, service }
    const { login: by, reason, cause } = asked
    const branch = stopBranch(scope)
    const made = await context.branches.claim(branch, stopMessage(scope, { by, reason, until: undefined, cause }))
    isNew ||= made === 'created' || (await stopOn(context, branch))?.cause === cause
  }
  await judgeStopsAgain(context)
  const isAsked = targets.every(({ owner }) => owner !== undefined)
  return { code: 'held', names: targets.map(targetName), isNew, ...(isAsked ? { isAsked } : {}) }
}

/** Ends the hold of rollouts. */
export async function resume(context: StopNeeds, targets: readonly Target[], asked: Requester): Promise<Outcome> {
  if (targets.length === 0) return refused({ code: 'no-rollout' })
  const there = await context.mirror.fetch([STOP_REFS])
  const branchesFor = ({ environment, service, owner }: Target): readonly string[] => [
    stopBranch({ environment, service }),
    ...(owner === undefined ? [] : [abortBranch({ environment, service })]),
  ]
  const heldBy = (target: Target): readonly string[] => branchesFor(target).filter((one) => there.has(branchRef(one)))
  const held = targets.filter((target) => heldBy(target).length > 0)
  if (held.length === 0) {
    const lifted: Target[] = []
    for (const target of targets) if (await wasAnyLifted(context, branchesFor(target), asked)) lifted.push(target)
    return lifted.length > 0
      ? { code: 'resumed', names: lifted.map(targetName) }
      : refused({ code: 'nothing-held', names: targets.map(targetName) })
  }
  for (const branch of held.flatMap(heldBy)) await context.branches.remove(branch)
  await judgeStopsAgain(context)
  return { code: 'resumed', names: held.map(targetName) }
}

/** Stops every raise in an environment. Replaces a freeze that is over. */
export async function freeze(
  context: StopNeeds,
  { environment, until: wanted, reason }: Extract<Command, { name: 'freeze' }>,
  asked: Requester & { readonly environments: readonly Pick<Environment, 'name'>[] },
): Promise<Outcome> {
  const known = asked.environments.map(({ name }) => name)
  if (!known.includes(environment)) return refused({ code: 'no-environment', asked: environment, known })
  const until = wanted === undefined ? undefined : 'at' in wanted ? wanted.at : asked.at + wanted.afterMs
  const now = context.clock.now()
  if (until !== undefined && until <= now) return refused({ code: 'in-the-past', until })
  const stop: Stop = { kind: 'freeze', by: asked.login, reason, until, cause: asked.cause }
  const there = await claimFreeze(context, environment, stop)
  if (there !== undefined && there.cause !== asked.cause)
    return { code: 'frozen', environment, stop: there, isNew: false }
  await judgeStopsAgain(context)
  const { login: by, cause: about } = asked
  const said = { ...(reason === undefined ? {} : { reason }), ...(until === undefined ? {} : { until }) }
  await tell(context, { base: context.repo.defaultBranch, about }, { event: 'frozen', environment, by, ...said })
  return { code: 'frozen', environment, stop, isNew: true }
}

/** Creates the branch of a freeze. If there is one that is not over, returns that one. */
async function claimFreeze(context: StopNeeds, environment: string, stop: Stop): Promise<Stop | undefined> {
  const branch = stopBranch({ environment })
  const message = stopMessage({ environment }, stop)
  if ((await context.branches.claim(branch, message)) === 'created') return undefined
  const there = await stopOn(context, branch)
  if (there?.until !== undefined && there.until <= context.clock.now()) {
    await context.branches.remove(branch)
    if ((await context.branches.claim(branch, message)) === 'created') return undefined
  }
  return there ?? { ...stop, cause: '' }
}

/** Ends the freeze of an environment, even if the environment no longer exists. */
export async function unfreeze(context: StopNeeds, environment: string, asked: Requester): Promise<Outcome> {
  const branch = stopBranch({ environment })
  if (!(await context.mirror.fetch([STOP_REFS])).has(branchRef(branch)))
    return (await wasLifted(context, branch, asked))
      ? { code: 'unfrozen', environment }
      : refused({ code: 'not-frozen', environment })
  await context.branches.remove(branch)
  await judgeStopsAgain(context)
  return { code: 'unfrozen', environment }
}

/** Whether Perch removed a stop after the request. Then this is a retry, and an earlier try was successful. */
async function wasLifted({ activity }: StopNeeds, branch: string, { at }: Requester): Promise<boolean> {
  const [newest] = (await activity.movesOf(branch)) ?? []
  return newest?.kind === 'deleted' && newest.isOurs && newest.at >= wholeSecond(at)
}

async function wasAnyLifted(context: StopNeeds, branches: readonly string[], asked: Requester): Promise<boolean> {
  for (const branch of branches) if (await wasLifted(context, branch, asked)) return true
  return false
}

/** GitHub's times have whole seconds. The time of a button is ours, and has milliseconds. */
export function wholeSecond(at: number): number {
  return Math.floor(at / 1000) * 1000
}

/** The stop that a branch contains now. */
export async function stopOn(context: Pick<RepositoryContext, 'mirror'>, branch: string): Promise<Stop | undefined> {
  return (await stopsAmong(context, await context.mirror.fetch([STOP_REFS]))).get(branch)
}

/** The file in a stop's commit that contains its text. */
const NOTE = 'README.md'

/**
 * Reads the stops among refs that were fetched with `STOP_REFS`. Unknown content on such a branch stops too. So do branches
 * beyond the number that can be read: without a text, and until someone deletes them.
 */
export async function stopsAmong(
  context: Pick<RepositoryContext, 'mirror'>,
  refs: ReadonlyMap<string, Sha>,
): Promise<Stops> {
  const stops = new Map<string, Stop>()
  const below = [...refs].filter(([ref]) => ref.startsWith(STOP_REFS.slice(0, -1)))
  for (const [index, [ref, sha]] of below.entries()) {
    const branch = branchIn(ref)
    if (branch === undefined || !isStopRef(ref)) continue
    const note = index < READABLE_BELOW ? (await context.mirror.read(sha, [NOTE])).get(NOTE) : undefined
    stops.set(branch, stopFrom(branch, note ?? ''))
  }
  return stops
}
