/** What follows from a review once its checks are concluded: what is remembered, who is judged again, and when. */
import { nextLook } from '../core/gate/gate.ts'
import { wantOf } from '../core/gate/live.ts'
import type { Review } from '../core/gate/review.ts'
import { waitKey } from '../core/gate/signal.ts'
import { gateReport, validateReport } from '../core/message/checks.ts'
import type { PullRequest } from '../core/rollout/facts.ts'
import { movedRoutes } from '../core/rollout/target.ts'
import type { Desk } from './desk.ts'
import { recallPulls, rememberPull, rememberWaiting } from './memory.ts'
import { mergeWhenAllowed } from './merge.ts'
import type { Ends } from './pull-ends.ts'
import { sayIfChanged } from './step-ownership.ts'
import { stopsKey } from './stops.ts'
import { jobOf, type Task } from './work.ts'

/** Merges where the config says so, remembers what was found, and comes back when time alone can change it. */
export async function followUp(desk: Desk, at: Ends, found: Review): Promise<void> {
  const { pull, base } = at
  const verdicts = found.changes.flatMap((change) => change.verdicts)
  const waits = [...new Set(verdicts.flatMap(({ reason }) => waitsIn(reason)))]
  const isGreen = [validateReport(found), gateReport(found)].every(({ conclusion }) => conclusion === 'success')
  const moment = isGreen ? undefined : nextLook(verdicts)
  const until = moment === undefined ? {} : { until: moment }
  const behind = verdicts.flatMap(({ reason }) => (reason.code === 'other-pull' ? [reason.pull] : []))[0]
  await rememberPull(desk, pull.number, {
    head: pull.head.sha,
    base,
    waits,
    // What keeps it red may be the base branch's fault, and over when that moves.
    traffic: found.changes.length > 0 || found.problems.length > 0,
    targets: found.changes.flatMap(({ target }) => movedRoutes(target)),
    stops: stopsKey(at.refs),
    polls: verdicts.some(({ gate, state }) => gate === 'approvals' && state !== 'pass'),
    ...(behind === undefined ? {} : { behind }),
    ...until,
  })
  await rememberWaiting(desk, pull.number, waits)
  await lookAtRivals(desk, pull, { found, behind })
  if (verdicts.some(({ gate, state }) => gate === 'analysis' && state === 'block')) await askToExamine(desk, pull)
  if (moment !== undefined) await setTimer(desk, pull, moment)
  await sayIfChanged(desk, pull, base)
  if (isGreen) await mergeWhenAllowed(desk, { pull, base }, found.changes)
}

/** What follows from a failed analysis is the rollout's business, not this pull request's. */
async function askToExamine(desk: Desk, pull: PullRequest): Promise<void> {
  const { repo, installation } = desk
  const task: Task = { type: 'examine', installation, repo, base: pull.base.ref }
  await desk.jobs.enqueue(jobOf(task, { id: `failed:${pull.head.sha}` }))
}

/**
 * Of two pull requests that move the same route the younger waits, and either may be looked at first, or both at once. Each
 * has remembered what it moves before it looks for others here, so one of them sees the other: then the younger is judged again.
 */
async function lookAtRivals(
  desk: Desk,
  pull: PullRequest,
  { found, behind }: { readonly found: Review; readonly behind: number | undefined },
): Promise<void> {
  const { repo, installation } = desk
  const targets = found.changes.flatMap(({ target }) => movedRoutes(target))
  for (const [number, seen] of await recallPulls(desk)) {
    if (number === pull.number || !targets.some((target) => seen.targets.includes(target))) continue
    const [older, younger] = number < pull.number ? [number, pull.number] : [pull.number, number]
    const waitsFor = younger === number ? seen.behind : behind
    if (waitsFor !== undefined && waitsFor <= older) continue
    const task: Task = { type: 'review', installation, repo, pull: younger, force: true }
    await desk.jobs.enqueue(jobOf(task, { id: `behind:${older}:${[seen.head, pull.head.sha].sort().join(':')}` }))
  }
}

/** Below this a timer's moment is so near that it may just have gone off too early, by a clock that is ahead of ours. */
const NEAR_MS = 5_000

async function setTimer(desk: Desk, pull: PullRequest, moment: number): Promise<void> {
  const { repo, installation } = desk
  const now = desk.clock.now()
  const near = moment - now < NEAR_MS ? `:${Math.floor(now / 1000)}` : ''
  // A moment later than said: the clock that decides then must not be behind the one that set the timer.
  const timing = { notBefore: moment + 50, id: `look:${pull.head.sha}:${moment}${near}` }
  await desk.jobs.enqueue(jobOf({ type: 'review', installation, repo, pull: pull.number, force: true }, timing))
}

/** Also of what has come: a failure can turn, and a success can be taken back while the step bakes. */
function waitsIn(reason: Review['changes'][number]['verdicts'][number]['reason']): string[] {
  if (reason.code !== 'live' && reason.code !== 'after-not-live') return []
  const wants = reason.liveness.parts.flatMap(({ entry }) => wantOf(entry) ?? [])
  return wants.map(({ source, pattern }) => waitKey(source, pattern))
}
