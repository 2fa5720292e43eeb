import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { configJsonSchema } from '../../src/core/config/json-schema.ts'
import { keysOf } from '../../scripts/reference/keys.ts'
import { REFERENCE_PAGES, withReference } from '../../scripts/reference/pages.ts'

for (const page of REFERENCE_PAGES) {
  test(`${page} has what the code has; \`npm run docs\` writes it`, () => {
    const text = readFileSync(page, 'utf8')
    assert.equal(text, withReference(page, text))
  })
}

test('every key of the configuration that holds a value is described', () => {
  const keys = keysOf(configJsonSchema())
  assert.ok(keys.length > 70)
  const silent = keys.filter(({ description, type }) => description === '' && type !== 'object')
  assert.deepEqual(
    silent.map(({ path }) => path.join('.')),
    [],
  )
})
