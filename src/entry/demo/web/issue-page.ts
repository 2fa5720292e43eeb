/** The page of an issue with its check boxes. Ticking one edits the issue, as on GitHub. */
import { html, type Html } from '../../../core/message/page/html.ts'
import type { GitHubBox } from '../../../sandbox/github.ts'
import { renderMarkdown } from './markdown.ts'
import { entry, personChoice } from './pull-page.ts'

export type IssueRow = ReturnType<ReturnType<GitHubBox['repository']>['issues']>[number]

export function issuePage(box: GitHubBox, number: number): Html {
  const issue = findIssue(box, number)
  if (issue === undefined) return html`<p>There is no issue #${String(number)}.</p>`
  const { title, body, state, author } = issue
  return html`<h2>${title} <span class="dim">#${String(number)}</span></h2>
    <p><span class="state ${state}">${state}</span> opened by ${author}</p>
    <form method="post" action="/issue/${String(number)}/tick" class="boxes">
      ${personChoice()} ${entry(author, withBoxes(body), [])}
    </form>`
}

export function findIssue(box: GitHubBox, number: number): IssueRow | undefined {
  return box
    .repository()
    .issues()
    .find((issue) => issue.number === number)
}

const DISABLED = /<input type="checkbox" disabled=""/g

/** The body with check boxes that can be ticked. Each is identified by its index. */
function withBoxes(body: string): Html {
  let count = 0
  const enabled = (): string => `<input type="checkbox" name="box" value="${String(count++)}"`
  return { html: renderMarkdown(body).html.replaceAll(DISABLED, enabled) }
}

/** The same text with one of its check boxes ticked. */
export function ticked(body: string, box: number): string {
  let count = 0
  return body.replaceAll(/^(\s*[-*+] \[)[ x](?=\])/gm, (all, begin: string) => (count++ === box ? `${begin}x` : all))
}
