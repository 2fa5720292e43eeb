import type { Range, RangeAnswer } from '../../src/core/analysis/answer.ts'
import type { Metrics } from '../../src/ports/metrics.ts'

/**
 * The answers of a server in memory: the value of a query at a moment, undefined without a value, or the reason for no answer.
 */
export type Knowledge = (query: string, time: number) => number | undefined | Extract<RangeAnswer, { ok: false }>

/** Metrics servers in this process, for tests. */
export function memoryMetrics(servers: Readonly<Record<string, Knowledge>>): Metrics {
  return {
    servers: () => Object.keys(servers),
    async range(name, query, range) {
      const known = Object.hasOwn(servers, name) ? servers[name] : undefined
      if (known === undefined) return { ok: false, code: 'unknown-server', detail: '' }
      const points: (readonly [number, number])[] = []
      for (const time of momentsOf(range)) {
        const value = known(query, time)
        if (typeof value === 'object') return value
        if (value !== undefined) points.push([time, value])
      }
      return { ok: true, series: points.length === 0 ? [] : [{ points }], warnings: [], clock: undefined }
    },
  }
}

function momentsOf({ from, until, stepMs }: Range): readonly number[] {
  return Array.from({ length: Math.floor((until - from) / stepMs) + 1 }, (_, index) => from + index * stepMs)
}
