import { isEventName, readPayload } from '../../src/entry/webhook-events.ts'
import { deliveryJob, sweepJob } from '../../src/entry/jobs.ts'
import { perchApp } from '../../src/entry/perch-app.ts'
import { giveUp, handleJobs } from '../../src/entry/worker.ts'
import type { Memo } from '../../src/ports/memo.ts'
import { memoryContext, SILENT } from '../memory/context.ts'
import type { GitHubState } from '../memory/github.ts'
import { type MemoryQueue, memoryQueue } from '../memory/jobs.ts'
import { memoryMemo } from '../memory/memo.ts'
import { memoryMirror } from '../memory/mirror.ts'
import { type Life, type Network, overNetwork } from './network.ts'

/** Perch as it is deployed, less the HTTP in front and the database below. */
export interface Service {
  /** A webhook arrives; one that comes while the service is down is lost. */
  receive(id: string, name: string, payload: unknown): Promise<void>
  sweep(id: string): Promise<void>
  /** The process ends at once; `start` begins another one. */
  crash(loses: 'nothing' | 'memo' | 'all'): void
  start(): Promise<void>
  isUp(): boolean
  queue(): MemoryQueue
  /** Jobs that were begun. */
  begun(): number
}

const RESTARTED_AT = 'start'

export function simulatedService(state: GitHubState, network: Network): Service {
  const { timeline, random } = network
  let jobIds = 0
  let begun = 0
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
  const wakeAt = { time: Infinity }

  /** Has the queue look when its next job is due. */
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
      enqueue: async (job: Parameters<MemoryQueue['enqueue']>[0]) => {
        await queue.enqueue(job)
        arm()
      },
    }
    const context = overNetwork(
      memoryContext(state, { jobs, memo, mirror, clock: timeline, log: SILENT }),
      network,
      mine,
    )
    const handlers = new Map<string, (context: unknown) => unknown>()
    const app = { on: (name: string, handler: (context: unknown) => unknown) => void handlers.set(name, handler) }
    perchApp(app as never, { jobs: context.jobs, memo: context.memo, appId: 1 })
    const parts = {
      probot: {
        receive: async (event: { readonly name: string }) => void (await handlers.get(event.name)?.(event)),
      },
      jobs: context.jobs,
      log: SILENT,
      memo: context.memo,
      // Nobody presses a button here.
      pressedSince: async () => [],
      contextFor: async () => context,
      placeOf: async () => state,
      everyRepository: async () => [state],
    }
    const handle = handleJobs(parts)
    await queue.work(
      async (job) => {
        begun += 1
        try {
          await handle(job)
        } finally {
          // What a job does after this call is put back, done or given up: then the next one may be due.
          timeline.at(timeline.now() + 1, arm)
        }
      },
      { onExhausted: giveUp(parts) },
    )
    arm()
    await queue.enqueue(sweepJob(`${RESTARTED_AT}:${timeline.now()}`))
  }

  return {
    async receive(id, name, payload) {
      if (life.isOver || !isEventName(name)) return
      const read = readPayload(name, payload)
      if (read === undefined) throw new Error(`The edge does not understand ${name}: ${JSON.stringify(payload)}`)
      await queue.enqueue(deliveryJob({ id, name, payload: read }))
    },
    async sweep(id) {
      if (!life.isOver) await queue.enqueue(sweepJob(id))
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
    begun: () => begun,
  }
}
