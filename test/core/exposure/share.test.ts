/** The share of some requests that reaches a canary, with certain parts and parts that depend on something unknown. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { selectionsOf, worldOf } from '../../../src/core/exposure/world.ts'
import type { JsonValue } from '../../../src/core/manifest/data.ts'
import { excessOf, isMore, isUnknown, mostOf, type Share, shareOf } from '../../../src/core/exposure/share.ts'

const share = (sure: number, maybe: Readonly<Record<string, number>> = {}): Share => ({
  sure,
  maybe: new Map(Object.entries(maybe)),
})

test('certain parts that lead to the canary add up, and unknown parts add up by their cause', () => {
  const portions = [
    { percent: 10, leads: 'all' },
    { percent: 20, leads: { unknown: 'a' } },
    { percent: 5, leads: 'none' },
    { percent: 30, leads: { unknown: 'b' } },
    { percent: 15, leads: { unknown: 'a' } },
    { percent: 20, leads: 'all' },
  ] as const
  assert.deepEqual(shareOf(portions), share(30, { a: 35, b: 30 }))
})

test('a share is larger by what is sure, and by each unknown part that is larger than it was', () => {
  const table: readonly (readonly [now: Share, old: Share, sure: number, maybe: number])[] = [
    [share(10), share(5), 5, 0],
    [share(5), share(10), -5, 0],
    [share(5, { a: 20 }), share(5, { a: 20 }), 0, 0],
    [share(5, { a: 20, b: 5 }), share(5, { a: 15, b: 10 }), 0, 5],
    [share(5, { a: 20 }), share(25), -20, 20],
    [share(5), share(5, { a: 20 }), 0, 0],
  ]
  for (const [now, old, sure, maybe] of table) assert.deepEqual(excessOf(now, old), { sure, maybe })
  assert.deepEqual(
    [1e-7, 1e-5].map((sure) => isMore({ sure, maybe: 0 })),
    [false, true],
  )
  assert.deepEqual(
    [1e-7, 1e-5].map((maybe) => isUnknown({ maybe, sure: 5 })),
    [false, true],
  )
  assert.equal(isMore({ sure: -20, maybe: 20 }), false)
  assert.deepEqual([share(5), share(5, { a: 20, b: 30 }), share(60, { a: 50 })].map(mostOf), [5, 55, 100])
})

test('a Service may be another name for another one, three times at most', () => {
  const service = (name: string, spec: Readonly<Record<string, JsonValue>>) => {
    const data = { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'shop' }, spec }
    return { group: '', kind: 'Service', namespace: 'shop', name, data }
  }
  const alias = (name: string, to: string) =>
    service(name, { type: 'ExternalName', externalName: `${to}.shop.svc.cluster.local` })
  const world = worldOf([
    alias('a', 'b'),
    alias('b', 'c'),
    alias('c', 'd'),
    alias('d', 'web'),
    alias('loop', 'loop'),
    service('web', { selector: { app: 'web' } }),
  ])
  const end = (name: string): unknown =>
    selectionsOf(world, { host: `${name}.shop.svc.cluster.local`, subset: undefined }).map((one) => [
      one.host,
      one.service,
    ])
  assert.deepEqual(end('b'), [['web.shop.svc.cluster.local', { app: 'web' }]])
  assert.deepEqual(end('a'), [['d.shop.svc.cluster.local', undefined]], 'unknown where it leads')
  assert.deepEqual(end('loop'), [['loop.shop.svc.cluster.local', undefined]])
})
