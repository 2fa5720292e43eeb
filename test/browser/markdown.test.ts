import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderMarkdown } from '../../src/entry/demo/web/markdown.ts'

test('numbers of pull requests are links in text, and not in code or attributes', () => {
  const { html } = renderMarkdown('See #7 and (#8), `#9`, a#10\n\n<a title="see #7">x</a>\n\n```\n#11\n```\n')
  assert.match(html, /See <a href="\/pull\/7">#7<\/a> and \(<a href="\/pull\/8">#8<\/a>\)/)
  assert.match(html, /<code>#9<\/code>, a#10/)
  assert.match(html, /<a title="see #7">/)
  assert.match(html, /<code>#11\n<\/code>/)
})

test('a link to a commit or a line in the sandbox leads to the page of the demo, and any other link stays', () => {
  const sha = 'c'.repeat(40)
  const box = 'http://127.0.0.1:4321/acme/gitops'
  const hrefs = (url: string): unknown => /href="(.*?)"/.exec(renderMarkdown(`[x](${url})`).html)?.[1]
  assert.equal(hrefs(`${box}/blob/${sha}/a%20b/c.yaml#L7`), `/file?at=${sha}&amp;path=a%20b/c.yaml#L7`)
  assert.equal(hrefs(`${box}/commit/${sha}`), `/commit/${sha}`)
  const elsewhere = `https://github.com/acme/gitops/commit/${sha}`
  assert.equal(hrefs(elsewhere), elsewhere)
})
