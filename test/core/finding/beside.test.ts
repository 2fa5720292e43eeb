/** Which objects of other environments a finding about something missing is compared with. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRendered } from '../../../src/core/diff/objects.ts'
import { besideIn, isNeighbour, isUnproven } from '../../../src/core/finding/beside.ts'
import type { Finding } from '../../../src/core/finding/finding.ts'

/** Services and other objects without a group: `Service shop/web`, or `Service web` without a namespace. */
function objectsOf(...titles: readonly string[]) {
  const documents = titles.map((title) => {
    const [kind = '', place = ''] = title.split(' ')
    const [name, namespace] = place.split('/').toReversed()
    const metadata = { name, ...(namespace === undefined ? {} : { namespace }) }
    return JSON.stringify({ apiVersion: 'v1', kind, metadata })
  })
  const parsed = parseRendered(documents.join('\n---\n'))
  assert.ok(parsed.ok)
  return parsed.objects
}

test('an environment is a neighbour if it is for the namespace, or names it somewhere', () => {
  const own = objectsOf('Service shop/web', 'Service api')
  const near = (texts: readonly string[], other: string | undefined, namespace?: string): boolean =>
    isNeighbour(own, namespace, { namespace: other, texts })
  assert.equal(near(['namespace: shop'], 'test', 'prod'), true)
  assert.equal(near(['namespace: prod'], 'test', 'prod'), true)
  assert.equal(near(['kind: Service', 'namespace: prod'], undefined, 'prod'), true)
  assert.equal(near(['kind: Service'], 'shop', 'prod'), true)
  assert.equal(near(['kind: Service'], 'test', 'prod'), false)
  assert.equal(near([], undefined, 'prod'), false)
  // Everybody may put something into the namespace `default`.
  assert.equal(near(['kind: Service'], 'test'), true)
})

test('another environment adds its objects, unless it has one of the same, because then it is for another cluster', () => {
  const beside = (own: readonly string[], other: readonly string[], namespace?: string, theirs?: string) =>
    besideIn(objectsOf(...own), namespace, { namespace: theirs, objects: objectsOf(...other) }).map(
      ({ kind, namespace: place, name }) => `${kind} ${place}/${name}`,
    )
  assert.deepEqual(beside(['Service shop/web'], ['Service shop/api', 'Service test/web']), [
    'Service shop/api',
    'Service test/web',
  ])
  assert.deepEqual(beside(['Service shop/web'], ['Service shop/api', 'Service shop/web']), [])
  assert.deepEqual(beside(['Service web'], ['Service shop/web'], 'shop'), [])
  assert.deepEqual(beside(['Service shop/web'], ['Service web'], undefined, 'shop'), [])
  assert.deepEqual(beside(['Service web'], ['Service web'], 'shop', 'test'), ['Service test/web'])
  assert.deepEqual(beside(['Service web'], ['Service default/web']), [])
  assert.deepEqual(beside(['Namespace shop'], ['Namespace shop', 'Service shop/web']), [
    'Namespace default/shop',
    'Service shop/web',
  ])
})

test('a finding about something missing is unproven until other environments are known, and a note needs no proof', () => {
  const [object] = objectsOf('Service shop/web')
  assert.ok(object !== undefined)
  const finding = (detail: Finding['detail'], grade: Finding['grade']): Finding => ({ object, path: [], detail, grade })
  const host = { code: 'IST0101', what: 'host', name: 'web' } as const
  const pods = { code: 'no-pods', destination: 'web', why: 'no-workload' } as const
  assert.deepEqual(
    [
      finding(host, 'error'),
      finding(pods, 'warning'),
      finding(host, 'note'),
      finding({ code: 'two-writers', writer: 'Canary web' }, 'error'),
    ].map(isUnproven),
    [true, true, false, false],
  )
})
