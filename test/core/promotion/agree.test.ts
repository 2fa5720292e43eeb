/** What a promotion may change in the rendered target. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRendered, type RenderedObject } from '../../../src/core/diff/objects.ts'
import { promotionMismatch } from '../../../src/core/promotion/agree.ts'
import type { CarriedValue } from '../../../src/core/promotion/promotion.ts'

function configMap(name: string, level: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {level: ${level}}\n`
}

function rendered(...documents: readonly string[]): readonly RenderedObject[] {
  const parsed = parseRendered(documents.join('---\n'), new Map())
  assert.ok(parsed.ok)
  return parsed.objects
}

const VALUE: CarriedValue = {
  file: 'production/web.yaml',
  kind: 'ConfigMap',
  name: 'web',
  path: ['data', 'level'],
  before: 'info',
  after: 'debug',
}

const PLAN = { values: [VALUE], added: [], images: [] }

test('carried values change in the render, also with a prefix on the name', () => {
  for (const name of ['web', 'production-web']) {
    const objects = { before: rendered(configMap(name, 'info')), after: rendered(configMap(name, 'debug')) }
    assert.deepEqual(promotionMismatch(objects, PLAN, []), { also: [], missing: [] }, name)
  }
})

test('another object whose name only begins alike does not pass for the one that is carried', () => {
  const before = rendered(configMap('web', 'info'), configMap('web-admin', 'info'))
  const after = rendered(configMap('web', 'debug'), configMap('web-admin', 'debug'))
  const { also } = promotionMismatch({ before, after }, PLAN, [])
  assert.deepEqual(also, ['ConfigMap web-admin data.level'])
})

test('carried values that change nothing are named', () => {
  const same = rendered(configMap('web', 'info'))
  const { missing } = promotionMismatch({ before: same, after: same }, PLAN, [])
  assert.deepEqual(missing, ['ConfigMap web data.level'])
})

test('the places of items in lists are not compared, and keys that only begin with a digit or a dash are', () => {
  const labels = (level: string, key: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {${key}: ${level}}\n`
  for (const [carried, changed, isSame] of [
    ['2', '7', true],
    ['2', '-', true],
    ['1st', '2nd', false],
    ['-a', '-b', false],
  ] as const) {
    const plan = { ...PLAN, values: [{ ...VALUE, path: ['data', carried] }] }
    const objects = {
      before: rendered(labels('info', `"${changed}"`)),
      after: rendered(labels('debug', `"${changed}"`)),
    }
    const { also } = promotionMismatch(objects, plan, [])
    assert.deepEqual(also, isSame ? [] : [`ConfigMap web data.${changed}`], `${carried}, ${changed}`)
  }
})
