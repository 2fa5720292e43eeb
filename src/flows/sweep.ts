import { parseCommands } from '../core/command/parse.ts'
import type { PullRequest, Sha } from '../core/rollout/facts.ts'
import type { Desk } from './desk.ts'
import { knownBases, recallPull, settledAt } from './memory.ts'
import { jobOf, type Task } from './work.ts'

/** Webhooks can be late by minutes; looking a little further back than the last sweep costs nothing. */
const OVERLAP_MS = 2 * 60_000

/** Commands older than this are not carried out any more (see `pendingComments`). */
const DAY_MS = 24 * 3_600_000

/** How late a timer may go off before it counts as lost. */
const LATE_MS = 10_000

/** Finds what no webhook told: two requests and one fetch a repository, and work only where something is new. */
export async function sweep(desk: Desk, task: Extract<Task, { type: 'sweep' }>): Promise<void> {
  const { repo, installation } = desk
  const started = desk.clock.now()
  const memoKey = `swept:${repo.id}`
  const last = await desk.memo.get(memoKey)
  const open = await desk.pulls.allOpen()
  const since = typeof last === 'number' ? Math.max(last - OVERLAP_MS, started - DAY_MS) : started - DAY_MS
  const commented = await pullsWithCommands(desk, since)

  const bases = [...new Set([task.base, ...open.map(({ base }) => base.ref), ...(await knownBases(desk))])]
  const heads = await desk.mirror.fetch(bases.map((base) => `refs/heads/${base}`))
  for (const base of bases) {
    const head = heads.get(`refs/heads/${base}`)
    if (head === undefined || head === (await settledAt(desk, base))) continue
    await desk.jobs.enqueue(jobOf({ type: 'advance', installation, repo, base }))
  }
  for (const pull of open) {
    const comments = commented.has(pull.number)
    if (!comments && !(await isStale(desk, pull, heads))) continue
    await desk.jobs.enqueue(jobOf({ type: 'review', installation, repo, pull: pull.number, comments, force: true }))
  }
  const closed = [...commented].filter((number) => !open.some((pull) => pull.number === number))
  for (const pull of closed)
    await desk.jobs.enqueue(jobOf({ type: 'review', installation, repo, pull, comments: true }))
  await desk.memo.set(memoKey, started)
}

async function pullsWithCommands(desk: Pick<Desk, 'conversation'>, since: number): Promise<ReadonlySet<number>> {
  const recent = await desk.conversation.since(since)
  const said = recent.filter(
    ({ comment: { author, isEdited, body } }) => !author.isBot && !isEdited && parseCommands(body).length > 0,
  )
  return new Set(said.map(({ pull }) => pull))
}

/** Whether a pull request may look different from what was last said about it. */
async function isStale(
  desk: Pick<Desk, 'memo' | 'repo' | 'clock'>,
  pull: PullRequest,
  heads: ReadonlyMap<string, Sha>,
): Promise<boolean> {
  const seen = await recallPull(desk, pull.number)
  if (seen === undefined || seen.head !== pull.head.sha || seen.waits.length > 0) return true
  if (seen.until !== undefined && desk.clock.now() > seen.until + LATE_MS) return true
  return seen.traffic && heads.get(`refs/heads/${pull.base.ref}`) !== seen.base
}
