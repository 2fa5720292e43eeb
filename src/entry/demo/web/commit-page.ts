import { html, type Html } from '../../../core/message/page/html.ts'
import type { GitHubBox } from '../../../sandbox/github.ts'
import { weights } from '../play.ts'
import { changes } from './pull-page.ts'
import { fileList } from './repository-page.ts'

/** The page of a commit: its weights, its changes, and all files at that commit. */
export function commitPage(box: GitHubBox, sha: string): Html {
  const [commit] = box.repository().log(sha)
  if (commit === undefined) return html`<p>There is no such commit.</p>`
  return html`<h2>${commit.message.split('\n')[0] ?? ''}</h2>
    <p>${commit.author} committed <code>${commit.sha}</code> · weights ${weights(box, sha)}</p>
    <pre>${commit.message}</pre>
    ${changes(box, commit.parents[0], commit.sha)}
    <h3>Files at this commit</h3>
    ${fileList(box, commit.sha)}`
}

/** The page of a file at a commit or branch. Lines with a weight are marked. */
export function filePage(box: GitHubBox, at: string, path: string): Html {
  const text = box.repository().file(path, at)
  if (text === undefined) return html`<p>There is no file <code>${path}</code> at <code>${at}</code>.</p>`
  const lines = text.replace(/\n$/, '').split('\n')
  return html`<h2>${path} <span class="dim">at ${at.slice(0, 12)}</span></h2>
    <pre class="file">
${lines.map((line, index) => html`<span id="L${String(index + 1)}" class="${/^\s+weight:/.test(line) ? 'weight' : ''}">${line}</span>`)}</pre>`
}
