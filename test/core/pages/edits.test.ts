/** The effect of each edit on the bytes of small texts in many styles of YAML, or the refusal. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diffLines } from 'diff'
import { isRecord, type JsonValue, type Path } from '../../../src/core/manifest/data.ts'
import { type AnyEdit, editManifest } from '../../../src/core/manifest/edit/edit.ts'
import { itemLines, yamlText } from '../../../src/core/manifest/edit/items.ts'
import { keyText, valueText } from '../../../src/core/manifest/edit/style.ts'
import { parseManifest } from '../../../src/core/manifest/parse.ts'
import { applyValues } from '../../../src/core/promotion/apply-values.ts'
import { assertPage } from './page.ts'

const TEXTS: readonly string[] = [
  'a: 1\nb: x\nc:\n  d: 2\n  e: [1, 2]\n',
  'a: 1\nb:\n- c: 1\n  d: 2\n- c: 3\n',
  'a:\n  - 1\n  - 2 # two\n  # about three\n  - 3\nb: y',
  '# top\na: 1 # one\n\n# about b\nb: 2\n# about c and d\nc: 3\nd: 4\n',
  'a:\n    b:\n        c: 1\n    # deeper\n        # deepest\nd: 2\n',
  'a: {b: 1, c: {d: x}, e: []}\nf: {}\ng: { h: 1 }\n',
  'a: [{b: 1, c: 2}, {b: 3}, 4]\n',
  'a: {\n  b: 1,\n  c: 2,\n}\n',
  'a: [\n  1,\n  2 # two\n]\n',
  '{"a": 1, "b": [{"c": 2}], "d": {"e": "x"}}\n',
  '{\n  "a": 1,\n  "b": [\n    1,\n    2\n  ]\n}\n',
  'a:\nb: ~\nc: null # none\nd: []\ne: {}\nf: ""\n',
  'a: # empty\n  b: 1\nc: # null\n  d: 2\n',
  'a: |\n  one\n  two\nb: >-\n  three\n\n  four\nc: 1\n',
  "a: \"x\\n y\"\nb: 'it''s'\nc: plain words\nd: a:b\n",
  'a: &x 1\nb: *x\nc: &y {d: 1}\ne: *y\n',
  'a: &x\n  b: 1\n  c: 2\nd:\n  <<: *x\n  c: 3\n',
  'a: !!str 1\nb: !t {c: 1}\n? d\n: 1\n"e": 2\n? "f"\n: {g: 1}\n',
  'a: 1\r\nb:\r\n  - c: 1\r\n    d: 2\r\n  - c: 3\r\n',
  '\uFEFFa: 1\nb: 2\n',
  '---\na: 1\n---\nb: 2\n...\n',
  '%YAML 1.2\n---\na: 1\n',
  'a:\n- - 1\n  - 2\n- - 3\nb:\n-   c: 1\n    d: 2\n-   c: 3\n',
  'a:\n-\n  b: 1\n-\n  b: 2\n',
  'a: 0x10\nb: 1_000\nc: 1.5\nd: 1e3\ne: .5\nf: "5"\ng: true\nh: yes\n',
  'a: {{ .Values.x }}\nb: 1\n',
  'a: ${x}\nb: "${y}"\nc: [${z}]\n',
  'a: 1\na: 2\nb: 3\n',
  'a:\n\tb: 1\n',
  'long:\n  key: word word\n    more words\n  next: 1\n',
  'a: {b: 1 #one\n  , c: 2}\nd: #two\n  #three\n  - 1 #four\n  #five\n  - 2\n',
  'a: [1, # one\n  2,\n  {b: 1, # b\n   c: 2}]\n',
  '- 1\n- a: 1\n  b: 2\n- [x]\n',
  'a: 1\nb:\n  - c: 1\n    d: 2 # two\n  - c: 3\n    d: {e: 4}',
  'a:\r\n  - 1\r\n  - b: 2\r\nc: 3',
  'a: 1\r\nb:\r\n  - 1\r\n  - 2',
  'a:\n  b: 1 # b\n  # last of a\n# about c\nc:\n  # first of c\n  d: 1\n',
]

/** Every path of some data, parents first. */
function pathsOf(data: unknown, path: Path = []): readonly Path[] {
  const inner = Array.isArray(data)
    ? data.flatMap((item: unknown, index) => pathsOf(item, [...path, index]))
    : isRecord(data)
      ? Object.entries(data).flatMap(([key, value]) => pathsOf(value, [...path, key]))
      : []
  return path.length === 0 ? inner : [path, ...inner]
}

/** The lines that are removed and added. */
function change(before: string, after: string): string {
  if (before === after) return 'the same'
  const lines = diffLines(before, after).flatMap(({ added, removed, value }) =>
    added || removed ? [`${added ? '+' : '-'}${JSON.stringify(value)}`] : [],
  )
  return lines.join(' ')
}

function edited(text: string, edits: readonly AnyEdit[]): string {
  const manifest = parseManifest('a.yaml', text)
  if (!manifest.ok) return manifest.error.code
  const done = editManifest(manifest.value, edits)
  return done.ok ? change(text, done.value) : `${done.error.code} ${done.error.path.join('.')}:${done.error.line}`
}

function editsAt(document: number, path: Path, data: unknown): readonly (readonly [string, readonly AnyEdit[]])[] {
  const set = (value: string | number | undefined, more: Path = []): AnyEdit => ({
    kind: 'set',
    document,
    path: [...path, ...more],
    value,
  })
  const isItem = typeof path.at(-1) === 'number'
  return [
    ['= 7', [set(7)]],
    ['= y', [set('y')]],
    ['gone', [set(undefined)]],
    ...(isItem
      ? ([
          ['dropped', [{ kind: 'drop', document, path }]],
          [
            'copied',
            [
              {
                kind: 'copy',
                document,
                path,
                values: [
                  { path: ['c'], value: 9 },
                  { path: ['b'], value: undefined },
                ],
              },
            ],
          ],
        ] as const)
      : []),
    ...(Array.isArray(data)
      ? ([
          ['+ item', [{ kind: 'append', document, path, item: { k: 1, l: 'm n' } }]],
          ['+ nested', [{ kind: 'append', document, path, item: { k: { l: [1, 'two\nlines\n'] } } }]],
        ] as const)
      : []),
    ...(isRecord(data)
      ? ([
          ['+ keys', [set('v', ['new/key']), set(1, ['other'])]],
          ['+ deep', [set('v', ['new', 'x', 'y'])]],
          ['- and +', [set(undefined, [Object.keys(data)[0] ?? '']), set('v', ['new'])]],
        ] as const)
      : []),
  ]
}

function valueIn(data: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (now, key) => (Array.isArray(now) ? now[Number(key)] : isRecord(now) ? now[key] : undefined),
    data,
  )
}

function ofText(text: string): readonly string[] {
  const manifest = parseManifest('a.yaml', text)
  if (!manifest.ok) return [manifest.error.code]
  return manifest.value.documents.flatMap(({ data }, document) => {
    const paths = pathsOf(data)
    const single = paths.flatMap((path) => {
      const value = valueIn(data, path)
      const puts: readonly JsonValue[] = [5, true, null, 'two\nlines\n', [1, { x: 'y' }], { k: { l: 'm' } }, {}]
      const put = puts.map((after) => {
        const done = applyValues('a.yaml', text, [{ kind: 'set', document, path, before: undefined, after }])
        return `${path.join('.')} put ${JSON.stringify(after)}: ${done === undefined ? 'no' : change(text, done)}`
      })
      return [
        ...editsAt(document, path, value).map(([name, edits]) => `${path.join('.')} ${name}: ${edited(text, edits)}`),
        ...(document === 0 && path.length < 3 ? put : []),
      ]
    })
    const all: readonly AnyEdit[] = paths.flatMap((path): AnyEdit[] =>
      typeof valueIn(data, path) === 'number' ? [{ kind: 'set', document, path, value: 7 }] : [],
    )
    const top: readonly AnyEdit[] = [{ kind: 'append', document, path: ['list'], item: { k: 1 } }]
    const first = pathsOf(data)[0] ?? []
    const inserted = applyValues('a.yaml', text, [
      { kind: 'insert', document, path: [...first, 0], before: undefined, after: { k: [1], l: 'm' } },
    ])
    return [
      ...single,
      `all numbers = 7: ${edited(text, all)}`,
      `+ list: ${edited(text, top)}`,
      `item before the first: ${inserted === undefined ? 'no' : change(text, inserted)}`,
    ]
  })
}

test('the result of each edit is on a page that somebody has approved', () => {
  assertPage('edits.md', Object.fromEntries(TEXTS.map((text) => [JSON.stringify(text), ofText(text)])))
})

test('values and keys are written so that they are read as what they are', () => {
  const words = [
    'a',
    'a b',
    'yes',
    'No',
    'nullx',
    'null',
    '~',
    '1',
    '1x',
    '-',
    '- a',
    'a: b',
    'a #b',
    '#a',
    '{a',
    '[a',
    '*a',
    '&a',
    '!a',
    '|',
    '>',
    '%a',
    '@a',
    '`a',
    '"a',
    "it's",
    '',
    ' a',
    'a ',
    'a\nb',
    '0x1',
    '1e3',
    '.5',
    '2026-01-01',
    'true',
    'on',
    'y',
    'Y',
    '=',
    '<<',
    'a/b.c',
    'é',
    'a\tb',
    'a\u007fb',
    'a\u0085b',
    'a\u2028b',
    'a\ufeffb',
  ]
  const items: readonly JsonValue[] = [
    1,
    'a',
    'a\nb\n',
    [1, [2]],
    { a: 1 },
    { a: { b: 1 }, c: [] },
    { a: 'x\ny\n' },
    {},
    [],
    null,
  ]
  assert.equal(valueText(7), '7')
  assertPage('edits-values.md', {
    values: words.map((word) => `${JSON.stringify(word)} → ${valueText(word)} · ${keyText(word, undefined)}`),
    yamlText: items.map(
      (item) =>
        `${JSON.stringify(item)} → ${JSON.stringify([yamlText(item, { flow: true }), yamlText(item, { flow: false }), yamlText(item, { flow: false, indentSeq: false })])}`,
    ),
    itemLines: items.flatMap((item) =>
      [true, false].map(
        (isFlow) =>
          `${JSON.stringify(item)} → ${JSON.stringify(itemLines(item, { column: 2, gap: 4, eol: '\r\n', isFlow }))}`,
      ),
    ),
  })
})
