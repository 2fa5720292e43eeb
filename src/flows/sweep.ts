import { COMMAND_LIFE_MS } from '../core/command/pending.ts'
import { isStep } from '../core/rollout/branch.ts'
import type { PullRequest, Sha } from '../core/rollout/facts.ts'
import { STOP_REFS } from '../core/stop/stop.ts'
import { rememberBeginning } from './command-record.ts'
import { deployedAmong } from './deployed-branches.ts'
import type { Desk } from './desk.ts'
import {
  concludedGroups,
  knownBases,
  recallDeployed,
  recallPull,
  rememberDeployed,
  type Seen,
  settledAt,
  watchedBases,
} from './memory.ts'
import { stopsKey } from './stops.ts'
import { lookForCommands } from './unanswered-commands.ts'
import { jobOf, type Place, type Task } from './work.ts'

/** Webhooks can be late by minutes; looking a little further back than the last sweep costs nothing. */
const OVERLAP_MS = 2 * 60_000

/** How late a timer may go off before it counts as lost. */
const LATE_MS = 10_000

/** Finds what no webhook told: two requests and one fetch a repository, and work only where something is new. */
export async function sweep(desk: Desk, task: Extract<Task, { type: 'sweep' }>): Promise<void> {
  const { repo, installation } = desk
  const started = desk.clock.now()
  const memoKey = `swept:${repo.id}`
  const last = await desk.memo.get(memoKey)
  const open = await desk.pulls.allOpen()
  const since =
    typeof last === 'number' ? Math.max(last - OVERLAP_MS, started - COMMAND_LIFE_MS) : started - COMMAND_LIFE_MS
  const commented = await desk.conversation.since(since)

  const known = [...(await recallDeployed(desk)).filter((name) => !name.includes('*')), ...(await knownBases(desk))]
  const bases = [...new Set([repo.defaultBranch, ...open.map(({ base }) => base.ref), ...known])]
  const heads = await desk.mirror.fetch([...bases.map((base) => `refs/heads/${base}`), STOP_REFS, QUEUE_REFS])
  const deployed = await deployedAmong(desk, heads)
  await rememberDeployed(desk, deployed.names)
  for (const base of bases) {
    const head = heads.get(`refs/heads/${base}`)
    if (head === undefined || head === (await settledAt(desk, base))) continue
    // On any other branch there is something to do only while steps are open from the time when it was deployed.
    const hasRollouts = deployed.has(base) || open.some((pull) => pull.base.ref === base && isStep(pull, desk.botLogin))
    const id = `sweep:${head}:${slot(started)}`
    if (hasRollouts) await desk.jobs.enqueue(jobOf({ type: 'advance', installation, repo, base }, { id }))
  }
  for (const base of await watchedBases(desk))
    await desk.jobs.enqueue(jobOf({ type: 'examine', installation, repo, base }, { id: `sweep:${slot(started)}` }))
  await lookAtGroups(desk, task, heads)
  const numbers = new Set(open.map(({ number }) => number))
  for (const pull of open) {
    if (!(await isStale(desk, pull, { heads, open: numbers }))) continue
    const task: Task = { type: 'review', installation, repo, pull: pull.number, force: true }
    await desk.jobs.enqueue(jobOf(task, { id: `sweep:${pull.head.sha}:${slot(started)}` }))
  }
  await lookForCommands(desk, commented)
  await rememberBeginning(
    desk,
    commented.map(({ comment }) => comment),
  )
  await desk.memo.set(memoKey, started)
}

/** Where GitHub's merge queue keeps the commits that it asks checks for: `gh-readonly-queue/main/pr-7-<base>`. */
const QUEUE_REFS = 'refs/heads/gh-readonly-queue/*'

/** Merge groups whose webhook was lost would keep their queue waiting. */
async function lookAtGroups(desk: Desk, task: Place, refs: ReadonlyMap<string, Sha>): Promise<void> {
  const { repo, installation } = task
  const groups = [...refs].flatMap(([ref, head]) => {
    const base = /^refs\/heads\/gh-readonly-queue\/(.+)\/pr-\d+-[0-9a-f]{40}$/.exec(ref)?.[1]
    return base === undefined ? [] : [{ base, ref, head }]
  })
  const concluded = await concludedGroups(desk, new Set(groups.map(({ head }) => head)))
  for (const group of groups.filter(({ head }) => !concluded.has(head)))
    await desk.jobs.enqueue(jobOf({ type: 'group', installation, repo, ...group }, { id: `sweep:${group.head}` }))
}

/** When work is behind, sweeps that come faster must not add the same to it again. */
const SLOT_MS = 5_000

function slot(now: number): number {
  return Math.floor(now / SLOT_MS)
}

/** Whether a pull request may look different from what was last said about it. */
async function isStale(
  desk: Pick<Desk, 'memo' | 'repo' | 'clock'>,
  pull: PullRequest,
  now: { readonly heads: ReadonlyMap<string, Sha>; readonly open: ReadonlySet<number> },
): Promise<boolean> {
  const seen = await recallPull(desk, pull.number)
  // Somebody is at it: what ends in failure is forgotten, and found by the next sweep.
  if (seen?.head === '') return false
  if (seen === undefined || seen.head !== pull.head.sha) return true
  if (seen.waits.length > 0 || seen.polls) return true
  if (seen.until !== undefined && desk.clock.now() > seen.until + LATE_MS) return true
  return seen.traffic && hasMoved(pull, seen, now)
}

/** Whether something that its gate was judged by is another now: its base, the stops, or the older pull request before it. */
function hasMoved(
  pull: PullRequest,
  seen: Seen,
  { heads, open }: { readonly heads: ReadonlyMap<string, Sha>; readonly open: ReadonlySet<number> },
): boolean {
  const isFreed = seen.behind !== undefined && !open.has(seen.behind)
  return isFreed || seen.stops !== stopsKey(heads) || heads.get(`refs/heads/${pull.base.ref}`) !== seen.base
}
