import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../src/ports/clock.ts'
import {
  afterFailure,
  type ClaimedJob,
  type Job,
  type JobHandler,
  type JobQueue,
  type WorkOptions,
  retryMoment,
  retryPauseMs,
} from '../../src/ports/jobs.ts'

export interface MemoryQueueOptions {
  /** A clock that the test moves: then there are no timers, and `tick()` says that it moved. */
  readonly clock?: Clock
  readonly retryLimit?: number
}

export interface MemoryQueue extends JobQueue {
  /** Looks for jobs that are due by now. */
  tick(): void
  /** Resolves when no handler runs and no job is due. */
  idle(): Promise<void>
}

interface Waiting {
  readonly job: ClaimedJob
  readonly notBefore: number
  readonly order: number
  /** What a second job with the same id is told by; a job without an id has none. */
  readonly mark: string | undefined
  readonly sentAt: number
  readonly patienceMs: number | undefined
}

interface State {
  readonly waiting: Set<Waiting>
  /** By key. */
  readonly running: Map<string, Promise<void>>
  /** Until when an id is remembered, epoch milliseconds. */
  readonly marks: Map<string, number>
  readonly retryLimit: number
  readonly hasTimers: boolean
  now(): number
  worker: { readonly handler: JobHandler; readonly options: WorkOptions } | undefined
  timer: NodeJS.Timeout | undefined
  orders: number
  failed: number
  isStopped: boolean
}

const SECOND = 1_000
const REMEMBERED_MS = 6 * 3_600 * SECOND
/** setTimeout fires at once for what does not fit 31 bits; twelve days later is soon enough to look again. */
const LONGEST_TIMER_MS = 2 ** 30

/** The queue's semantics in this process, for stories and tests: one contract suite runs on it and on the real one. */
export function memoryQueue(options: MemoryQueueOptions = {}): MemoryQueue {
  const state: State = {
    waiting: new Set(),
    running: new Map(),
    marks: new Map(),
    retryLimit: options.retryLimit ?? 5,
    hasTimers: options.clock === undefined,
    now: () => options.clock?.now() ?? Date.now(),
    worker: undefined,
    timer: undefined,
    orders: 0,
    failed: 0,
    isStopped: false,
  }
  return {
    async enqueue(job) {
      enqueue(state, job)
      tick(state)
    },
    async work(handler, workOptions = {}) {
      if (state.worker !== undefined) throw new Error('work() was called twice on one queue.')
      state.worker = { handler, options: workOptions }
      tick(state)
    },
    tick: () => tick(state),
    idle: () => idle(state),
    ready: async () => !state.isStopped,
    depth: async () => ({ waiting: state.waiting.size, active: state.running.size, failed: state.failed }),
    drain: (timeoutMs) => drain(state, timeoutMs),
    close: async () => void (await drain(state, 0)),
  }
}

function enqueue(state: State, job: Job): void {
  const mark = job.id === undefined ? undefined : JSON.stringify([job.key, job.id])
  if (mark !== undefined) {
    if ((state.marks.get(mark) ?? 0) > state.now()) return
    state.marks.set(mark, Number.POSITIVE_INFINITY)
  }
  state.orders += 1
  state.waiting.add({
    job: { key: job.key, data: JSON.parse(JSON.stringify(job.data)), id: job.id ?? randomUUID(), attempt: 0 },
    notBefore: job.notBefore ?? 0,
    order: state.orders,
    mark,
    sentAt: state.now(),
    patienceMs: job.patienceMs,
  })
}

function tick(state: State): void {
  if (state.worker === undefined || state.isStopped) return
  const concurrency = state.worker.options.concurrency ?? 4
  for (let next = due(state); next !== undefined && state.running.size < concurrency; next = due(state)) {
    start(state, next)
  }
  clearTimeout(state.timer)
  const soonest = Math.min(...free(state).map(({ notBefore }) => notBefore))
  if (!state.hasTimers || !Number.isFinite(soonest)) return
  state.timer = setTimeout(tick, Math.min(Math.max(soonest - state.now(), 0) + 1, LONGEST_TIMER_MS), state)
}

function free(state: State): Waiting[] {
  return [...state.waiting].filter(({ job }) => !state.running.has(job.key))
}

function due(state: State): Waiting | undefined {
  const now = state.now()
  return free(state)
    .filter(({ notBefore }) => notBefore <= now)
    .sort((a, b) => a.order - b.order)[0]
}

function start(state: State, one: Waiting): void {
  state.waiting.delete(one)
  // A turn later, as after a claim in a database: nobody may rely on a handler that runs within `enqueue`.
  const done = sleep(0)
    .then(() => run(state, one))
    .finally(() => {
      state.running.delete(one.job.key)
      tick(state)
    })
  state.running.set(one.job.key, done)
}

async function run(state: State, one: Waiting): Promise<void> {
  try {
    await state.worker?.handler(one.job)
    if (one.mark !== undefined) state.marks.set(one.mark, state.now() + REMEMBERED_MS)
  } catch (error) {
    await settleFailure(state, one, error)
  }
}

async function settleFailure(state: State, one: Waiting, error: unknown): Promise<void> {
  const { attempt } = one.job
  const at = retryMoment(error)
  if (at !== undefined) {
    state.waiting.add({ ...one, notBefore: Math.max(at, state.now() + SECOND) })
    return
  }
  const ageMs = state.now() - one.sentAt
  const next = afterFailure({ attempt, ageMs, patienceMs: one.patienceMs }, state.retryLimit)
  if (next !== 'give-up') {
    const notBefore = state.now() + retryPauseMs(attempt)
    state.waiting.add({ ...one, job: { ...one.job, attempt: attempt + 1 }, notBefore })
    if (next === 'retry') return
  } else {
    state.failed += 1
    if (one.mark !== undefined) state.marks.delete(one.mark)
  }
  try {
    await state.worker?.options.onExhausted?.(one.job, error, next === 'give-up')
  } catch {
    // The real queue logs this and goes on.
  }
}

async function drain(state: State, timeoutMs: number): Promise<number> {
  state.isStopped = true
  clearTimeout(state.timer)
  const timeout = new AbortController()
  const late = sleep(timeoutMs, undefined, { signal: timeout.signal }).catch(() => undefined)
  await Promise.race([Promise.all(state.running.values()), late])
  timeout.abort()
  return state.running.size
}

async function idle(state: State): Promise<void> {
  if (state.running.size === 0) return
  await Promise.race(state.running.values())
  // A handler that ends has already started what its key held back.
  await idle(state)
}
