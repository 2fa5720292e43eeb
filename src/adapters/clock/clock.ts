/** The clock of a service. It follows the machine's clock, and its owner can step it forward, so that tests need not wait. */
import type { Clock, Timer } from '../../ports/clock.ts'

/** By how many milliseconds a clock is ahead of the machine's clock. The threads of a process share it. */
export type ClockLead = SharedArrayBuffer

export interface ServiceClock extends Timer {
  readonly lead: ClockLead
  /** Moves the clock forward, and runs the periodic work that is due by then. */
  step(ms: number): void
}

interface Repeated {
  readonly ms: number
  readonly work: () => void
  doneAt: number
}

/** `isStepped`: periodic work runs only when the clock is stepped, no matter how long a busy machine takes between steps. */
export function openClock({ isStepped = false } = {}): ServiceClock {
  const lead = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)
  const clock = clockAhead(lead)
  const now = (): number => clock.now()
  const repeated = new Set<Repeated>()
  const perform = (one: Repeated): void => {
    one.doneAt = now()
    one.work()
  }
  return {
    now,
    lead,
    every(ms, work) {
      const one: Repeated = { ms, work, doneAt: now() }
      repeated.add(one)
      const timer = isStepped ? undefined : setInterval(perform, ms, one)
      return () => {
        repeated.delete(one)
        clearInterval(timer)
      }
    },
    step(ms) {
      Atomics.add(new BigInt64Array(lead), 0, BigInt(Math.ceil(ms)))
      for (const one of repeated) if (one.doneAt + one.ms <= now()) perform(one)
    },
  }
}

/** The same clock, for another thread. */
export function clockAhead(lead: ClockLead): Clock {
  const ahead = new BigInt64Array(lead)
  return { now: () => Date.now() + Number(Atomics.load(ahead, 0)) }
}
