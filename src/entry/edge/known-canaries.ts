import { isFresh, isUsable } from '../../core/flagger/answer.ts'
import type { Canaries } from '../../core/flagger/canaries.ts'
import { canariesMark, type CalledRepository, recallCanaries } from '../../flows/stop/canary-memory.ts'
import type { CauseOf } from '../../flows/tasks/causes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Memo } from '../../ports/memo.ts'
import { pause } from './http.ts'

interface Parts {
  readonly memo: Memo
  /** Has them read. */
  readonly ask: (why: CauseOf<'canaries'>) => Promise<void>
  readonly clock: Clock
}

/** Flagger waits 10 s for an answer. */
const WAIT_MS = 6_000
const LOOK_EVERY_MS = 200

/**
 * What is known of a repository's Canaries. Flagger asks every few seconds, so Git is read by a task, and only where that was not done since
 * something moved, or lately. Undefined where that takes too long.
 */
export async function knownCanaries(
  { memo, ask, clock }: Parts,
  repository: CalledRepository,
  maxAgeMs?: number,
): Promise<Canaries | undefined> {
  let found = await recallCanaries(memo, repository)
  const isEnough = (): boolean => isUsable(found, clock.now(), maxAgeMs)
  if (found !== undefined && isFresh(found, clock.now()) && isEnough()) return found
  let asked: string | undefined
  for (let waited = 0; waited === 0 || (waited < WAIT_MS && !isEnough()); waited += LOOK_EVERY_MS) {
    const mark = await canariesMark(memo, repository)
    // What moves while Git is read makes that reading count for nothing.
    if (mark !== asked) await ask({ code: 'asked', mark, at: clock.now() })
    asked = mark
    if (!isEnough()) await pause(LOOK_EVERY_MS)
    found = await recallCanaries(memo, repository)
  }
  return found
}
