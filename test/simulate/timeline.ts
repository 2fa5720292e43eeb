import type { Clock } from '../../src/ports/clock.ts'

/** Time that passes only when something is due. It is one queue of moments, whose order depends only on the seed. */
export interface Timeline extends Clock {
  at(time: number, work: () => void): void
  pause(ms: number): Promise<void>
  /** Runs everything that is due up to a moment. */
  runUntil(time: number): Promise<void>
}

interface Moment {
  readonly time: number
  readonly order: number
  readonly work: () => void
}

export function timeline(start: number): Timeline {
  const moments: Moment[] = []
  let now = start
  let order = 0
  const at = (time: number, work: () => void): void => {
    order += 1
    push(moments, { time: Math.max(time, now), order, work })
  }
  return {
    now: () => now,
    at,
    pause: (ms) => new Promise((resolve) => at(now + ms, resolve)),
    async runUntil(time) {
      for (;;) {
        const [next] = moments
        if (next === undefined || next.time > time) break
        pop(moments)
        now = next.time
        next.work()
        await settled()
      }
      now = time
    },
  }
}

/** Resolves when nothing more can continue. It waits only for promises of this process. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function isBefore(a: Moment, b: Moment): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order)
}

/** A binary heap with the next moment first. */
function push(heap: Moment[], moment: Moment): void {
  let index = heap.push(moment) - 1
  while (index > 0) {
    const above = (index - 1) >> 1
    const parent = heap[above]
    if (parent === undefined || isBefore(parent, moment)) break
    heap[index] = parent
    index = above
  }
  heap[index] = moment
}

function pop(heap: Moment[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let index = 0
  for (;;) {
    const left = 2 * index + 1
    const [a, b] = [heap[left], heap[left + 1]]
    if (a === undefined) break
    const isRight = b !== undefined && isBefore(b, a)
    const child = isRight ? b : a
    if (isBefore(last, child)) break
    heap[index] = child
    index = isRight ? left + 1 : left
  }
  heap[index] = last
}
