import type { Sample } from '../../core/watch/families.ts'
import type { Meter } from '../../ports/meter.ts'
import type { Line } from './line.ts'

/** Values are sent in batches, so that a hundred requests a second cause only a few messages. */
const SEND_MS = 250

/** Counts on the working thread. The other thread keeps the numbers, even if this one ends. */
export function meterThrough(line: Pick<Line, 'call'>): Meter {
  let waiting: Sample[] = []
  function send(): void {
    const samples = waiting
    waiting = []
    line.call('record', samples).catch(() => undefined)
  }
  return {
    record(name, labels, value = 1) {
      if (waiting.length === 0) setTimeout(send, SEND_MS)
      waiting.push({ name, labels, value })
    },
  }
}
