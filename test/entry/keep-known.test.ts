import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readOnce } from '../../src/core/environment/file-cache.ts'
import { parseRendered } from '../../src/core/diff/objects.ts'
import { readConfig } from '../../src/core/config/read.ts'
import { keepKnown } from '../../src/entry/thread/keep-known.ts'
import { knownBefore } from '../../src/core/config/known-texts.ts'

const FILE = '.github/canary.yml'

test('a text is parsed once for all looks at its repository', () => {
  const knownOf = keepKnown()
  let reads = 0
  const read = (text: string): ReturnType<typeof readConfig> => {
    reads += 1
    return readConfig(text)
  }
  const look = (repository: number, text: string) =>
    readOnce(knownBefore(knownOf(repository)).configs, { file: FILE, text }, read)
  const first = look(1, 'branches: [main]\n')
  assert.equal(look(1, 'branches: [main]\n'), first)
  assert.equal(reads, 1)
  look(2, 'branches: [other]\n')
  assert.equal(look(1, 'branches: [main]\n'), first)
  assert.equal(reads, 2)
  assert.notEqual(look(1, 'branches: [other]\n'), first)
  assert.equal(reads, 3)
})

test('a document that was rendered before is not parsed again', () => {
  const { documents } = keepKnown()(1)
  const render = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`
  const [before, again] = ['b', 'c'].map((name) => parseRendered(`${render('a')}---\n${render(name)}`, documents))
  assert.ok(before?.ok === true && again?.ok === true)
  assert.equal(before.objects[0]?.data, again.objects[0]?.data)
})

test('texts that are too much to keep are still parsed only once per look', () => {
  const known = knownBefore(keepKnown()(1))
  const text = `# ${'x'.repeat(2_000_000)}\n`
  let reads = 0
  for (let turn = 0; turn < 3; turn += 1)
    readOnce(known.configs, { file: FILE, text }, (whole) => {
      reads += 1
      return readConfig(whole)
    })
  assert.equal(reads, 1)
})
