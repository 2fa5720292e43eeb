/** Which images a promotion carries from one kustomization to another. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { carryImages } from '../../../src/core/promotion/carry-kustomization.ts'

type Parts = Parameters<typeof carryImages>

/** The edits as `images.1.newTag: v2`, the images in words, and the reasons why others stay. */
function carried(source: readonly unknown[], target: readonly unknown[], rules: Partial<Parts[1]> = {}) {
  const side = (images: readonly unknown[]) => ({ path: 'production/kustomization.yaml', data: { images } })
  const pair = { source: side(source), target: side(target) } as unknown as Parts[0]
  const names = {
    source: (text: string) => text.includes('staging'),
    target: (text: string) => text.includes('production'),
  }
  const all = { isWanted: true, service: undefined, names, ...rules } as unknown as Parts[1]
  const { edits, images, left } = carryImages(pair, all)
  return {
    edits: edits.map(({ path, after }) => `${path.join('.')}: ${after === undefined ? 'goes' : JSON.stringify(after)}`),
    images: images.map(({ before, after }) => `${before ?? 'new'} → ${after}`),
    left: left.map(({ what, why }) => `${what}: ${why}`),
  }
}

test('each image gets its version from the entry of the same name, wherever that is', () => {
  const source = [
    { name: 'web', newTag: 'v2' },
    { name: 'api', newName: 'other/api', digest: 'sha256:1' },
  ]
  const target = [
    { name: 'old', newTag: 'v1' },
    { name: 'api', newTag: 'v1' },
    { name: 'web', newTag: 'v1' },
  ]
  assert.deepEqual(carried(source, target), {
    edits: [
      'images.2.newTag: "v2"',
      'images.1.newName: "other/api"',
      'images.1.newTag: goes',
      'images.1.digest: "sha256:1"',
    ],
    images: ['web:v1 → web:v2', 'api:v1 → other/api@sha256:1'],
    left: [],
  })
})

test('new images come after those that are there, and equal ones and entries without a name change nothing', () => {
  const source = [
    { name: 'web', newTag: 'v1' },
    { name: 'api', newTag: 2 },
    { newTag: 'v9' },
    { name: 'job', newTag: 'v3' },
  ]
  assert.deepEqual(carried(source, [{ name: 'web', newTag: 'v1' }]), {
    edits: ['images.1: {"name":"api","newTag":2}', 'images.2: {"name":"job","newTag":"v3"}'],
    images: ['new → api:2', 'new → job:v3'],
    left: [],
  })
})

test('images stay if the config keeps them, another service uses them, or they name an environment', () => {
  const source = [
    { name: 'web', newTag: 'v2' },
    { name: 'api', newName: 'registry/api', newTag: 'v2' },
  ]
  const stay = (why: string) => ({ edits: [], images: [], left: [`images web: ${why}`, `images api: ${why}`] })
  assert.deepEqual(carried(source, [], { isWanted: false }), stay('excluded'))
  const service = { usesAlone: (image: string) => image === 'registry/api' } as never
  assert.deepEqual(carried(source, [], { service }).left, ['images web: other-service'])
  assert.deepEqual(carried(source, [], { service }).images, ['new → registry/api:v2'])
  const there = [{ name: 'api', newName: 'production/api' }]
  assert.deepEqual(carried(source, there).left, ['images api: environment'])
  assert.deepEqual(carried([{ name: 'web', newTag: 'staging-2' }], []).left, ['images web: environment'])
})
