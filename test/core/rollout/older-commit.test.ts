/** Reads a rollout in an older commit, from as few files as possible. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filesToRead, targetAt } from '../../../src/core/rollout/read-target.ts'
import { standingOf } from '../../../src/core/rollout/standing.ts'
import { destinationRule, targetOf, virtualService } from '../samples.ts'

type Files = Readonly<Record<string, string>>

/** The share in an older commit and the files that were read there, or which file could not be found. */
function shareIn(now: Files, then: Files): string {
  const target = targetOf(now)
  const texts = new Map(filesToRead(target).map((file) => [file, then[file]]))
  for (;;) {
    const { target: old, needs } = targetAt(target, texts)
    const missing = needs.filter((file) => !texts.has(file))
    if (missing.length === 0) {
      const read = [...texts.keys()].filter((file) => file in then).sort()
      return `${old === undefined ? 'no route' : standingOf(old).share} from ${read.join(' ')}`
    }
    for (const file of missing) texts.set(file, then[file])
  }
}

const overlay = (...resources: readonly string[]): string => `resources: [${resources.join(', ')}]\n`
const ROUTE = virtualService(75, 25)
const OLD = virtualService(95, 5)

test('the share of an older commit is read from the files that build the route there', () => {
  const now = { 'k/kustomization.yaml': overlay('route.yaml', 'dr.yaml'), 'k/dr.yaml': destinationRule('v1', 'v2') }
  const route = { ...now, 'k/route.yaml': ROUTE }
  const table: readonly [string, Files, string][] = [
    ['the same files', { ...now, 'k/route.yaml': OLD }, '5 from k/dr.yaml k/kustomization.yaml k/route.yaml'],
    [
      'the file had another name',
      { 'k/kustomization.yaml': overlay('old.yaml'), 'k/old.yaml': OLD },
      '5 from k/kustomization.yaml k/old.yaml',
    ],
    [
      'the file was in a base',
      { 'k/kustomization.yaml': overlay('../base'), 'base/kustomization.yaml': overlay('a.yaml'), 'base/a.yaml': OLD },
      '5 from base/a.yaml base/kustomization.yaml k/kustomization.yaml',
    ],
    [
      'the base was in a folder with an odd name',
      {
        'k/kustomization.yaml': overlay('a.yaml'),
        'k/a.yaml/kustomization.yaml': overlay('b.yaml'),
        'k/a.yaml/b.yaml': OLD,
      },
      '5 from k/a.yaml/b.yaml k/a.yaml/kustomization.yaml k/kustomization.yaml',
    ],
    [
      'it was patched',
      {
        'k/kustomization.yaml': `${overlay('route.yaml')}patches: [{ path: share.yaml }]\n`,
        'k/route.yaml': ROUTE,
        'k/share.yaml': OLD,
      },
      '5 from k/kustomization.yaml k/route.yaml k/share.yaml',
    ],
    ['the route was not there', { 'k/kustomization.yaml': overlay('dr.yaml') }, 'no route from k/kustomization.yaml'],
    ['nothing was there', {}, 'no route from '],
  ]
  for (const [what, then, expected] of table) assert.equal(shareIn(route, then), expected, what)
})

test('without a kustomization, the share of an older commit is read from the same files', () => {
  const now = { 'app/vs.yaml': ROUTE, 'app/dr.yaml': destinationRule('v1', 'v2') }
  assert.equal(shareIn(now, { ...now, 'app/vs.yaml': OLD }), '5 from app/dr.yaml app/vs.yaml')
  assert.equal(shareIn(now, { 'app/dr.yaml': OLD }), '5 from app/dr.yaml')
  assert.equal(shareIn(now, { 'app/old.yaml': OLD }), 'no route from ')
})
