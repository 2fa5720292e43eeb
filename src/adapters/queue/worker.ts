import type { Log } from '../../ports/log.ts'
import { type Setup, run } from './run.ts'
import { type Claim, reasonOf } from './store.ts'

/**
 * Also looks at this interval, for what no wake-up announces: the end of a back-off, a job of a dead replica, a lost
 * notification.
 */
const POLL_MS = 1_000

export interface Worker {
  /** Looks for work now. Cheap to call often. */
  wake(): void
  /** Resolves when nothing runs and nothing is due. */
  idle(): Promise<void>
  drain(timeoutMs: number): Promise<number>
  close(): Promise<void>
}

interface Run<C> {
  readonly claim: C
  readonly done: Promise<void>
}

/**
 * One loop for every store. pg-boss's own `work()` would start one poller per slot. Each poller fetches at every notification,
 * and sleeps for its interval after every job. If it fetched several jobs at once, it would order those of one key by random id.
 */
export function startWorker<C extends Claim>(setup: Setup<C>): Worker {
  const concurrency = setup.options.concurrency ?? 4
  const running = new Map<string, Run<C>>()
  const stop = new AbortController()
  const looking = oneAtATime(look, setup.log)

  async function look(): Promise<void> {
    while (!stop.signal.aborted && running.size < concurrency) {
      const claim = await setup.store.claim([...running.keys()])
      if (claim === undefined) return
      start(claim)
    }
  }

  function start(claim: C): void {
    const { key } = claim.job
    const done = run(setup, claim).finally(() => {
      running.delete(key)
      wake()
    })
    running.set(key, { claim, done })
  }

  function wake(): void {
    if (!stop.signal.aborted) looking.ask()
  }

  function beat(): void {
    const held = [...running.values()].map(({ claim }) => claim)
    if (held.length === 0) return
    setup.store.touch(held).catch((error: unknown) => {
      setup.log.warn({ reason: reasonOf(error) }, 'Could not tell the job queue that this process lives.')
    })
  }

  const stopPolling = setup.clock.every(POLL_MS, wake)
  const heartbeat = setInterval(beat, (setup.heartbeatSeconds * 1_000) / 3)
  wake()

  async function drain(timeoutMs: number): Promise<number> {
    stop.abort()
    stopPolling()
    await looking.idle()
    await orAfter(Promise.all([...running.values()].map(({ done }) => done)), timeoutMs)
    return running.size
  }

  async function close(): Promise<void> {
    await drain(0)
    clearInterval(heartbeat)
    for (const { claim } of running.values()) await setup.store.putBack(claim, setup.clock.now())
  }

  async function idle(): Promise<void> {
    wake()
    await looking.idle()
    if (running.size === 0) return
    await Promise.race([...running.values()].map(({ done }) => done))
    await idle()
  }

  return { wake, idle, drain, close }
}

interface Repeater {
  ask(): void
  idle(): Promise<void>
}

/** Runs `look` when requested, and once more if requested meanwhile. Logs only the first of several failures in a row. */
function oneAtATime(look: () => Promise<void>, log: Log): Repeater {
  let current: Promise<void> | undefined
  let isAsked = false
  let isFailing = false

  async function once(): Promise<void> {
    isAsked = false
    try {
      await look()
      if (isFailing) log.info({}, 'The job queue answers again.')
      isFailing = false
    } catch (error) {
      if (!isFailing) log.error({ reason: reasonOf(error) }, 'The job queue does not answer; jobs wait until it does.')
      isFailing = true
    }
  }

  function ask(): void {
    isAsked = true
    current ??= once().finally(() => {
      current = undefined
      if (isAsked) ask()
    })
  }

  async function idle(): Promise<void> {
    if (current === undefined) return
    await current
    await idle()
  }

  return { ask, idle }
}

async function orAfter(work: Promise<unknown>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs)
  })
  await Promise.race([work, timeout])
  clearTimeout(timer)
}
