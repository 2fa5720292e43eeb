/** Which environments in waves may go, by the state of all of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { standingOf } from '../../../src/core/rollout/standing.ts'
import { turnsOf } from '../../../src/core/wave/turns.ts'
import { waveOf } from '../../../src/core/wave/wave.ts'
import { destinationRule, targetsOf, virtualService } from '../samples.ts'

interface Place {
  readonly share: number
  readonly versions?: readonly [string, string]
  readonly notes?: Readonly<Record<string, string>>
}

const VERSIONS: readonly [string, string] = ['v1', 'v2']
const WAVES = [['a'], ['b', 'c']]
const NOTES = { 'canary-percentage': '5', pr: '7' }
const at = (share: number, versions: readonly [string, string] = ['v1', 'v2']): Place => ({
  share,
  versions,
  ...(share === 0 ? { notes: {} } : { notes: NOTES }),
})

/** The turn of each environment, by its name. */
function say(places: Readonly<Record<string, Place>>, waves: readonly (readonly string[])[] = WAVES): string {
  const files = Object.entries(places).flatMap(([name, { share, versions = VERSIONS, notes }]) => [
    [`${name}/vs.yaml`, virtualService(100 - share, share, notes)] as const,
    [`${name}/dr.yaml`, destinationRule(versions[0], versions[1])] as const,
  ])
  const environments = Object.fromEntries(Object.keys(places).map((name) => [name, { path: name }]))
  const config = { environments, services: { 'api-service': { waves } }, annotationPrefix: 'gitops.example.com' }
  const turns = turnsOf(targetsOf(Object.fromEntries(files), config).map(standingOf))
  return [...turns]
    .map(([{ environment }, turn]) =>
      turn.kind === 'goes'
        ? `${environment} goes ${turn.to ?? 'on'}`
        : `${environment} waits for ${turn.waitsFor.join()}`,
    )
    .join(', ')
}

test('each wave takes a share after the previous one, and the first continues when all have it', () => {
  const table: readonly [string, Readonly<Record<string, Place>>, string][] = [
    ['nothing has traffic', { a: at(0), b: at(0), c: at(0) }, ''],
    ['the first has begun', { a: at(5), b: at(0), c: at(0) }, 'a waits for b,c, b goes 5, c goes 5'],
    ['all are there', { a: at(5), b: at(5), c: at(5) }, 'a goes on, b waits for a, c waits for a'],
    ['the second is behind', { a: at(25), b: at(5), c: at(5) }, 'a waits for b,c, b goes 25, c goes 25'],
    ['one of a wave is behind', { a: at(25), b: at(25), c: at(5) }, 'a waits for c, b waits for c, c goes 25'],
    ['one of a wave is ahead', { a: at(5), b: at(25), c: at(5) }, 'a goes on, b waits for a, c waits for a'],
    [
      'the first has promoted',
      { a: at(100, ['v2', 'v2']), b: at(100), c: at(100) },
      'a waits for b,c, b goes on, c goes on',
    ],
    [
      'the first is done',
      { a: at(0, ['v2', 'v2']), b: at(100, ['v2', 'v2']), c: at(100, ['v2', 'v2']) },
      'a waits for b,c, b goes on, c goes on',
    ],
    [
      'the first is done, and got the next version',
      { a: at(0, ['v2', 'v3']), b: at(50), c: at(50) },
      'a waits for b,c, b goes 100, c goes 100',
    ],
    [
      'the first is done, the second never began',
      { a: at(0, ['v2', 'v2']), b: at(50), c: at(0) },
      'a waits for c, b waits for c, c goes 5',
    ],
    ['the first was taken back', { a: at(0), b: at(25), c: at(25) }, 'a goes on, b waits for a, c waits for a'],
  ]
  for (const [what, places, expected] of table) assert.equal(say(places), expected, what)
})

test('of several waves that are behind the previous one, the first goes', () => {
  const waves = [['d'], ['b', 'c'], ['a']]
  const table: readonly [Readonly<Record<string, Place>>, string][] = [
    [{ a: at(0), b: at(5), c: at(5), d: at(25) }, 'd waits for b,c, b goes 25, c goes 25, a waits for b,c'],
    [{ a: at(5), b: at(25), c: at(25), d: at(25) }, 'd waits for a, b waits for a, c waits for a, a goes 25'],
    [{ a: at(0), b: at(0), c: at(0), d: at(25) }, 'd waits for b,c, b goes 5, c goes 5, a waits for b,c'],
    [{ a: at(0), b: at(25), c: at(5), d: at(25) }, 'd waits for c, b waits for c, c goes 25, a waits for c'],
  ]
  for (const [places, expected] of table) assert.equal(say(places, waves), expected)
})

test('no environment continues while one is unknown, missing, or rolls out another version', () => {
  assert.equal(say({ a: at(5), b: at(5) }), 'a waits for c, b waits for c')
  const other = say({ a: at(5), b: at(5, ['v1', 'v9']), c: at(0) })
  assert.equal(other, 'a waits for b, b waits for b, c waits for b')
  const unreadable = say({ a: { share: Number.NaN, notes: {} }, b: at(5), c: at(5) })
  assert.equal(unreadable, 'a waits for a, b waits for a, c waits for a')
})

test('an environment begins only with the version of the others, and only if nobody rolled it back there', () => {
  const waiting = 'a waits for b, b waits for b, c waits for b'
  assert.equal(say({ a: at(5), b: at(0, ['v1', 'v1']), c: at(5) }), waiting, 'it has not got the version')
  const back = { share: 0, notes: { 'canary-percentage': '0', 'canary-version': 'v2' } }
  assert.equal(say({ a: at(5), b: back, c: at(5) }), waiting, 'somebody took this version back')
  const older = { share: 0, notes: { 'canary-percentage': '0', 'canary-version': 'v0' } }
  assert.equal(say({ a: at(5), b: older, c: at(5) }), 'a waits for b, b goes 5, c waits for b')
})

test('environments of one wave begin together, and those that lag catch up with the next of them', () => {
  const one = [['a', 'b', 'c']]
  assert.equal(say({ a: at(5), b: at(5), c: at(5) }, one), 'a goes on, b goes on, c goes on')
  assert.equal(say({ a: at(5), b: at(0), c: at(50) }, one), 'a waits for b, b goes 5, c waits for b')
})

test('a rollout of several environments has its place in the last of their waves', () => {
  assert.deepEqual(
    [['a'], ['b'], ['a', 'c'], ['d']].map((names) => waveOf(WAVES, names)?.name),
    ['a', 'b+c', 'b+c', undefined],
  )
  assert.equal(waveOf(undefined, ['a']), undefined)
})
