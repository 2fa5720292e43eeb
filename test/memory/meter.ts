import type { Sample } from '../../src/core/watch/families.ts'
import type { Meter } from '../../src/ports/meter.ts'

export interface MemoryMeter extends Meter {
  readonly samples: Sample[]
  /** The labels of all samples of a family, in order. */
  labelsOf(name: Sample['name']): readonly string[]
}

/** Stores all samples, one by one. */
export function memoryMeter(): MemoryMeter {
  const samples: Sample[] = []
  return {
    samples,
    record: (name, labels, value = 1) => void samples.push({ name, labels, value }),
    labelsOf: (name) =>
      samples.filter((sample) => sample.name === name).map(({ labels }) => Object.values(labels).join(' ')),
  }
}
