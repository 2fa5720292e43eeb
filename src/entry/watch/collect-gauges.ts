import { setTimeout as sleep } from 'node:timers/promises'
import type { Sample } from '../../core/watch/families.ts'
import type { Queue } from '../../adapters/queue/queue.ts'
import { ROLLOUT_STATES } from '../../core/watch/rollout-state.ts'
import { recallWatched, type WatchedWork } from '../../flows/memory/watch-memory.ts'
import type { Clock } from '../../ports/clock.ts'
import type { JobDepth } from '../../ports/jobs.ts'

interface Parts {
  readonly queue: Pick<Queue, 'depth' | 'memo'>
  readonly clock: Clock
  readonly reconcileSeconds: number
}

/** The current state of the whole service. A part that does not answer is left out, because unknown is not zero. */
export interface Gauges {
  /** How long the oldest due job has waited; undefined if the queue does not answer. */
  queueAgeMs(): Promise<number | undefined>
  samples(): Promise<readonly Sample[]>
}

/** Values older than this and than three sweeps count as unknown. A quiet repository is swept once a day. */
const KNOWN_MS = 26 * 3_600_000

/** Anyone may ask as often as they like, so the database is queried once in this time. */
const FRESH_MS = 1_000
/** A scrape must not wait for a hanging database. */
const PATIENCE_MS = 2_000

export function openGauges({ queue, clock, reconcileSeconds }: Parts): Gauges {
  const knownMs = Math.max(KNOWN_MS, 3 * reconcileSeconds * 1_000)
  const depth = fresh(() => queue.depth())
  const watched = fresh(() => recallWatched(queue.memo, clock.now() - knownMs))
  return {
    async queueAgeMs() {
      const known = await depth()
      return known === undefined ? undefined : ageOf(known, clock)
    },
    async samples() {
      const [known, seen] = await Promise.all([depth(), watched()])
      return [
        ...(known === undefined ? [] : queueSamples(known, clock)),
        ...(seen === undefined ? [] : [...rolloutSamples(seen, clock), ...gateSamples(seen)]),
      ]
    },
  }
}

function ageOf({ dueSince }: JobDepth, clock: Clock): number {
  return dueSince === undefined ? 0 : Math.max(0, clock.now() - dueSince)
}

function queueSamples(depth: JobDepth, clock: Clock): readonly Sample[] {
  const { waiting, due, active, failed } = depth
  const states = { due, scheduled: waiting - due, active, failed }
  return [
    ...Object.entries(states).map(([state, value]) => ({
      name: 'perch_queue_depth' as const,
      labels: { state },
      value,
    })),
    { name: 'perch_queue_age_seconds', labels: {}, value: ageOf(depth, clock) / 1_000 },
  ]
}

function rolloutSamples({ rollouts }: WatchedWork, clock: Clock): readonly Sample[] {
  const states = Map.groupBy(rollouts, ({ state }) => state)
  const counts = ROLLOUT_STATES.map((state): Sample => {
    return { name: 'perch_rollouts', labels: { state }, value: states.get(state)?.length ?? 0 }
  })
  const ages = [...states].map(([state, all]): Sample => {
    const oldest = Math.min(...all.map(({ since }) => since))
    const value = Math.max(0, clock.now() - oldest) / 1_000
    return { name: 'perch_rollout_age_seconds', labels: { state }, value }
  })
  return [...counts, ...ages]
}

function gateSamples({ gates }: WatchedWork): readonly Sample[] {
  const alike = Map.groupBy(gates, ({ gate, state }) => `${gate} ${state}`)
  return [...alike.values()].flatMap(([first, ...others]): Sample[] => {
    if (first === undefined) return []
    return [{ name: 'perch_gates', labels: { ...first }, value: others.length + 1 }]
  })
}

/** Asks at most once a second, and gives up after two. Concurrent callers share the answer. */
function fresh<T>(ask: () => Promise<T>): () => Promise<T | undefined> {
  let current: Promise<T | undefined> | undefined
  return () => {
    if (current !== undefined) return current
    const late = new AbortController()
    const patience = sleep(PATIENCE_MS, undefined, { signal: late.signal }).catch(() => undefined)
    current = Promise.race([ask().catch(() => undefined), patience]).finally(() => late.abort())
    setTimeout(() => (current = undefined), FRESH_MS).unref()
    return current
  }
}
