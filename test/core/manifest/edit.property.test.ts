import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseAllDocuments } from 'yaml'
import { compose } from '../../../src/core/manifest/yaml/compose.ts'
import { type Edit, editManifest } from '../../../src/core/manifest/edit/edit.ts'
import { valueAt } from '../../../src/core/manifest/data.ts'
import { type ManifestObject, parseManifest } from '../../../src/core/manifest/parse.ts'
import { drawnCount } from '../../drawn.ts'
import { routeText, type Style, styles } from './texts.ts'

interface Place {
  readonly object: ManifestObject
  readonly entries: Edit['path']
}

function placeIn(text: string, style: Style, entries: Edit['path']): Place {
  const manifest = parseManifest('route.yaml', text)
  assert.ok(manifest.ok, `${JSON.stringify(manifest)}\n${text}`)
  const object = manifest.value.objects.find(({ kind }) => kind === style.kind)
  assert.ok(object !== undefined, text)
  return { object, entries: [...object.at, ...entries] }
}

function change(text: string, edits: readonly Edit[]): string {
  const manifest = parseManifest('route.yaml', text)
  assert.ok(manifest.ok)
  const edited = editManifest(manifest.value, edits)
  assert.ok(edited.ok, `${JSON.stringify(edited)}\n${text}`)
  return edited.value
}

const NOTES = { 'canary-percentage': '25', 'canary-version': 'v2: #1', pr: '12', steps: '5,25,50,100' }

function edits(
  { object, entries }: Place,
  weights: readonly number[],
  notes: Record<string, string | undefined>,
): Edit[] {
  const { document, at } = object
  return [
    ...weights.map((value, index): Edit => ({ kind: 'set', document, path: [...entries, index, 'weight'], value })),
    ...Object.entries(notes).map(([key, value]): Edit => ({
      kind: 'set',
      document,
      path: [...at, 'metadata', 'annotations', `perch.dev/${key}`],
      value,
    })),
  ]
}

const GONE = Object.fromEntries(Object.keys(NOTES).map((key) => [key, undefined]))

test('only lines with a weight or an annotation change, the total stays, and back again gives the same bytes', () => {
  fc.assert(
    fc.property(styles, fc.integer({ min: 0, max: 100 }), (style, percent) => {
      const { text, entries } = routeText(style)
      const place = placeIn(text, style, entries)
      const total = style.weights[0] + style.weights[1]
      const canary = Math.floor((total * percent) / 100)
      const there = change(text, edits(place, [total - canary, canary], NOTES))

      const before = text.split(/\r?\n/)
      for (const line of there.split(/\r?\n/)) {
        const at = before.indexOf(line)
        if (at !== -1) before.splice(at, 1)
        else assert.match(line, /weight:|perch\.dev|annotations|"b c"/, `${line}\n${there}`)
      }
      for (const line of before) assert.match(line, /weight:|annotations|metadata|"b c"/, `${line} is lost\n${there}`)

      const now = placeIn(there, style, entries)
      const items = valueAt(now.object.data, entries)
      assert.ok(Array.isArray(items))
      assert.equal(
        items.reduce((sum: number, item: { weight: number }) => sum + item.weight, 0),
        total,
      )
      assert.equal(change(there, edits(now, style.weights, GONE)), text)
    }),
    { numRuns: drawnCount(266, 800) },
  )
})

test('a copy of an entry leaves every old byte in place, and says what the entry says', () => {
  fc.assert(
    fc.property(styles, fc.constantFrom(0, 1), (style, index) => {
      const { text, entries } = routeText(style)
      const { object, entries: list } = placeIn(text, style, entries)
      const there = change(text, [
        { kind: 'copy', document: object.document, path: [...list, index], values: [{ path: ['weight'], value: 7 }] },
      ])
      const items = valueAt(placeIn(there, style, entries).object.data, entries)
      const old = valueAt(object.data, entries)
      assert.ok(Array.isArray(items) && Array.isArray(old))
      assert.deepEqual(items, old.toSpliced(index + 1, 0, { ...old[index], weight: 7 }))
      assert.equal(there.length - text.length > 10, true)
      assert.deepEqual(there.match(/#[^\r\n]*/g), text.match(/#[^\r\n]*/g))
    }),
    { numRuns: drawnCount(166, 500) },
  )
})

/** A valid file after a few typing mistakes. */
const mutated = fc
  .tuple(
    styles,
    fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        cut: fc.integer({ min: 0, max: 4 }),
        put: fc.oneof(
          fc.string({ maxLength: 3 }),
          fc.constantFrom(
            '&a ',
            '*a',
            '<<: *a',
            '- ',
            ': ',
            '|',
            '"',
            '{{ x }}',
            '!!int ',
            '---\n',
            '\t',
            '#',
            '[',
            '}',
          ),
        ),
      }),
      { maxLength: 4 },
    ),
  )
  .map(([style, slips]) =>
    slips.reduce((text, { at, cut, put }) => {
      const start = Math.floor(at * text.length)
      return text.slice(0, start) + put + text.slice(start + cut)
    }, routeText(style).text),
  )

test('a value that would break the YAML is refused, and an accepted edit is exact', () => {
  fc.assert(
    fc.property(fc.oneof(mutated, fc.string(), fc.string({ unit: 'binary' })), (text) => {
      const manifest = parseManifest('route.yaml', text)
      if (!manifest.ok) return
      for (const object of manifest.value.objects) {
        const path = object.kind === 'HTTPRoute' ? ['spec', 'rules', 0, 'backendRefs'] : ['spec', 'http', 0, 'route']
        const place: Place = { object, entries: [...object.at, ...path] }
        const edited = editManifest(manifest.value, edits(place, [60, 40], NOTES))
        if (!edited.ok) continue
        const after = parseManifest('route.yaml', edited.value)
        assert.ok(after.ok, edited.value)
        assert.equal(after.value.documents.length, manifest.value.documents.length)
        for (const [index, { data }] of manifest.value.documents.entries()) {
          const now: unknown = after.value.documents[index]?.data
          if (index !== object.document) assert.deepEqual(now, data)
          else assert.deepEqual(valueAt(now, [...place.entries, 1, 'weight']), 40)
        }
      }
    }),
    { numRuns: drawnCount(400, 1_200) },
  )
})

test('the parser finds the same documents, values and errors as that of yaml', () => {
  fc.assert(
    fc.property(fc.oneof(mutated, fc.string(), fc.string({ unit: 'binary' })), (text) => {
      const ours = compose(text)
      const theirs = parseAllDocuments(text, { uniqueKeys: false, prettyErrors: false, logLevel: 'error' })
      const documents = 'empty' in theirs ? [] : theirs
      const all = 'empty' in theirs ? theirs.errors : documents.flatMap((document) => document.errors)
      // Go accepts a comment without a space before it.
      const errors = all.filter(({ message }) => !message.startsWith('Comments must be separated'))
      assert.equal(ours.problem === undefined, errors.length === 0, JSON.stringify([ours.problem, errors[0]?.message]))
      if (ours.problem !== undefined) return
      const plain = (document: unknown): unknown => {
        try {
          return JSON.parse(JSON.stringify(document))
        } catch (error) {
          return error instanceof ReferenceError ? error.message : undefined
        }
      }
      assert.deepEqual(ours.documents.map(plain), documents.map(plain))
      assert.deepEqual(
        ours.documents.map(({ range }) => range),
        documents.map(({ range }) => range),
      )
    }),
    { numRuns: drawnCount(266, 800) },
  )
})
