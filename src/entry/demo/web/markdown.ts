import { micromark } from 'micromark'
import { gfm, gfmHtml } from 'micromark-extension-gfm'
import type { Html } from '../../../core/message/page/html.ts'

/**
 * Markdown as GitHub shows it: GFM, with the HTML that comments use (`<details>`, `<sub>`), and `#7` as a link. What would run or load
 * something is stopped by the policy that pages are sent with, not here.
 */
export function renderMarkdown(text: string): Html {
  const html = micromark(text, {
    allowDangerousHtml: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
  })
  return { html: html.replaceAll(/(^|[\s(>])#(\d+)\b/g, '$1<a href="/pull/$2">#$2</a>') }
}
