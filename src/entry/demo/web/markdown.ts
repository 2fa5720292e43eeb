import { micromark } from 'micromark'
import { gfm, gfmHtml } from 'micromark-extension-gfm'
import type { Html } from '../../../core/message/page/html.ts'

/** Code and tags, which stay as they are; or the number of a pull request. */
const PULLS = /<(?:pre|code)\b[\s\S]*?<\/(?:pre|code)>|<[^>]*>|(?<![\w&#])#(\d+)\b/g

/**
 * Markdown as GitHub shows it: GFM, with the HTML that comments use (`<details>`, `<sub>`), and `#7` as a link. Scripts and what would be
 * loaded from elsewhere are stopped by the policy that pages are sent with. Forms in comments are not: only the person at this machine writes some.
 */
export function renderMarkdown(text: string): Html {
  const html = micromark(text, {
    allowDangerousHtml: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
  })
  return {
    html: html.replaceAll(PULLS, (all, number?: string) =>
      number === undefined ? all : `<a href="/pull/${number}">#${number}</a>`,
    ),
  }
}
