/** Large definitions are read without their schemas, and the rest of them is read as usual. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { stringify } from 'yaml'
import { diffRendered } from '../../../src/core/diff/changes.ts'
import { parseRendered, type RenderedObject, wholeObject } from '../../../src/core/diff/objects.ts'
import { isRecord, type JsonValue } from '../../../src/core/manifest/data.ts'
import { readDefinition, shortDefinition } from '../../../src/core/manifest/definition.ts'
import { readDocuments } from '../../../src/core/manifest/yaml/documents.ts'

/** Filler that makes a definition large. */
const LONG = Array.from({ length: 1_500 }, (_, line) => `          # filler that nobody reads ${line}`).join('\n')

function definition(schema: string, more = ''): string {
  return `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: webs.example.com
spec:
  group: example.com
  names: { kind: Web, plural: webs }
  versions:
  - name: v1
    schema:
      openAPIV3Schema:
        type: object
${LONG}
${schema}
    served: true
    storage: true
${more}`
}

function whole(text: string): JsonValue {
  const read = readDocuments(text, { budget: Infinity })
  assert.ok(read.ok)
  return read.documents[0]?.data ?? null
}

function objects(text: string): readonly RenderedObject[] {
  const parsed = parseRendered(text)
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return parsed.objects
}

/** The same with the value of each schema, text or data, as the texts are shown. */
function withoutValues(data: JsonValue): JsonValue {
  if (Array.isArray(data)) return data.map((item: JsonValue) => withoutValues(item))
  if (!isRecord(data)) return data
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, key === 'openAPIV3Schema' ? '…' : withoutValues(value)]),
  )
}

const FIELD = '        properties: { size: { type: integer } }'

test('a large definition is read without its schema, and completely on request', () => {
  const text = definition(FIELD)
  const [object] = objects(text)
  assert.ok(object?.abridged)
  assert.deepEqual(shortDefinition(object.data), withoutValues(whole(text)))
  assert.deepEqual(wholeObject(object).data, whole(text))
  assert.equal(object.abridged.lines, 1_502)
  // Its last line may have no line break.
  assert.deepEqual(objects(text.trimEnd())[0]?.data, object.data)
})

test('several versions, quotes over lines, block scalars and comments keep their places', () => {
  const text = `${definition(`        description: 'what
          it is: "a''b" {
          openAPIV3Schema:

          still the text'
        example: |-
          openAPIV3Schema:
        served: not this one
        # a comment
        x-list: [a,
          {b: c}]`)}
  - name: v2
    schema:
      openAPIV3Schema:
        type: object
        # last`
  const [object] = objects(text)
  assert.ok(object?.abridged)
  assert.deepEqual(shortDefinition(object.data), withoutValues(whole(text)))
})

test('whatever is in a schema, the rest of the definition reads the same', () => {
  const schema = fc.object({ maxDepth: 4, withNullPrototype: false, values: [fc.string(), fc.integer(), fc.boolean()] })
  fc.assert(
    fc.property(schema, fc.constantFrom(20, 80, 0), (value, lineWidth) => {
      const data = {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'a' },
        spec: {
          versions: [{ schema: { openAPIV3Schema: { ...value, long: `x${' y'.repeat(30_000)}` } }, name: 'v1' }],
        },
      }
      const text = stringify(data, { lineWidth })
      const read = readDefinition(text, Infinity)
      if (read !== undefined) assert.deepEqual(shortDefinition(read.data), withoutValues(whole(text)))
    }),
    { numRuns: 100 },
  )
})

test('a text whose schema could change its meaning is read as a whole', () => {
  const route = 'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web }\n'
  const own = 'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: a }\n'
  const long = `# ${'x'.repeat(60_000)}\n`
  const hidden = {
    'quotes that begin in one schema and end in the next': `${long}a:\n  openAPIV3Schema:\n    b: "\n${own}c: "\n${route}d: "\ne:\n  openAPIV3Schema:\n    f"\n`,
    'a bracket that closes in a schema': `${long}a: {\n  openAPIV3Schema:\n    b}\n${own}`,
    'a schema in braces': `${long}{\n${own.trimEnd().replaceAll('\n', ',\n')},\na: {\n  openAPIV3Schema:\n    b\n}}\n`,
    'an alias to what is in the schema': `${long}${own}a:\n  openAPIV3Schema:\n    b: &name c\nd: *name\n`,
    'an empty block scalar': `${long}${own}a:\n  openAPIV3Schema:\n    b: |\n  c: 1\n`,
    'a character that stands for a schema': `${long}${own}x: \uE03B0\na:\n  openAPIV3Schema:\n    b: 1\n`,
    'a value in the same column': `${long}${own}a:\n  openAPIV3Schema:\n  - b\n`,
    'another group': `${long}${own.replace('apiextensions.k8s.io', 'example.com')}a:\n  openAPIV3Schema:\n    b: 1\n`,
  }
  for (const [what, text] of Object.entries(hidden)) assert.equal(readDefinition(text, Infinity), undefined, what)
})

test('an added definition is shown without its schema, and its lines are counted', () => {
  const text = definition(FIELD)
  const [change] = diffRendered([], objects(text)).changes
  const lines = change?.hunks.flatMap((hunk) => hunk.lines) ?? []
  assert.equal(change?.unshown, 1_502)
  assert.equal(change?.additions, lines.length + 1_502)
  assert.ok(lines.includes('+        openAPIV3Schema: …'), lines.join('\n'))
  const [removed] = diffRendered(objects(text), []).changes
  assert.deepEqual([removed?.additions, removed?.deletions], [0, lines.length + 1_502])
})

test('changes in a schema are shown, and the order of keys is no change', () => {
  const [before, after] = [definition(FIELD), definition(FIELD.replace('integer', 'string'))].map(objects)
  assert.ok(before && after)
  const [change] = diffRendered(before, after).changes
  assert.deepEqual(
    change?.hunks.flatMap(({ lines }) => lines.filter((line) => !line.startsWith(' '))).map((line) => line.trim()),
    ['-              type: integer', '+              type: string'],
  )
  assert.equal(change?.unshown, 0)
  const ordered = [`        a: 1\n        b: 2`, `        b: 2\n        a: 1`].map((text) => objects(definition(text)))
  assert.deepEqual(diffRendered(ordered[0] ?? [], ordered[1] ?? []).changes, [])
})
