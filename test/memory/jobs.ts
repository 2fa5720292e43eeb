import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../src/ports/clock.ts'
import {
  afterFailure,
  type ClaimedJob,
  type Job,
  type JobDepth,
  type JobEnd,
  type JobHandler,
  type JobQueue,
  type WorkOptions,
  retryMoment,
  retryPauseMs,
} from '../../src/ports/jobs.ts'

export interface MemoryQueueOptions {
  /** A clock that the test controls. Then there are no timers, and `tick()` tells that the clock has moved. */
  readonly clock?: Clock
  /** What to wait for between a claim and the handler. Default: a turn of the event loop. */
  readonly pause?: () => Promise<unknown>
  /** Makes the id of a job that was sent without one. */
  readonly newId?: () => string
  readonly retryLimit?: number
}

export interface MemoryQueue extends JobQueue {
  /** Looks for jobs that are due. */
  tick(): void
  /** Resolves when no handler runs and no job is due. */
  idle(): Promise<void>
  /** When the next job is due. Undefined if none waits. */
  nextDue(): number | undefined
  /** The process ends. Running jobs are lost, and come back at the next `work` as their next try. */
  crash(): void
}

interface Waiting {
  readonly job: ClaimedJob
  readonly notBefore: number
  readonly order: number
  /** Identifies a second job with the same id. Undefined for a job without an id. */
  readonly mark: string | undefined
  readonly sentAt: number
  readonly patienceMs: number | undefined
  /** How often the process ended while the job ran. */
  readonly deaths: number
}

interface Running {
  readonly one: Waiting
  readonly done: Promise<void>
}

interface State {
  readonly waiting: Set<Waiting>
  /** Running jobs by key. */
  readonly running: Map<string, Running>
  /** Until when each id is remembered, in epoch milliseconds. */
  readonly marks: Map<string, number>
  readonly retryLimit: number
  readonly hasTimers: boolean
  now(): number
  pause(): Promise<unknown>
  newId(): string
  worker: { readonly handler: JobHandler; readonly options: WorkOptions } | undefined
  timer: NodeJS.Timeout | undefined
  orders: number
  failed: number
  isStopped: boolean
}

const SECOND = 1_000
const REMEMBERED_MS = 6 * 3_600 * SECOND
/** setTimeout fires immediately if the delay does not fit into 31 bits. Looking again after twelve days is enough. */
const LONGEST_TIMER_MS = 2 ** 30

/** The queue's semantics in this process, for stories and tests. The same contract suite runs on it and on the real one. */
export function memoryQueue(options: MemoryQueueOptions = {}): MemoryQueue {
  const state: State = {
    waiting: new Set(),
    running: new Map(),
    marks: new Map(),
    retryLimit: options.retryLimit ?? 5,
    hasTimers: options.clock === undefined,
    now: () => options.clock?.now() ?? Date.now(),
    // One turn later, like after a claim in a database, because nobody may rely on a handler that runs within `enqueue`.
    pause: options.pause ?? (() => sleep(0)),
    newId: options.newId ?? randomUUID,
    worker: undefined,
    timer: undefined,
    orders: 0,
    failed: 0,
    isStopped: false,
  }
  return {
    async enqueue(...jobs) {
      for (const job of jobs.map(copyOf)) enqueue(state, job)
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
    depth: async () => depthOf(state),
    drain: (timeoutMs) => drain(state, timeoutMs),
    close: async () => void (await drain(state, 0)),
    nextDue: () => soonest(state),
    crash: () => crash(state),
  }
}

function depthOf(state: State): JobDepth {
  const due = [...state.waiting].filter(({ notBefore }) => notBefore <= state.now())
  const since = due.map(({ notBefore, sentAt }) => Math.max(notBefore, sentAt))
  return {
    waiting: state.waiting.size,
    due: due.length,
    active: state.running.size,
    failed: state.failed,
    ...(due.length === 0 ? {} : { dueSince: Math.min(...since) }),
  }
}

/** The job in the form in which a database would store it. */
function copyOf(job: Job): Job {
  return { ...job, data: JSON.parse(JSON.stringify(job.data)) }
}

function enqueue(state: State, job: Job): void {
  const mark = job.id === undefined ? undefined : JSON.stringify([job.key, job.id])
  if (mark !== undefined) {
    if ((state.marks.get(mark) ?? 0) > state.now()) return
    state.marks.set(mark, Number.POSITIVE_INFINITY)
  }
  state.orders += 1
  state.waiting.add({
    job: { key: job.key, data: job.data, id: job.id ?? state.newId(), attempt: 0 },
    notBefore: job.notBefore ?? 0,
    order: state.orders,
    mark,
    sentAt: state.now(),
    patienceMs: job.patienceMs,
    deaths: 0,
  })
}

function tick(state: State): void {
  if (state.worker === undefined || state.isStopped) return
  const concurrency = state.worker.options.concurrency ?? 4
  for (let next = due(state); next !== undefined && state.running.size < concurrency; next = due(state)) {
    start(state, next)
  }
  clearTimeout(state.timer)
  const next = soonest(state)
  if (!state.hasTimers || next === undefined) return
  state.timer = setTimeout(tick, Math.min(Math.max(next - state.now(), 0) + 1, LONGEST_TIMER_MS), state)
}

function soonest(state: State): number | undefined {
  const moments = free(state).map(({ notBefore }) => notBefore)
  return moments.length === 0 ? undefined : Math.min(...moments)
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
  const done = state
    .pause()
    .then(() => run(state, one))
    .finally(() => {
      if (!isRunning(state, one)) return
      state.running.delete(one.job.key)
      tick(state)
    })
  state.running.set(one.job.key, { one, done })
}

/** False after the end of the process in which it ran. */
function isRunning(state: State, one: Waiting): boolean {
  return state.running.get(one.job.key)?.one === one
}

async function run(state: State, one: Waiting): Promise<void> {
  const started = performance.now()
  const tellEnd = (end: JobEnd): void => state.worker?.options.onEnd?.(one.job, end, performance.now() - started)
  try {
    if (one.deaths > state.retryLimit) throw new Error('The process ended each time that this job ran.')
    await state.worker?.handler(one.job)
  } catch (error) {
    if (isRunning(state, one)) tellEnd(await settleFailure(state, one, error))
    return
  }
  tellEnd('done')
  if (isRunning(state, one) && one.mark !== undefined) state.marks.set(one.mark, state.now() + REMEMBERED_MS)
}

function crash(state: State): void {
  const lost = [...state.running.values()]
  state.running.clear()
  state.worker = undefined
  for (const { one } of lost)
    state.waiting.add({ ...one, job: { ...one.job, attempt: one.job.attempt + 1 }, deaths: one.deaths + 1 })
}

async function settleFailure(state: State, one: Waiting, error: unknown): Promise<JobEnd> {
  const { attempt } = one.job
  const isDeadly = one.deaths > state.retryLimit
  const at = retryMoment(error)
  if (at !== undefined) {
    state.waiting.add({ ...one, notBefore: Math.max(at, state.now() + SECOND) })
    return 'later'
  }
  const ageMs = state.now() - one.sentAt
  const next = isDeadly ? 'give-up' : afterFailure({ attempt, ageMs, patienceMs: one.patienceMs }, state.retryLimit)
  if (next !== 'retry') {
    try {
      await state.worker?.options.onExhausted?.(one.job, error, next === 'give-up')
    } catch {
      // The real queue logs this and continues.
    }
    if (!isRunning(state, one)) return 'retry'
  }
  if (next !== 'give-up') {
    const notBefore = state.now() + retryPauseMs(attempt)
    state.waiting.add({ ...one, job: { ...one.job, attempt: attempt + 1 }, notBefore })
    return 'retry'
  }
  state.failed += 1
  if (one.mark !== undefined) state.marks.delete(one.mark)
  return 'given-up'
}

async function drain(state: State, timeoutMs: number): Promise<number> {
  state.isStopped = true
  clearTimeout(state.timer)
  const timeout = new AbortController()
  const late = sleep(timeoutMs, undefined, { signal: timeout.signal }).catch(() => undefined)
  await Promise.race([Promise.all([...state.running.values()].map(({ done }) => done)), late])
  timeout.abort()
  return state.running.size
}

async function idle(state: State): Promise<void> {
  if (state.running.size === 0) return
  await Promise.race([...state.running.values()].map(({ done }) => done))
  // When a handler ends, the jobs that its key held back have started already.
  await idle(state)
}
