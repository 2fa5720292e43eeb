import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { compiling } from './compile.ts'
import { EQUIVALENT, equivalentOf } from './equivalent.ts'
import { importersOf } from './importers.ts'
import { describe, mutantsOf, placeOf, withMutant } from './mutators.ts'
import { stretchAt, stretchesOf, withNotes } from './probes.ts'
import { testsFor } from './tests-for.ts'
import { openLab } from './trial.ts'

function changes(text: string): readonly string[] {
  return mutantsOf('a.ts', text)
    .filter(({ kind }) => kind !== 'return')
    .map((mutant) => `${mutant.kind}: ${withMutant(text, mutant)}`)
}

test('each kind of mutant changes its own place and leaves the rest', () => {
  const table: [string, ...string[]][] = [
    ['a <= b', 'comparison: a < b', 'comparison: a > b'],
    ['a % b', 'arithmetic: a * b'],
    ['!a', 'negation: a'],
    ['a || b', 'logic: a && b', 'operand: (a)', 'operand: (b)'],
    ['a ?? b', 'operand: (a)', 'operand: (b)'],
    ['a ? b : c', 'branch: (b)', 'branch: (c)'],
    ['[a, b]', 'item: [b]', 'item: [a]'],
    ['[...a]', 'spread: [...[]]'],
    ['({ ...a })', 'spread: ({ ...{} })'],
    ['a.some(b)', 'method: a.every(b)'],
    ['a.find(b)', 'method: a.findLast(b)'],
    ['a.find((b) => b.c)', 'method: a.findLast((b) => b.c)'],
    // A lookup by name gives the same result from either end.
    ['a.find(({ c }) => c === d)', 'comparison: a.find(({ c }) => c !== d)'],
    [
      'a.find((b) => b.c === d && b.e === f)',
      'logic: a.find((b) => b.c === d || b.e === f)',
      'operand: a.find((b) => (b.c === d))',
      'operand: a.find((b) => (b.e === f))',
      'comparison: a.find((b) => b.c !== d && b.e === f)',
      'comparison: a.find((b) => b.c === d && b.e !== f)',
    ],
    ['a.filter(b).x', 'call: a.x'],
    ['/^a+$/i', 'pattern: /a+$/i', 'pattern: /^a+/i', 'pattern: /^a*$/i', 'pattern: /^a+$/'],
  ]
  for (const [text, ...expected] of table) {
    const head = 'export const x = '
    assert.deepEqual(
      changes(head + text),
      expected.map((change) => change.replace(': ', `: ${head}`)),
      text,
    )
  }
  assert.deepEqual(changes('if (a) b()'), ['negation: if (!(a)) b()', 'guard: {}', 'statement: if (a) {}'])
  // Nobody would notice one second more.
  assert.deepEqual(changes('f(999, 60_000)'), [
    'statement: {}',
    'constant: f(1000, 60_000)',
    'constant: f(999, 120000)',
  ])
  assert.deepEqual(changes('f(1, true)'), ['statement: {}', 'constant: f(2, true)', 'constant: f(1, false)'])
})

test('a function returns something else, and types, strings and imports stay', () => {
  const text = "import a from 'b'\nexport type C = 1 | true\nexport const f = (x: 1 | 2): 'y' => 'z'\n"
  assert.deepEqual(
    mutantsOf('a.ts', text).map((mutant) => withMutant(text, mutant).split('=> ')[1]?.trim()),
    ['undefined', '[]', 'true', 'false', '0', "''"],
  )
})

test('a mutant is named by its place and by what it changes', () => {
  const text = 'const a = 1\n  const b = a\n    .filter(c)\n'
  const mutant = mutantsOf('src/a.ts', text).find(({ kind }) => kind === 'call')
  assert.ok(mutant !== undefined)
  assert.equal(placeOf(text, mutant), 'src/a.ts:2:13')
  assert.equal(describe(text, mutant), 'call: a .filter(c)  →  a')
})

test('mutants that do not parse or compile are left out, and do not hide the others', async () => {
  const file = 'src/core/stop/window.ts'
  const text = readFileSync(file, 'utf8')
  const sums = mutantsOf(file, text).filter(({ kind }) => kind === 'arithmetic')
  const [good] = sums
  assert.ok(good !== undefined)
  const bad = { ...good, text: ' <= (' }
  const untyped = { ...good, start: text.length, end: text.length, text: "export const no: number = 'word'\n" }
  assert.deepEqual(await compiling([bad, good, untyped]), [good])
})

test('a source records which of its stretches run, and the innermost one around a place tells whether that ran', () => {
  const text = `
    const pick = (a, b = 1) => (a ? b : [b])
    function f(a) {
      if (a > 1) return 'big'
      for (const x of [a]) if (x) continue
      return a ?? 'none'
    }
    f(2)
    f(0)
    pick(false)
  `
  const stretches = stretchesOf('a.js', text)
  const ran = new Uint8Array(50)
  runInNewContext(withNotes(text, stretches, 0), { globalThis: { mutateRan: ran } })
  const hasRun = (words: string): boolean => ran[stretchAt(stretches, text.indexOf(words))] === 1
  const expected = {
    'const pick': true,
    "return 'big'": true,
    'for (const': true,
    continue: false,
    "'none'": false,
    '[b]': true,
  }
  for (const [words, isRun] of Object.entries(expected)) assert.equal(hasRun(words), isRun, words)
  assert.equal(hasRun('b : [b]'), false)
})

test('a file is loaded again with everything that imports it, and its own imports stay', () => {
  const found = importersOf('src/core/stop/window.ts')
  for (const file of ['src/core/stop/window.ts', 'src/flows/judgement/restraints.ts', 'test/flows/world.ts'])
    assert.ok(found.has(file), file)
  for (const file of ['src/core/result.ts', 'src/core/manifest/parse.ts', 'test/memory/memo.ts'])
    assert.ok(!found.has(file), file)
})

test('a mutant that a test notices dies, one that none runs is named as such', async () => {
  const lab = openLab()
  try {
    const survey = await lab.survey(['test/core/command/head-age.test.ts'])
    assert.deepEqual(survey.failing, [])
    const mutants = (file: string) => mutantsOf(file, readFileSync(file, 'utf8'))
    const [mutant] = mutants('src/core/command/head-age.ts').filter(({ kind }) => kind === 'comparison')
    const [other] = mutants('src/core/layer/place.ts').filter(({ kind }) => kind === 'comparison')
    assert.ok(mutant !== undefined && other !== undefined)
    assert.equal(await lab.trial(mutant, survey), 'failed')
    assert.equal(await lab.trial({ ...mutant, text: readBack(mutant) }, survey), 'survived')
    assert.equal(await lab.trial(other, survey), 'not run by any test')
  } finally {
    lab.close()
  }
})

test('if few tests run a part of the changed text, they are tried first', () => {
  const file = 'src/core/stop/window.ts'
  const text = readFileSync(file, 'utf8')
  const mutant = mutantsOf(file, text).find(({ kind }) => kind === 'guard')
  assert.ok(mutant !== undefined)
  const stretches = stretchesOf(file, text)
  const around = stretchAt(stretches, mutant.start)
  const guarded = stretchAt(stretches, mutant.end - 1)
  const test = (name: string, ms: number, ran: readonly number[]) => ({
    file: 'a',
    index: 0,
    name,
    ms,
    ran: { [file]: ran },
  })
  const tests = [test('passes by', 1, [around]), test('fast', 2, [around, guarded]), test('slow', 3, [around, guarded])]
  const rest = Array.from({ length: 40 }, (_, index) => ({ ...test(`other ${index}`, 4, []), ran: {} }))
  const chosen = testsFor(mutant, { type: 'surveyed', tests: [...tests, ...rest], loading: {}, failing: [] })
  assert.deepEqual(
    chosen.map(({ name }) => name),
    ['fast', 'slow', 'passes by'],
  )
})

test('for a constant, the tests that use it are tried before those that only load it', () => {
  const file = 'src/core/config/duration.ts'
  const text = readFileSync(file, 'utf8')
  const mutant = mutantsOf(file, text).find(({ kind }) => kind === 'pattern')
  assert.ok(mutant !== undefined)
  const user = 'src/core/config/read.ts'
  const readerText = readFileSync(user, 'utf8')
  const reader = stretchAt(stretchesOf(user, readerText), readerText.indexOf('Config.safeParse'))
  const footprint = { index: 0, ms: 9, ran: { [file]: [1], [user]: [reader] } }
  const loaded = { ...footprint, name: 'other', file: 'test/flows/calm.test.ts', ms: 1, ran: { [file]: [1] } }
  const tests = [
    loaded,
    { ...footprint, name: 'far', file: 'test/flows/calm.test.ts', ms: 1 },
    { ...footprint, name: 'near', file: 'test/core/config/config.test.ts' },
    ...Array.from({ length: 20 }, () => ({ ...loaded, ms: 9, file: 'b', ran: {} })),
  ]
  const loading = Object.fromEntries(tests.slice(0, 3).map((one) => [one.file, { [file]: [0] }]))
  const chosen = testsFor(mutant, { type: 'surveyed', tests, loading, failing: [] })
  assert.deepEqual(
    chosen.map(({ name }) => name),
    ['near', 'far', 'other'],
  )
})

/** The text at a mutant's place. As its replacement it changes nothing. */
function readBack({
  file,
  start,
  end,
}: {
  readonly file: string
  readonly start: number
  readonly end: number
}): string {
  return readFileSync(file, 'utf8').slice(start, end)
}

test('each mutant in the list of equivalent ones still exists', () => {
  const found = new Set(
    [...new Set(EQUIVALENT.map(({ file }) => file))].flatMap((file) =>
      mutantsOf(file, readFileSync(file, 'utf8')).map(equivalentOf),
    ),
  )
  for (const one of EQUIVALENT) assert.ok(found.has(one), `${one.file}: ${one.line} → ${one.becomes}`)
})
