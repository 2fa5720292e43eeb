import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readConfig } from '../../src/core/config/read.ts'
import { editFor, intend } from '../../src/core/rollout/intend.ts'
import { readSnapshot } from '../../src/core/rollout/snapshot.ts'

const page = readFileSync(new URL('../../docs/blue-green.md', import.meta.url), 'utf8')

function fence(word: string): string {
  return new RegExp(`^\`\`\`yaml ${word}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page)?.[1] ?? ''
}

test('the example on the page makes the switch that it shows', () => {
  const config = readConfig(undefined)
  assert.ok(config.ok)
  const texts = new Map([['web.yaml', fence('before')]])
  const { snapshot } = readSnapshot({ entries: [{ path: 'web.yaml', type: 'file' }], texts, config: config.value })
  const wish = { kind: 'switch', version: 'green', service: undefined, environment: undefined } as const
  const change = intend({ snapshot, base: undefined, changed: [] }, wish)
  assert.ok(change.ok)
  const edit = editFor(change.value, undefined)
  assert.ok(edit.ok)
  assert.deepEqual([...edit.value.files], [['web.yaml', fence('after')]])
})

test('the config on the page is valid', () => {
  assert.equal(readConfig(fence('config')).ok, true)
})
