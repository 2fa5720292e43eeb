/** Check runs and suites. https://docs.github.com/rest/checks */
import { suiteState } from '../state/results.ts'
import type { CheckRun, CheckSuite, Repository } from '../state/types.ts'
import type { Json, World } from '../state/world.ts'
import { appPayload } from './accounts.ts'
import { simpleCommit } from './commits.ts'
import { nodeId, repoApi, repoHtml, time, timeOrNull } from './links.ts'
import { pullReference } from './pulls.ts'
import { minimalRepository } from './repositories.ts'

export function checkRunPayload(world: World, repo: Repository, run: CheckRun): Json {
  const url = repoApi(world, repo, `/check-runs/${String(run.id)}`)
  return {
    id: run.id,
    node_id: nodeId('CR', run.id),
    head_sha: run.sha,
    external_id: run.externalId,
    url,
    html_url: repoHtml(world, repo, `/runs/${String(run.id)}`),
    details_url: run.detailsUrl ?? repoHtml(world, repo, `/runs/${String(run.id)}`),
    status: run.status,
    conclusion: run.conclusion,
    started_at: time(run.startedAt),
    completed_at: timeOrNull(run.completedAt),
    output: {
      title: run.title,
      summary: run.summary,
      text: run.text,
      annotations_count: run.annotations.length,
      annotations_url: `${url}/annotations`,
    },
    name: run.name,
    check_suite: suiteCore(world, repo, run.suite),
    app: appPayload(world, run.app),
    pull_requests: pullsAt(world, repo, run.sha),
  }
}

/** Pull requests from forks are not listed, as on GitHub. */
function pullsAt(world: World, repo: Repository, sha: string): Json[] {
  return [...repo.pulls.values()]
    .filter((pull) => pull.state === 'open' && pull.head.repo === repo && pull.head.sha === sha)
    .map((pull) => pullReference(world, pull))
}

function suiteCore(world: World, repo: Repository, suite: CheckSuite): Json {
  const { status, conclusion } = suiteState(repo, suite)
  return {
    id: suite.id,
    node_id: nodeId('CS', suite.id),
    head_branch: suite.branch,
    head_sha: suite.sha,
    status,
    conclusion,
    url: repoApi(world, repo, `/check-suites/${String(suite.id)}`),
    before: suite.before,
    after: suite.sha,
    pull_requests: pullsAt(world, repo, suite.sha),
    app: appPayload(world, suite.app),
    created_at: time(suite.createdAt),
    updated_at: time(suite.createdAt),
  }
}

export function suitePayload(world: World, repo: Repository, suite: CheckSuite): Json {
  return {
    ...suiteCore(world, repo, suite),
    rerequestable: true,
    runs_rerequestable: true,
    latest_check_runs_count: suiteState(repo, suite).runs,
    check_runs_url: repoApi(world, repo, `/check-suites/${String(suite.id)}/check-runs`),
    head_commit: simpleCommit(repo, suite.sha),
  }
}

/** The API includes the repository. Webhooks have it next to the suite. */
export function suiteAnswer(world: World, repo: Repository, suite: CheckSuite): Json {
  return { ...suitePayload(world, repo, suite), repository: minimalRepository(world, repo) }
}
