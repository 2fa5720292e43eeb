import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { structuredPatch } from 'diff'
import { parseDocument } from 'yaml'
import { type Edit, editManifest } from '../../src/core/manifest/edit/edit.ts'
import { type ManifestObject, parseManifest } from '../../src/core/manifest/parse.ts'

const page = readFileSync(new URL('../../docs/weights.md', import.meta.url), 'utf8')

function fences(word: string): readonly string[] {
  return [...page.matchAll(/^```yaml ([\w-]+)\n([\s\S]*?)^```$/gm)].flatMap(([, name, body = '']) =>
    name === word ? [body] : [],
  )
}

const befores = fences('before')
const afters = fences('after')

/** The first file has a third destination, which keeps its 20. */
const stableOf = (index: number): number => (index === 0 ? 55 : 75)

function changes(
  { at }: Pick<ManifestObject, 'at'>,
  stable: number,
): readonly (readonly [Edit['path'], string | number])[] {
  const route = [...at, 'spec', 'http', 0, 'route']
  return [
    [[...route, 0, 'weight'], stable],
    [[...route, 1, 'weight'], 25],
    [[...at, 'metadata', 'annotations', 'perch.dev/canary-percentage'], '25'],
  ]
}

function edited(text: string, stable: number): string {
  const manifest = parseManifest('page.yaml', text)
  if (!manifest.ok) return manifest.error.code
  const object = manifest.value.objects.find(({ kind }) => kind === 'VirtualService')
  assert.ok(object !== undefined)
  const edits = changes(object, stable).map(([path, value]): Edit => ({
    kind: 'set',
    document: object.document,
    path,
    value,
  }))
  const result = editManifest(manifest.value, edits)
  return result.ok ? result.value : result.error.code
}

function throughLibrary(text: string, stable: number): string {
  const document = parseDocument(text)
  const at = document.get('kind') === 'List' ? ['items', 1] : []
  for (const [path, value] of changes({ at }, stable)) document.setIn(path, value)
  return document.toString()
}

/** The numbers of a pull request: `−2 +4`. */
function lines(before: string, after: string): string {
  const all = structuredPatch('a', 'b', before, after).hunks.flatMap((hunk) => hunk.lines)
  return `−${all.filter((line) => line.startsWith('-')).length} +${all.filter((line) => line.startsWith('+')).length}`
}

const comments = (text: string): number => (text.match(/(?<=^|\s)#/gm) ?? []).length

function row(way: (text: string, stable: number) => string): string {
  const results = befores.map((text, index) => way(text, stableOf(index)))
  const touched = results.map((result, index) => lines(befores[index] ?? '', result))
  const lost = results.reduce((sum, result, index) => sum + comments(befores[index] ?? '') - comments(result), 0)
  return [...touched, lost, 0].join(' | ')
}

test('each pair on the page is the result of the edit', () => {
  assert.equal(befores.length, 3)
  assert.deepEqual(
    befores.map((text, index) => edited(text, stableOf(index))),
    afters,
  )
})

test('each refusal on the page has that code, and every code has a row', () => {
  for (const code of ['odd-number', 'anchored', 'template'])
    assert.deepEqual(
      fences(code).map((text) => edited(text, 75)),
      [code],
    )
  const codes = [
    'odd-number',
    'anchored',
    'aliased',
    'template',
    'block-text',
    'no-place',
    'not-yaml',
    'alias-bomb',
    'too-large',
    'would-leak',
  ]
  for (const code of codes) assert.match(page, new RegExp(`^\\|.*\`${code}\`.*\\|.*\\|.*\\|$`, 'm'))
})

test('the table of comparisons has the numbers of this run', () => {
  assert.ok(page.includes(`| Perch | ${row(edited)} |`), row(edited))
  assert.ok(page.includes(`| \`yaml\` | ${row(throughLibrary)} |`), row(throughLibrary))
})
