/** How a promotion writes the texts that it carries: with the quotes of the source, and no others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseManifest } from '../../../src/core/manifest/parse.ts'
import { applyValues } from '../../../src/core/promotion/apply-values.ts'
import { carryFile } from '../../../src/core/promotion/carry-file.ts'
import { asWritten } from '../../../src/core/promotion/written.ts'

const RULES = {
  names: { source: () => false, target: () => false },
  secrets: [],
  service: undefined,
  versions: new Set<string>(),
}

/** The target's data after a promotion of the source's data. */
function carried(source: string, target: string): string | undefined {
  const object = (data: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\ndata:\n${data}`
  const { text } = carryFile(
    {
      source: { path: 'staging/a.yaml', text: object(source) },
      target: { path: 'production/a.yaml', text: object(target) },
    },
    RULES,
  )
  return text?.slice(object('').length)
}

test('a text without quotes stays without them', () => {
  for (const [source, old] of [
    ['3s', '5s'],
    ['http://web.example.com:80/a', 'http://web.example.com'],
    ['wait a moment', 'soon'],
    ['1.5.2', '1.5.1'],
    ['512Mi', '256Mi'],
    ['web:1.5', 'web:1.4'],
  ] as const)
    assert.equal(carried(`  a: ${source}\n`, `  a: ${old}      # why\n`), `  a: ${source}      # why\n`)
})

test('a text whose place in the target has quotes keeps them, and quotes of the source that the target does not need stay away', () => {
  assert.equal(carried('  a: 3s\n', '  a: "5s"\n'), '  a: "3s"\n')
  assert.equal(carried('  a: 3s\n', "  a: '5s'\n"), "  a: '3s'\n")
  assert.equal(carried('  a: "debug"\n', '  a: info\n'), '  a: debug\n')
})

test('a text that would be something else without quotes has them', () => {
  assert.equal(carried('  a: "1.5"\n', '  a: 1.4.0\n'), '  a: "1.5"\n')
  assert.equal(carried('  a: "true"\n', '  a: off-peak\n'), '  a: "true"\n')
})

test('a text from a line of its own is quoted between braces if it means something else there', () => {
  const source = '  a: one, two: three\n'.replace(': three', '')
  const object = 'metadata: { name: web }\nkind: ConfigMap\napiVersion: v1\n'
  const { text } = carryFile(
    {
      source: { path: 'staging/a.yaml', text: `${object}data:\n${source}` },
      target: { path: 'production/a.yaml', text: `${object}data: { a: zero }\n` },
    },
    RULES,
  )
  assert.equal(text, `${object}data: { a: "one, two" }\n`)
})

test('a new key has the bytes of the source', () => {
  assert.equal(carried("  a: x\n  b: 3s\n  c: 'it'\n", '  a: x\n'), "  a: x\n  b: 3s\n  c: 'it'\n")
})

test('the new tag of an image is written like that of the source', () => {
  const source = parseManifest('staging/kustomization.yaml', 'images:\n  - name: web\n    newTag: 1.5.0\n')
  assert.ok(source.ok)
  const edit = { kind: 'set', document: 0, path: ['images', 0, 'newTag'], before: '1.4.0', after: '1.5.0' } as const
  const text = 'images:\n  - name: web\n    newTag: 1.4.0   # as released\n'
  assert.equal(
    applyValues('production/kustomization.yaml', text, asWritten([edit], source.value)),
    text.replace('1.4.0', '1.5.0'),
  )
})
