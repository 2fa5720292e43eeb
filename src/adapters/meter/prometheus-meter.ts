import type prometheus from 'prom-client'
import { FAMILIES, type Family, type Sample } from '../../core/watch/families.ts'
import type { Meter } from '../../ports/meter.ts'

export interface PrometheusMeter extends Meter {
  add(samples: readonly Sample[]): void
  /**
   * Loads prom-client. That takes a moment, so the start of the service need not wait for it. Earlier values are kept and added.
   */
  load(): Promise<void>
  /** All metrics in Prometheus' text format. `gauges`: values that were just computed. They replace the earlier ones. */
  text(gauges?: readonly Sample[]): Promise<string>
}

/** The metrics of this process, kept by prom-client. */
export function openMeter(): PrometheusMeter {
  const early: Sample[] = []
  let registry: Registry | undefined
  let loading: Promise<Registry> | undefined

  function put(sample: Sample): void {
    if (registry === undefined) early.push(sample)
    else registry.put(sample)
  }

  async function load(): Promise<Registry> {
    const opened = openRegistry((await import('prom-client')).default)
    registry = opened
    for (const sample of early.splice(0)) opened.put(sample)
    return opened
  }

  function loaded(): Promise<Registry> {
    loading ??= load()
    return loading
  }

  return {
    record: (name, labels, value = 1) => put({ name, labels, value }),
    add(samples) {
      for (const sample of samples) put(sample)
    },
    load: async () => void (await loaded()),
    text: async (gauges = []) => (await loaded()).text(gauges),
  }
}

interface Registry {
  put(sample: Sample): void
  text(gauges: readonly Sample[]): Promise<string>
}

/** Families whose values are computed at each scrape. */
const SHARED = Object.entries(FAMILIES).flatMap(([name, family]) => ('isShared' in family ? [name] : []))

function openRegistry(library: typeof prometheus): Registry {
  const register = new library.Registry()
  // The default metrics of Node.js processes under their usual names, so that existing dashboards work.
  library.collectDefaultMetrics({ register, eventLoopMonitoringPrecision: 50 })
  const instruments = new Map<string, prometheus.Counter | prometheus.Gauge | prometheus.Histogram>()
  for (const [name, family] of Object.entries(FAMILIES)) {
    const { kind, settings } = instrumentOf(name, family)
    instruments.set(name, new library[kind]({ ...settings, registers: [register] }))
  }

  function put({ name, labels, value }: Sample): void {
    const instrument = instruments.get(name)
    if (instrument instanceof library.Counter) instrument.inc(labels, value)
    else if (instrument instanceof library.Gauge) instrument.set(labels, value)
    else instrument?.observe(labels, value)
  }

  return {
    put,
    async text(gauges) {
      // An unknown value must not keep its last value, and must not be shown as 0, which prom-client sets for metrics without
      // labels.
      for (const instrument of SHARED.map((name) => instruments.get(name))) {
        instrument?.reset()
        instrument?.remove({})
      }
      for (const sample of gauges) put(sample)
      return register.metrics()
    },
  }
}

function instrumentOf(name: string, { type, help, labels, buckets }: Family) {
  const kind = ({ counter: 'Counter', gauge: 'Gauge', histogram: 'Histogram' } as const)[type]
  return {
    kind,
    settings: { name, help, labelNames: [...labels], ...(buckets === undefined ? {} : { buckets: [...buckets] }) },
  }
}
