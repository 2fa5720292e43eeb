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
