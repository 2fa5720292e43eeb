import { UNWATCHED } from '../../src/ports/meter.ts'
import { EVENTS, isEventName } from '../../src/entry/edge/webhook-events.ts'
import { perchApp } from '../../src/entry/edge/perch-app.ts'
import { giveUp } from '../../src/entry/worker/give-up.ts'
import { handleJobs } from '../../src/entry/worker/worker.ts'
import { jobOf } from '../../src/flows/tasks/tasks.ts'
import type { ClaimedJob, Job } from '../../src/ports/jobs.ts'
import type { Memo } from '../../src/ports/memo.ts'
import { type ContextParts, memoryContext } from '../memory/context.ts'
import type { GitHubState } from '../memory/github/github.ts'
import { type MemoryQueue, memoryQueue } from '../memory/jobs.ts'
import { memoryMemo } from '../memory/memo.ts'
import { memoryMirror } from '../memory/mirror.ts'
import { type Life, type Network, overNetwork } from './network.ts'
import { QUIET } from '../quiet-log.ts'

/** GitHub's times are whole seconds, and may be shown late (`adapters/github/pulses.ts`). */
const NEAR_MS = 2 * 60_000

/** Perch as it is deployed, without HTTP in front of it and without the database. */
export interface Service {
  /** A webhook arrives. If the service is down, it is lost. */
  receive(id: string, name: string, payload: unknown): Promise<void>
  sweep(count: number): Promise<void>
  /** The process ends immediately. `start` begins another one. */
  crash(loses: 'nothing' | 'memo' | 'all'): void
  start(): Promise<void>
  isUp(): boolean
  queue(): MemoryQueue
  memo(): Memo
  /** The number of jobs that were begun. */
  begun(): number
  /** How many of these had failed before. */
  repeated(): number
}

export function simulatedService(
  state: GitHubState,
  network: Network,
  own: Partial<Pick<ContextParts, 'metrics' | 'notifier' | 'log' | 'renderer' | 'validators' | 'meter'>> = {},
): Service {
  const { timeline, random } = network
  let jobIds = 0
  let begun = 0
  let repeated = 0
  const newQueue = (): MemoryQueue =>
    memoryQueue({
      clock: timeline,
      pause: () => timeline.pause(1 + Math.floor(random() * 5)),
      newId: () => `job-${(jobIds += 1)}`,
    })
  let queue = newQueue()
  let memo: Memo = memoryMemo()
  let mirror = memoryMirror(state)
  let life: Life = { isOver: true }
  const handlers = new Map<string, (context: unknown) => unknown>()
  const wakeAt = { time: Infinity }

  /** Makes the queue look for work when its next job is due. */
  const arm = (): void => {
    const due = queue.nextDue()
    if (due === undefined || life.isOver || due <= timeline.now() || due >= wakeAt.time) return
    wakeAt.time = due
    timeline.at(due, () => {
      if (wakeAt.time === due) wakeAt.time = Infinity
      queue.tick()
      arm()
    })
  }

  async function start(): Promise<void> {
    const mine: Life = { isOver: false }
    life = mine
    const jobs = {
      enqueue: async (...more: readonly Job[]) => {
        if (mine.isOver) await new Promise(() => undefined)
        await queue.enqueue(...more)
        arm()
      },
    }
    const context = overNetwork(memoryContext(state, { jobs, memo, mirror, clock: timeline, ...own }), network, mine)
    handlers.clear()
    const app = { on: (name: string, handler: (context: unknown) => unknown) => void handlers.set(name, handler) }
    perchApp(app as never, { jobs, memo: context.memo, clock: timeline, appId: 1 })
    const parts = {
      jobs,
      clock: timeline,
      log: own.log ?? QUIET,
      meter: UNWATCHED,
      memo: context.memo,
      // Nobody presses buttons in a play.
      webhooksSince: async (moment: number) => {
        return { presses: [], lost: [], repositories: new Set(network.lastWebhook >= moment ? [state.repo.id] : []) }
      },
      redeliver: async () => undefined,
      pulses: async () => {
        const isNear = network.lastWebhook > timeline.now() - NEAR_MS
        return new Map(isNear ? [] : [[state.repo.id, String(network.lastWebhook)]])
      },
      contextFor: async () => context,
      placeOf: async () => state,
      everyRepository: async () => [{ ...state, nodeId: '' }],
    }
    // After the work of a job is stored, done or given up, the next job may be due.
    const thenArm =
      <T extends unknown[]>(work: (...given: T) => Promise<void>) =>
      async (...given: T): Promise<void> => {
        try {
          await work(...given)
        } finally {
          timeline.at(timeline.now() + 1, arm)
        }
      }
    const handle = handleJobs(parts)
    await queue.work(
      thenArm((job: ClaimedJob) => {
        begun += 1
        if (job.attempt > 0) repeated += 1
        return handle(job)
      }),
      { onExhausted: thenArm(giveUp(parts)) },
    )
    arm()
    await queue.enqueue(jobOf({ type: 'sweep-all', why: { code: 'started', at: timeline.now() } }))
  }

  return {
    async receive(id, name, payload) {
      if (life.isOver || !isEventName(name)) return
      if (!EVENTS[name].safeParse(payload).success)
        throw new Error(`The edge does not understand ${name}: ${JSON.stringify(payload)}`)
      await handlers.get(name)?.({ id, name, payload })
    },
    async sweep(count) {
      if (!life.isOver) await queue.enqueue(jobOf({ type: 'sweep-all', why: { code: 'interval', count } }))
    },
    crash(loses) {
      life.isOver = true
      queue.crash()
      wakeAt.time = Infinity
      if (loses !== 'nothing') memo = memoryMemo()
      if (loses !== 'all') return
      queue = newQueue()
      mirror = memoryMirror(state)
    },
    start,
    isUp: () => !life.isOver,
    queue: () => queue,
    memo: () => memo,
    begun: () => begun,
    repeated: () => repeated,
  }
}
