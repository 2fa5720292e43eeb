import { micromark } from 'micromark'
import { gfm, gfmHtml } from 'micromark-extension-gfm'
import type { Html } from '../../../core/message/page/html.ts'

/** Code and tags, which stay as they are; or the number of a pull request. */
const PULLS = /<(?:pre|code)\b[\s\S]*?<\/(?:pre|code)>|<[^>]*>|(?<![\w&#])#(\d+)\b/g

/** A link to a commit, or to a line of a file at one, on the GitHub in the box: that has no pages. */
const BOX_PAGES =
  /href="http:\/\/127\.0\.0\.1:\d+\/[^"/]+\/[^"/]+\/(?:commit\/(?<commit>[0-9a-f]{40})|blob\/(?<at>[0-9a-f]{40})\/(?<path>[^"#]+)(?<line>#L\d+))"/g

function ownPage(...[all, commit, at, path, line]: readonly string[]): string {
  if (commit !== undefined) return `href="/commit/${commit}"`
  return at === undefined || path === undefined ? String(all) : `href="/file?at=${at}&amp;path=${path}${line ?? ''}"`
}

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
    html: html
      .replaceAll(BOX_PAGES, ownPage)
      .replaceAll(PULLS, (all, number?: string) =>
        number === undefined ? all : `<a href="/pull/${number}">#${number}</a>`,
      ),
  }
}
