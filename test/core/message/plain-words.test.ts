/** Perch's own Markdown in places that do not render it: terminals, titles and annotations. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainText } from '../../../src/core/message/markdown/markdown.ts'
import { plainWords } from '../../../src/core/message/markdown/plain-words.ts'

test('the character that prevents a mention is removed in plain text, so that people can copy the name', () => {
  assert.equal(plainWords(`Asked by ${plainText('@alice')}.`), 'Asked by @alice.')
})
