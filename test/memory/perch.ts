import { UNWATCHED } from '../../src/ports/meter.ts'
import { handleJobs } from '../../src/entry/worker/worker.ts'
import { askIn, type TaskRequests } from '../../src/flows/tasks/ask.ts'
import type { RepositoryContext } from '../../src/flows/repository/repository-context.ts'
import { Task } from '../../src/flows/tasks/tasks.ts'
import type { ClaimedJob, Jobs } from '../../src/ports/jobs.ts'
import type { Memo } from '../../src/ports/memo.ts'
import type { Metrics } from '../../src/ports/metrics.ts'
import { memoryContext } from './context.ts'
import { type GitHubState, memoryGitHub } from './github/github.ts'
import { memoryQueue } from './jobs.ts'
import { memoryMemo } from './memo.ts'
import { memoryMetrics } from './metrics.ts'
import { QUIET } from '../quiet-log.ts'

export interface MemoryPerch {
  readonly state: GitHubState
  readonly context: RepositoryContext
  readonly ask: TaskRequests
  /** The finished tasks, oldest first: `review new-head`. */
  readonly done: string[]
  /** Its writes to GitHub, oldest first: `conversation.add`. */
  readonly written: string[]
  now(): number
  /** Lets time pass, and does everything that is due. */
  pass(ms: number): Promise<void>
  /** Lets time pass, without doing anything that is due. */
  jump(ms: number): void
  /** Deletes everything in its memory. */
  forget(): void
}

interface PerchOptions {
  readonly files: Readonly<Record<string, string>>
  readonly metrics?: Metrics
  /** Called with each requested task. If it throws, the requester ends there. */
  readonly onAsk?: (task: Task) => void | Promise<void>
}

/** A Monday. */
const START = Date.UTC(2026, 0, 5, 9)

/**
 * Perch's flows and its queue on a model of GitHub, with a clock that the test controls. There are no webhooks: the test requests
 * tasks.
 */
export async function memoryPerch({ files, metrics = memoryMetrics({}), onAsk }: PerchOptions): Promise<MemoryPerch> {
  let now = START
  let memory = memoryMemo()
  const clock = { now: () => now }
  const memo: Memo = {
    get: (key) => memory.get(key),
    set: (key, value) => memory.set(key, value),
    forget: (key) => memory.forget(key),
    entries: (prefix) => memory.entries(prefix),
  }
  const queue = memoryQueue({ clock, pause: async () => undefined })
  const jobs: Jobs = {
    async enqueue(...more) {
      for (const { data } of more) await onAsk?.(Task.parse(data))
      await queue.enqueue(...more)
    },
  }
  const state = memoryGitHub({ clock, files })
  const done: string[] = []
  const written: string[] = []
  const ports = memoryContext(state, { jobs, memo, clock, metrics })
  const context = { ...ports, ...noting(ports, written) }
  const handle = handleJobs({
    jobs,
    log: QUIET,
    meter: UNWATCHED,
    clock,
    memo,
    webhooksSince: async () => ({ presses: [], lost: [], repositories: new Set<number>() }),
    redeliver: async () => undefined,
    pulses: async () => new Map<number, string>(),
    contextFor: async () => context,
    placeOf: async () => state,
    everyRepository: async () => [{ ...state, nodeId: '' }],
  })
  await queue.work(async (job: ClaimedJob) => {
    await handle(job)
    const { type, why } = Task.parse(job.data)
    done.push(`${type} ${why.code}`)
  })
  const rest = async (): Promise<void> => {
    for (let due = queue.nextDue(); due !== undefined && due <= now; due = queue.nextDue()) {
      queue.tick()
      await queue.idle()
    }
    await queue.idle()
  }
  return {
    state,
    context,
    ask: askIn(state, queue),
    done,
    written,
    now: clock.now,
    async pass(ms) {
      const end = now + ms
      for (;;) {
        await rest()
        const due = queue.nextDue()
        if (due === undefined || due > end) break
        now = Math.max(now, due)
      }
      now = end
      await rest()
    },
    jump: (ms) => void (now += ms),
    forget: () => void (memory = memoryMemo()),
  }
}

const WRITES: Readonly<Record<'pulls' | 'conversation' | 'checks' | 'branches', readonly string[]>> = {
  pulls: ['open', 'edit', 'close', 'merge', 'label', 'unlabel'],
  conversation: ['add', 'edit'],
  checks: ['create', 'update'],
  branches: ['commit', 'claim', 'remove'],
}

/** Wraps the ports that write, so that each call is recorded. */
function noting(
  { pulls, conversation, checks, branches }: RepositoryContext,
  written: string[],
): Pick<RepositoryContext, keyof typeof WRITES> {
  const note = <T extends object>(name: keyof typeof WRITES, port: T): T =>
    new Proxy(port, {
      get(target, key, receiver) {
        if (WRITES[name].includes(String(key))) written.push(`${name}.${String(key)}`)
        return Reflect.get(target, key, receiver)
      },
    })
  return {
    pulls: note('pulls', pulls),
    conversation: note('conversation', conversation),
    checks: note('checks', checks),
    branches: note('branches', branches),
  }
}
