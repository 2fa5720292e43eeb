import type { VersionApprovals } from '../../core/flagger/approvals.ts'
import { isFresh, isUsable, type KnownAt } from '../../core/flagger/answer.ts'
import type { Canaries } from '../../core/flagger/canaries.ts'
import { type CalledRollout, recallApprovals } from '../../flows/stop/approval-memory.ts'
import { canariesMark, type CalledRepository, recallCanaries } from '../../flows/stop/canary-memory.ts'
import type { CauseOf } from '../../flows/tasks/causes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Memo } from '../../ports/memo.ts'
import { pause } from './http.ts'

interface Parts<Cause> {
  readonly memo: Memo
  /** Requests a task that reads them. */
  readonly ask: (why: Cause) => Promise<void>
  readonly clock: Clock
}

/** Flagger waits 10 s for an answer, and an answer may need both readings. */
const CANARIES_WAIT_MS = 6_000
const APPROVALS_WAIT_MS = 2_500
const LOOK_EVERY_MS = 200

/**
 * What the memo knows about a repository's Canaries. Flagger asks every few seconds. So a task reads Git, and only if it has not
 * been read lately, or if something has moved since. Undefined if that takes too long.
 */
export function knownCanaries(
  { memo, ask, clock }: Parts<CauseOf<'canaries'>>,
  repository: CalledRepository,
  maxAgeMs?: number,
): Promise<Canaries | undefined> {
  return knownOrRead(clock, {
    recall: () => recallCanaries(memo, repository),
    markNow: () => canariesMark(memo, repository),
    ask: (mark) => ask({ code: 'asked', mark, at: clock.now() }),
    maxAgeMs,
    waitMs: CANARIES_WAIT_MS,
  })
}

/** A version that Flagger asks about. `wanted`: how many approvals it needs. */
export interface AskedVersion extends CalledRollout {
  readonly version: string
  readonly wanted: number
}

/** The approvals of the pull request that brought a version, read in the same way. */
export function knownApprovals(
  { memo, ask, clock }: Parts<CauseOf<'canary-approvals'>>,
  asked: AskedVersion,
): Promise<VersionApprovals | undefined> {
  const { repository, version, wanted } = asked
  return knownOrRead(clock, {
    recall: () => recallApprovals(memo, asked),
    markNow: () => canariesMark(memo, repository),
    ask: (mark) => ask({ code: 'version-asked', version, wanted, mark, at: clock.now() }),
    waitMs: APPROVALS_WAIT_MS,
  })
}

interface Knowledge<T> {
  readonly recall: () => Promise<T | undefined>
  readonly markNow: () => Promise<string>
  readonly ask: (mark: string) => Promise<void>
  readonly maxAgeMs?: number | undefined
  readonly waitMs: number
}

async function knownOrRead<T extends KnownAt>(
  clock: Clock,
  { recall, markNow, ask, maxAgeMs, waitMs }: Knowledge<T>,
): Promise<T | undefined> {
  let found = await recall()
  const isEnough = (): boolean => isUsable(found, clock.now(), maxAgeMs)
  if (found !== undefined && isFresh(found, clock.now()) && isEnough()) return found
  let asked: string | undefined
  for (let waited = 0; waited === 0 || (waited < waitMs && !isEnough()); waited += LOOK_EVERY_MS) {
    const mark = await markNow()
    // If something moved during a reading, that reading does not count, so ask for another one.
    if (mark !== asked) await ask(mark)
    asked = mark
    if (!isEnough()) await pause(LOOK_EVERY_MS)
    found = await recall()
  }
  return found
}
