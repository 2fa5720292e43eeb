/** The forms in which a secret value is looked for in other texts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formsOf } from '../../../src/core/diff/secret-values.ts'

test('a value of a Secret’s data that has blanks around it is found in base64 without the padding, and in the alphabet of URLs', () => {
  const value = ' pass>>word??\r\n\t'
  const data = btoa(value)
  const forms = formsOf(data)
  assert.match(data, /[+/].*=$/)
  for (const form of [
    value,
    value.trim(),
    data,
    data.replace(/=+$/, ''),
    data.replaceAll('+', '-').replaceAll('/', '_'),
  ])
    assert.ok(forms.includes(form), JSON.stringify(form))
})

test('quotes around a whole value are no part of it, and quotes in it are', () => {
  assert.ok(formsOf('"pass word"').includes('pass word'))
  for (const value of ['a"pass"', '"pass"word', '\'pass"']) {
    const bare = value.replaceAll(/["']/g, '')
    assert.ok(formsOf(value).includes(value))
    assert.ok(!formsOf(value).includes(bare), value)
  }
})
