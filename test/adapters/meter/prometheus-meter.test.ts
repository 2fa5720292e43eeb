import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMeter } from '../../../src/adapters/meter/prometheus-meter.ts'
import { FAMILIES } from '../../../src/core/watch/families.ts'
import { promtool, withoutPromtool } from '../../promtool.ts'

const linesOf = (text: string, name: string): string[] => text.split('\n').filter((line) => line.startsWith(name))

test('counts from before the library is loaded are not lost', async () => {
  const meter = openMeter()
  meter.record('perch_jobs_total', { task: 'review', result: 'done' })
  await meter.load()
  meter.record('perch_jobs_total', { task: 'review', result: 'done' })
  meter.add([{ name: 'perch_jobs_total', labels: { task: 'review', result: 'retry' }, value: 3 }])
  assert.deepEqual(linesOf(await meter.text(), 'perch_jobs_total'), [
    'perch_jobs_total{task="review",result="done"} 2',
    'perch_jobs_total{task="review",result="retry"} 3',
  ])
})

test('a gauge that is not known at this moment is absent, neither old nor zero', async () => {
  const meter = openMeter()
  assert.deepEqual(linesOf(await meter.text(), 'perch_queue'), [])
  const gauges = [
    { name: 'perch_queue_age_seconds', labels: {}, value: 7 },
    { name: 'perch_queue_depth', labels: { state: 'due' }, value: 2 },
  ] as const
  assert.deepEqual(linesOf(await meter.text(gauges), 'perch_queue'), [
    'perch_queue_depth{state="due"} 2',
    'perch_queue_age_seconds 7',
  ])
  assert.deepEqual(linesOf(await meter.text(), 'perch_queue'), [])
})

test(
  'promtool accepts all families, and has no warnings about names and units',
  { skip: withoutPromtool },
  async () => {
    const meter = openMeter()
    for (const [name, { labels, type }] of Object.entries(FAMILIES))
      meter.add([
        {
          name: name as never,
          labels: Object.fromEntries(labels.map((label) => [label, 'a "b"\n\\'])),
          value: type === 'counter' ? 1 : 0.5,
        },
      ])
    const text = await meter.text()
    const own = text.split('\n').filter((line) => / perch_|^perch_/.test(line))
    assert.deepEqual(promtool(['check', 'metrics'], `${own.join('\n')}\n`), { ok: true, words: '' })
    for (const name of ['process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds'])
      assert.equal(linesOf(text, `${name} `).length, 1, name)
  },
)
