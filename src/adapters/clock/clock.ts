/** The clock of a service. It goes as the machine's does; whoever holds it may step it, so that a story need not wait. */
import type { Clock, Timer } from '../../ports/clock.ts'

/** How many milliseconds a clock is ahead of the machine's. The threads of a process share it. */
export type ClockLead = SharedArrayBuffer

export interface ServiceClock extends Timer {
  readonly lead: ClockLead
  /** Time passes at once, and what is to happen by then happens. */
  step(ms: number): void
}

interface Repeated {
  readonly ms: number
  readonly work: () => void
  doneAt: number
}

/** `isStepped`: what is to happen again and again happens at steps only, however long a busy machine takes between them. */
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

/** The same clock on another thread. */
export function clockAhead(lead: ClockLead): Clock {
  const ahead = new BigInt64Array(lead)
  return { now: () => Date.now() + Number(Atomics.load(ahead, 0)) }
}
