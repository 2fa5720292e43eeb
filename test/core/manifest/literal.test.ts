/** A text in a literal block is changed line by line. Unchanged lines keep their bytes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isScalar, parseDocument } from 'yaml'
import { replaceLiteral } from '../../../src/core/manifest/edit/literal.ts'

/** The file with another text under `a`. Undefined if the edit is refused. */
function changed(text: string, value: string): string | undefined {
  const scalar = parseDocument(text).get('a', true)
  assert.ok(isScalar(scalar))
  const splice = replaceLiteral(text, scalar, value)
  return splice === undefined ? undefined : text.slice(0, splice.start) + splice.text + text.slice(splice.end)
}

const TABLE: readonly (readonly [what: string, before: string, value: string, after: string])[] = [
  ['a line within', 'a: |\n  one\n  two\n  three\nb: 1\n', 'one\n2\nthree\n', 'a: |\n  one\n  2\n  three\nb: 1\n'],
  ['the first line', 'a: |\n  one\n  two\nb: 1\n', '1\ntwo\n', 'a: |\n  1\n  two\nb: 1\n'],
  ['one line more', 'a: |\n  one\n  two\nb: 1\n', 'one\nmore\ntwo\n', 'a: |\n  one\n  more\n  two\nb: 1\n'],
  ['one line less', 'a: |\n  one\n  two\n  three\nb: 1\n', 'one\nthree\n', 'a: |\n  one\n  three\nb: 1\n'],
  ['the last line of a file without a break', 'a: |-\n  one\n  two', 'one\n2', 'a: |-\n  one\n  2'],
  ['the only line of one', 'a: |-\n  one', '1', 'a: |-\n  1'],
  ['a line behind the last', 'a: |-\n  one', 'one\ntwo', 'a: |-\n  one\n  two'],
  ['lines that end as on Windows', 'a: |-\r\n  one\r\n  two', 'one\n2', 'a: |-\r\n  one\r\n  2'],
  ['one more of those', 'a: |-\r\n  one', 'one\ntwo', 'a: |-\r\n  one\r\n  two'],
  ['one of equal lines less', 'a: |\n  x\n  x\n  x\nb: 1\n', 'x\nx\n', 'a: |\n  x\n  x\nb: 1\n'],
  ['one of equal lines more', 'a: |\n  x\n  x\nb: 1\n', 'x\nx\nx\n', 'a: |\n  x\n  x\n  x\nb: 1\n'],
  ['a blank line keeps its blank', 'a: |\n  1\n \n  2\n  3\n', 'one\n\n2\n3\n', 'a: |\n  one\n \n  2\n  3\n'],
  ['another too', 'a: |\n  1\n  2\n \n  3\n', '1\n2\n\nthree\n', 'a: |\n  1\n  2\n \n  three\n'],
  ['an empty line gets no blanks', 'a: |\n  one\n  two\n', 'one\n\ntwo\n', 'a: |\n  one\n\n  two\n'],
]

for (const [what, before, value, after] of TABLE)
  test(`${what}: nothing else changes, and the text is read as it was meant`, () => {
    assert.equal(changed(before, value), after)
    assert.equal(parseDocument(after).get('a'), value)
  })

test('a text that is no literal block is left alone', () => {
  for (const text of ['a: one\n', 'a: "one"\n', 'a: >\n  one\n', 'a: |2\n  one\n', 'a: |2 # or |\n  one\n'])
    assert.equal(changed(text, 'two'), undefined, text)
})
