import { micromark } from 'micromark'
import { gfm, gfmHtml } from 'micromark-extension-gfm'
import type { Html } from '../../../core/message/page/html.ts'

/** Matches code and tags, which stay as they are, and numbers of pull requests. */
const PULLS = /<(?:pre|code)\b[\s\S]*?<\/(?:pre|code)>|<[^>]*>|(?<![\w&#])#(\d+)\b/g

/** Links to a commit, or to a line of a file at a commit, on the GitHub in a box, which has no web pages of its own. */
const BOX_PAGES =
  /href="http:\/\/127\.0\.0\.1:\d+\/[^"/]+\/[^"/]+\/(?:commit\/(?<commit>[0-9a-f]{40})|blob\/(?<at>[0-9a-f]{40})\/(?<path>[^"#]+)(?<line>#L\d+))"/g

function ownPage(...[all, commit, at, path, line]: readonly string[]): string {
  if (commit !== undefined) return `href="/commit/${commit}"`
  return at === undefined || path === undefined ? String(all) : `href="/file?at=${at}&amp;path=${path}${line ?? ''}"`
}

/**
 * Renders Markdown the way that GitHub does: GFM, with the HTML that comments use (`<details>`, `<sub>`), and `#7` as a link. The
 * pages' Content-Security-Policy blocks scripts and remote content. It does not block forms in comments, but only the person at
 * this machine can write any.
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
