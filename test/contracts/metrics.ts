/** The contract of every `Metrics`. The caller provides servers with certain series. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Metrics } from '../../src/ports/metrics.ts'

export interface MetricsWorld {
  /** Its server `prometheus` has only the series `perch_line`, whose value is the number of seconds since `start`. */
  readonly metrics: Metrics
  /** Epoch milliseconds. Samples reach from here to ten minutes later. */
  readonly start: number
  readonly close: () => Promise<void>
}

const MINUTE = 60_000

export function metricsContract(name: string, open: () => Promise<MetricsWorld>): void {
  const scene = (sentence: string, play: (world: MetricsWorld) => Promise<void>) =>
    test(`${name}: ${sentence}`, async () => {
      const world = await open()
      try {
        await play(world)
      } finally {
        await world.close()
      }
    })

  scene('a value at each moment that was asked for, to the millisecond', async ({ metrics, start }) => {
    const range = { from: start + MINUTE + 1, until: start + 4 * MINUTE, stepMs: 63_333 }
    const answer = await metrics.range('prometheus', 'perch_line', range)
    assert.ok(answer.ok, JSON.stringify(answer))
    const [series] = answer.series
    assert.equal(answer.series.length, 1)
    assert.deepEqual(
      series?.points.map(([time]) => time - range.from),
      [0, 63_333, 126_666],
    )
    // A sample is at most 15 s old.
    for (const [time, value] of series?.points ?? []) assert.ok(Math.abs((time - start) / 1_000 - value) <= 15)
  })

  scene('one moment', async ({ metrics, start }) => {
    const at = start + 2 * MINUTE
    const answer = await metrics.range('prometheus', 'perch_line', { from: at, until: at, stepMs: MINUTE })
    assert.ok(answer.ok)
    assert.deepEqual(
      answer.series.map(({ points }) => points),
      [[[at, 120]]],
    )
    assert.deepEqual(answer.warnings, [])
  })

  scene('where nothing is known there is no series', async ({ metrics, start }) => {
    const range = { from: start + MINUTE, until: start + 2 * MINUTE, stepMs: MINUTE }
    const answer = await metrics.range('prometheus', 'perch_none', range)
    assert.ok(answer.ok)
    assert.deepEqual(answer.series, [])
  })

  scene('moments before there was anything are left out', async ({ metrics, start }) => {
    const range = { from: start - MINUTE, until: start + MINUTE, stepMs: MINUTE }
    const answer = await metrics.range('prometheus', 'perch_line', range)
    assert.ok(answer.ok)
    assert.deepEqual(answer.series[0]?.points, [
      [start, 0],
      [start + MINUTE, 60],
    ])
  })

  scene('only servers that are named can be asked', async ({ metrics, start }) => {
    assert.deepEqual(metrics.servers(), ['prometheus'])
    const range = { from: start, until: start, stepMs: MINUTE }
    for (const server of ['other', 'http://127.0.0.1', '', 'constructor'])
      assert.deepEqual(await metrics.range(server, 'perch_line', range), {
        ok: false,
        code: 'unknown-server',
        detail: '',
      })
  })
}
