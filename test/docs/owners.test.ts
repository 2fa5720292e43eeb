import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readConfig } from '../../src/core/config/read.ts'
import { editFor, intend } from '../../src/core/rollout/intend.ts'
import { readSnapshot } from '../../src/core/rollout/snapshot.ts'

for (const name of ['flagger', 'argo-rollouts'])
  test(`the page of ${name} limits what it shows`, () => {
    const page = readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8')
    const fence = (word: string): string =>
      new RegExp(`^\`\`\`yaml ${word}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page)?.[1] ?? ''
    const config = readConfig(undefined)
    assert.ok(config.ok)
    const texts = new Map([['web.yaml', fence('before')]])
    const { snapshot } = readSnapshot({ entries: [{ path: 'web.yaml', type: 'file' }], texts, config: config.value })
    const wish = { kind: 'share', percent: 25, service: undefined, environment: undefined } as const
    const change = intend({ snapshot, base: undefined, changed: [] }, wish)
    assert.ok(change.ok, JSON.stringify(change))
    const edit = editFor(change.value, undefined)
    assert.ok(edit.ok)
    assert.deepEqual([...edit.value.files], [['web.yaml', fence('after')]])
  })
