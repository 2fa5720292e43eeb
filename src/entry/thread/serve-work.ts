/** The code inside of the thread that `start.ts` starts. */
import { type MessagePort, workerData } from 'node:worker_threads'
import { clockAhead } from '../../adapters/clock/clock.ts'
import type { Jobs } from '../../ports/jobs.ts'
import type { Memo } from '../../ports/memo.ts'
import { openLog } from '../open-log.ts'
import { openWork } from '../open-work.ts'
import { openTraces } from '../trace/open-traces.ts'
import { traceHandler } from '../trace/trace-jobs.ts'
import { giveUp } from '../worker/give-up.ts'
import { handleJobs } from '../worker/worker.ts'
import { connect, type Line, type Port } from './line.ts'
import { ClaimedMessage, Entries, ThreadStart, type Tools } from './messages.ts'
import { meterThrough } from './thread-meter.ts'

interface OpenWork extends Omit<Awaited<ReturnType<typeof openWork>>, 'parts'> {
  readonly handle: ReturnType<typeof handleJobs>
  readonly giveUp: ReturnType<typeof giveUp>
  readonly closeTraces: () => Promise<void>
}

/** Answers the calls of the thread that started this one. `open`: opens what the work needs. */
export async function serveWork(parent: MessagePort, open: typeof openWork = openWork): Promise<void> {
  const { env, logLevel, lead } = ThreadStart.parse(workerData)
  // Calls wait until the work has been opened.
  const opened = Promise.withResolvers<OpenWork>()
  /** The original errors, for `giveUp`. They lose their class on the way to the other thread. */
  const failures = new Map<string, unknown>()
  let others: Omit<Tools, 'renderer'> = { validators: new Map(), isLooking: true }
  const line = connect(portOf(parent), {
    ping: async () => undefined,
    async tools(isStart): Promise<Tools> {
      const { renderer, validators } = await opened.promise
      const tool = await renderer.tool()
      // Optional tools. Looking for them starts a dozen programs, so a start does not wait for that.
      if (isStart !== true)
        void optionalTools({ renderer, validators }).then(
          (tools) => (others = tools),
          (error: unknown) => log.warn({ err: error }, 'which optional programs there are could not be found out'),
        )
      return { ...(tool === undefined ? {} : { renderer: tool }), ...others }
    },
    async handle(message) {
      const job = ClaimedMessage.parse(message)
      const { handle } = await opened.promise
      try {
        await handle(job)
        failures.delete(job.id)
      } catch (error) {
        failures.set(job.id, error)
        throw error
      }
    },
    async giveUp(message, reason, isFinal) {
      const job = ClaimedMessage.parse(message)
      const { giveUp: finish } = await opened.promise
      const failure = failures.get(job.id) ?? new Error(String(reason))
      if (isFinal === true) failures.delete(job.id)
      await finish(job, failure, isFinal === true)
    },
    close: async () => (await opened.promise).closeTraces(),
  })
  const meter = meterThrough(line)
  const log = openLog(logLevel, meter)
  const { tracer, close } = await openTraces(env, log)
  const { parts, ...tools } = await open({ env, log, meter, tracer, clock: clockAhead(lead), ...queueThrough(line) })
  opened.resolve({
    ...tools,
    handle: traceHandler(tracer, handleJobs(parts), parts.clock),
    giveUp: giveUp(parts),
    closeTraces: close,
  })
}

async function optionalTools({
  renderer,
  validators,
}: Pick<OpenWork, 'renderer' | 'validators'>): Promise<Omit<Tools, 'renderer'>> {
  const [helm, found] = await Promise.all([renderer.tool('helm'), validators.tools()])
  return { ...(helm === undefined ? {} : { helm }), validators: new Map(found) }
}

function portOf(parent: MessagePort): Port {
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread of Node, not a window
    postMessage: (message) => parent.postMessage(message),
    on: (event, listener) => parent.on(event, listener),
  }
}

function queueThrough(line: Line): { readonly jobs: Jobs; readonly memo: Memo } {
  return {
    jobs: { enqueue: async (...jobs) => void (await line.call('enqueue', ...jobs)) },
    memo: {
      get: (key) => line.call('get', key),
      set: async (key, value) => void (await line.call('set', key, value)),
      forget: async (key) => void (await line.call('forget', key)),
      entries: async (prefix) => Entries.parse(await line.call('entries', prefix)),
    },
  }
}
