/** The front page: the rollout over time, pull requests, and the commits of the base branch with their weights. */
import { html, type Html } from '../../../core/message/page/html.ts'
import type { GitHubBox } from '../../../sandbox/github.ts'
import type { PullView } from '../../../sandbox/read.ts'
import { weights } from '../play.ts'
import { rolloutChart, type RolloutMoment } from './chart.ts'
import { concludedChecks, markOf } from './checks.ts'
import type { IssueRow } from './issue-page.ts'

export function repositoryPage(box: GitHubBox, samples: readonly RolloutMoment[]): Html {
  const repository = box.repository()
  const open = repository.pulls('open')
  const done = repository.pulls().filter(({ state }) => state !== 'open')
  return html`<h2>Rollout</h2>
    ${rolloutChart(samples)}
    <h2>Open pull requests</h2>
    ${open.length === 0 ? html`<p>None.</p>` : pullList(box, open)}
    <h2>Merged and closed</h2>
    ${done.length === 0 ? html`<p>None yet.</p>` : pullList(box, done)} ${issueList(repository.issues())}
    <h2>Commits on ${repository.defaultBranch}</h2>
    ${commitTable(box, repository.log())}
    <h2>Files</h2>
    ${fileList(box, repository.defaultBranch)}`
}

type CommitRow = ReturnType<ReturnType<GitHubBox['repository']>['log']>[number]

/** Commits with their weights. */
export function commitTable(box: GitHubBox, commits: readonly CommitRow[]): Html {
  return html`<table class="commits">
    ${commits.map(
      ({ sha, message, author }) =>
        html`<tr>
          <td><a href="/commit/${sha}">${sha.slice(0, 7)}</a></td>
          <td class="weights">${weights(box, sha)}</td>
          <td>${message.split('\n')[0] ?? ''}</td>
          <td>${author}</td>
        </tr>`,
    )}
  </table>`
}

function pullList(box: GitHubBox, pulls: readonly PullView[]): Html {
  return html`<ul class="pulls">
    ${pulls.map(
      (pull) =>
        html`<li>
          <span class="state ${pull.state}">${pull.state}</span>
          <a href="/pull/${String(pull.number)}">${pull.title}</a>
          <span class="dim">#${String(pull.number)} by ${pull.author}${checkMarks(box, pull)}</span>
        </li>`,
    )}
  </ul>`
}

function issueList(issues: readonly IssueRow[]): Html {
  if (issues.length === 0) return html``
  return html`<h2>Issues</h2>
    <ul class="pulls">
      ${issues.map(
        ({ number, title, state, author }) =>
          html`<li>
            <span class="state ${state}">${state}</span> <a href="/issue/${String(number)}">${title}</a>
            <span class="dim">#${String(number)} by ${author}</span>
          </li>`,
      )}
    </ul>`
}

/** Empty until the first check has concluded. */
function checkMarks(box: GitHubBox, pull: PullView): string {
  const marks = concludedChecks(box, pull.head.sha).map((run) => `${markOf(run)} ${run.name}`)
  return marks.length === 0 ? '' : ` · ${marks.join(' ')}`
}

/** All files at a commit or branch. */
export function fileList(box: GitHubBox, at: string): Html {
  const paths = Object.keys(box.repository().files(at)).toSorted()
  return html`<ul class="files">
    ${paths.map((path) => html`<li><a href="/file?${new URLSearchParams({ at, path }).toString()}">${path}</a></li>`)}
  </ul>`
}
