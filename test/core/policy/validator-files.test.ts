/** The files that validators read, and the objects that an API server is asked about. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRendered } from '../../../src/core/diff/objects.ts'
import { crdFiles, crdsFrom } from '../../../src/core/policy/crds.ts'
import { planDryRun, withholder } from '../../../src/core/policy/dry-run.ts'
import { lintSettingsIn, missingSettings, withoutDirectives } from '../../../src/core/policy/lint.ts'
import { schemaFiles, schemasFrom } from '../../../src/core/policy/schemas.ts'

const file = (path: string) => ({ path, type: 'file' as const })

test('a validator gets the files of its folder, sorted, and no links', () => {
  const entries = [
    ...['s/b.json', 's/a/c.json', 's/a.yaml', 's2/d.json', 's/x.JSON', 'e.json'].map(file),
    { path: 's/link.json', type: 'symlink' as const },
  ]
  assert.deepEqual(schemaFiles(entries, './s/'), ['s/a/c.json', 's/b.json'])
  assert.deepEqual(schemaFiles(entries, ''), ['e.json', 's/a/c.json', 's/b.json', 's2/d.json'])
  assert.deepEqual(crdFiles(entries, 's'), ['s/a.yaml'])
})

test('schemas are named by their path below the folder, and one that is missing is named', () => {
  const texts = new Map([
    ['s/a.json', '{}'],
    ['s/b/c.json', '{}'],
  ])
  const names = (paths: readonly string[], folder: string) => {
    const read = schemasFrom(paths, texts, folder)
    return read.ok ? [...read.value.keys()] : read.error.map(({ code, file: path }) => `${code} ${path ?? ''}`.trim())
  }
  assert.deepEqual(names(['s/a.json', 's/b/c.json'], 's'), ['a.json', 'b/c.json'])
  assert.deepEqual(names(['s/a.json'], ''), ['s/a.json'])
  assert.deepEqual(names(['s/a.json', 's/gone.json'], 's'), ['not-text s/gone.json'])
  assert.deepEqual(names([], 's'), ['no-schemas'])
  assert.deepEqual(
    names(
      Array.from({ length: 2_001 }, () => 's/a.json'),
      's',
    ),
    ['too-many'],
  )
})

const CRD = 'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: a }\n'

test('definitions of kinds are read document by document, with the line where each begins', () => {
  const texts = new Map([
    ['c/all.yaml', `kind: ConfigMap\n---\n${CRD}---\n${CRD}`],
    ['c/one.yaml', CRD],
    ['c/none.yaml', 'kind: ConfigMap\n'],
  ])
  const read = (...paths: readonly string[]) => {
    const found = crdsFrom(paths, texts)
    return found.ok
      ? found.value.map(({ file: path, line }) => `${path}:${line}`)
      : found.error.map(({ code, file: path }) => `${code} ${path ?? ''}`.trim())
  }
  assert.deepEqual(read('c/all.yaml', 'c/one.yaml', 'c/none.yaml'), ['c/all.yaml:2', 'c/all.yaml:6', 'c/one.yaml:1'])
  assert.deepEqual(read('c/none.yaml'), ['no-crds'])
  assert.deepEqual(read('c/one.yaml', 'c/gone.yaml'), ['not-text c/gone.yaml'])
  assert.deepEqual(read(...Array.from({ length: 2_001 }, () => 'c/one.yaml')), ['too-many'])
})

test('the settings of yamllint may extend a file of the base branch, and every file that they name must be there', () => {
  const settings = (text: string): ReadonlyMap<string, string> => new Map([['.yamllint', text]])
  const named = (text: string): readonly string[] => lintSettingsIn(settings(text)).slice(3)
  assert.deepEqual(named('extends: relaxed\n'), [])
  assert.deepEqual(named('extends: default\n'), [])
  assert.deepEqual(named('extends: ci/lint.yaml\n'), ['ci/lint.yaml'])
  assert.deepEqual(named('rules:\n  indentation: { ignore-from-file: .ignored }\n  braces: enable\n'), ['.ignored'])
  assert.deepEqual(named('rules: disable\nextends: [a.yaml]\nignore-from-file: 3\n'), [])
  const missing = (text: string, ...more: readonly string[]): readonly string[] =>
    missingSettings(new Map([...settings(text), ...more.map((path) => [path, ''] as const)])).map(({ path }) => path)
  assert.deepEqual(missing('extends: ./ci/lint.yaml\n'), ['./ci/lint.yaml'])
  assert.deepEqual(missing('extends: ./ci/lint.yaml\n', 'ci/lint.yaml'), [])
  assert.deepEqual(missing('extends: /etc/lint.yaml\n', 'etc/lint.yaml', ''), [])
})

test('a file cannot switch yamllint off, and keeps its length', () => {
  const text = 'a: 1 # yamllint disable-line\n#yamllint disable\n# YAMLLINT  disable\n# yamllintish, yamllint\n'
  const without = withoutDirectives(text)
  assert.equal(without.length, text.length)
  assert.equal(
    without,
    'a: 1 # yamllin_ disable-line\n#yamllin_ disable\n# yamllin_  disable\n# yamllintish, yamllint\n',
  )
})

test('an API server is asked about what a pull request adds or changes, and never gets a secret', () => {
  const objects = (...texts: readonly string[]) => {
    const parsed = parseRendered(texts.join('---\n'))
    assert.ok(parsed.ok)
    return parsed.objects
  }
  const map = (name: string, value: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { a: ${value} }\n`
  const secret =
    'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { password: correct-horse-battery }\n'
  const before = objects(map('same', 'x'), map('changed', 'x'), map('gone', 'x'))
  const after = objects(
    map('same', 'x'),
    map('changed', 'y'),
    map('copy', 'correct-horse-battery'),
    secret,
    map('added', 'x').replace('ConfigMap', 'Widget'),
  )
  const planned = (ignore: readonly string[]) => {
    const { asked, withheld } = planDryRun({ before, after, ignore }, withholder(after, []))
    const nameOf = (index: number): string => after[index]?.name ?? ''
    return [...asked.map(nameOf), ...withheld.map(({ code, object }) => `${nameOf(object)} ${code}`)]
  }
  assert.deepEqual(planned([]), ['changed', 'added', 'copy secret-copy', 's secret'])
  assert.deepEqual(planned(['Widget']), ['changed', 'copy secret-copy', 's secret'])
})
