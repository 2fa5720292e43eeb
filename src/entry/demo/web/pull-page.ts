/**
 * The page of a pull request: its conversation, its checks with their buttons, its commits and files, and the actions that people
 * can take.
 */
import { createTwoFilesPatch } from 'diff'
import { html, type Html } from '../../../core/message/page/html.ts'
import type { GitHubBox } from '../../../sandbox/github.ts'
import type { CommentView, PullView } from '../../../sandbox/read.ts'
import { weights } from '../play.ts'
import { type CheckView, markOf, newestChecks } from './checks.ts'
import { renderMarkdown } from './markdown.ts'
import { commitTable } from './repository-page.ts'

/** The people who can act on the page. */
export const PEOPLE = ['alice', 'bob'] as const

export function pullPage(box: GitHubBox, number: number): Html {
  const repository = box.repository()
  const pull = repository.pull(number)
  const comments = repository.comments(number)
  return html`<h2>${pull.title} <span class="dim">#${String(number)}</span></h2>
    <p>
      <span class="state ${pull.state}">${pull.state}</span> ${pull.author} wants to merge
      <code>${pull.head.ref}</code> into <code>${pull.base.ref}</code> · weights ${weights(box, pull.base.ref)} on
      <code>${pull.base.ref}</code>, ${weights(box, pull.head.sha)} here
    </p>
    ${pull.body === '' ? html`` : entry(pull.author, renderMarkdown(pull.body), [])} ${comments.map(commentEntry)}
    ${checksBox(box, pull)} ${actions(pull)}
    <h3>Commits</h3>
    ${commits(box, pull)}
    <h3>Files changed</h3>
    ${changes(box, baseOf(box, pull), pull.head.sha)}`
}

function commentEntry({ author, body, reactions }: CommentView): Html {
  return entry(
    author,
    renderMarkdown(body),
    reactions.map(({ content }) => content),
  )
}

/** A comment or a description with its author. */
export function entry(author: string, body: Html, reactions: readonly string[]): Html {
  return html`<article class="entry">
    <header>${author}</header>
    <div class="markdown-body">${body}</div>
    ${reactions.length === 0 ? html`` : html`<footer>${reactions.map((one) => EMOJI[one] ?? one).join(' ')}</footer>`}
  </article>`
}

const EMOJI: Readonly<Record<string, string>> = { eyes: '👀', '+1': '👍', rocket: '🚀' }

function checksBox(box: GitHubBox, pull: PullView): Html {
  const checks = newestChecks(box, pull.head.sha)
  if (checks.length === 0) return html`<p class="dim">No checks yet.</p>`
  return html`<section class="checks">
    ${checks.map(
      (run) =>
        html`<details id="check-${String(run.id)}">
          <summary>${markOf(run)} <b>${run.name}</b> ${run.title ?? run.status}</summary>
          <div class="markdown-body">${renderMarkdown([run.summary, run.text].filter(Boolean).join('\n\n'))}</div>
          ${pull.state === 'open' ? buttons(run, pull.number) : html``}
        </details>`,
    )}
  </section>`
}

function buttons(run: CheckView, number: number): Html {
  if (run.actions.length === 0) return html``
  return html`<form method="post" action="/pull/${String(number)}/press">
    <input type="hidden" name="run" value="${String(run.id)}" />${personChoice()}
    ${run.actions.map(
      ({ label, description, identifier }) =>
        html`<button name="button" value="${identifier}" title="${description}">${label}</button>`,
    )}
  </form>`
}

/** The choice of the person who acts. */
export function personChoice(): Html {
  return html`<label
    >as
    <select name="as">
      ${PEOPLE.map((login) => html`<option>${login}</option>`)}
    </select></label
  >`
}

function actions(pull: PullView): Html {
  const number = String(pull.number)
  const open = html`<form method="post" action="/pull/${number}/act">
    ${personChoice()} <button name="do" value="approve">Approve</button> <button name="do" value="merge">Merge</button>
    <button name="do" value="close">Close</button>
  </form>`
  return html`<form method="post" action="/pull/${number}/comment" class="write">
      <textarea name="body" rows="3" required placeholder="Write a comment, for example /canary status"></textarea>
      ${personChoice()} <button>Comment</button>
    </form>
    ${pull.state === 'open' ? open : html``}`
}

/** Where the pull request began. For a merged one, the commit before its merge. */
function baseOf(box: GitHubBox, { mergeCommit, base }: PullView): string {
  const [merged] = mergeCommit === undefined ? [] : box.repository().log(mergeCommit)
  return merged?.parents[0] ?? base.sha
}

function commits(box: GitHubBox, pull: PullView): Html {
  const repository = box.repository()
  const before = new Set(repository.log(baseOf(box, pull)).map(({ sha }) => sha))
  const own = repository.log(pull.head.sha).filter(({ sha }) => !before.has(sha))
  return commitTable(box, own)
}

/** The differences between two commits, as unified diffs. */
export function changes(box: GitHubBox, from: string | undefined, to: string): Html {
  const repository = box.repository()
  const before = from === undefined ? {} : repository.files(from)
  const after = repository.files(to)
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted()
  const patches = paths
    .filter((path) => before[path] !== after[path])
    .map((path) =>
      createTwoFilesPatch(path, path, before[path] ?? '', after[path] ?? '')
        .split('\n')
        .slice(1),
    )
  return patches.length === 0 ? html`<p>No file changes.</p>` : html`${patches.map((lines) => patch(lines))}`
}

function patch(lines: readonly string[]): Html {
  return html`<pre class="diff">
${lines.map((line) => html`<span class="${line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : ''}">${line}</span>`)}</pre>`
}
