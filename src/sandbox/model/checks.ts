/** Check runs. https://docs.github.com/rest/checks/runs */
import { NO_COMMIT } from '../git/objects.ts'
import { checkRunPayload } from '../payload/checks.ts'
import { suiteState } from '../state/results.ts'
import type { Account, App, CheckRun, Repository } from '../state/types.ts'
import type { Json, World } from '../state/world.ts'
import { addSuite, announceSuite, findSuite } from './suites.ts'

/** The fields of a check run in a request. Undefined keeps the current value. */
export interface CheckRunChange {
  readonly name?: string | undefined
  readonly externalId?: string | undefined
  readonly detailsUrl?: string | undefined
  readonly status?: CheckRun['status'] | undefined
  readonly conclusion?: string | undefined
  readonly startedAt?: number | undefined
  readonly completedAt?: number | undefined
  readonly title?: string | undefined
  readonly summary?: string | undefined
  readonly text?: string | undefined
  readonly annotations?: CheckRun['annotations'] | undefined
  readonly actions?: CheckRun['actions'] | undefined
}

export function createCheckRun(
  world: World,
  repo: Repository,
  draft: CheckRunChange & { readonly app: App; readonly sha: string },
): CheckRun {
  const { app, sha } = draft
  const branch = branchAt(repo, sha)
  const by = app.bot
  const suite = findSuite(repo, app, sha) ?? addSuite(world, app, { repo, branch, sha, before: NO_COMMIT, by })
  const run: CheckRun = {
    id: world.nextId(),
    suite,
    app,
    sha,
    name: draft.name ?? '',
    externalId: '',
    detailsUrl: null,
    status: 'queued',
    conclusion: null,
    startedAt: world.now(),
    completedAt: null,
    title: null,
    summary: null,
    text: null,
    annotations: [],
    actions: [],
  }
  repo.checkRuns.set(run.id, run)
  apply(world, run, draft)
  announceRun(world, repo, { run, action: 'created', by })
  if (run.status === 'completed') completed(world, repo, run)
  return run
}

export function updateCheckRun(
  world: World,
  repo: Repository,
  update: { run: CheckRun; change: CheckRunChange },
): void {
  const { run, change } = update
  const before = `${run.status} ${String(run.conclusion)}`
  apply(world, run, change)
  if (run.status === 'completed' && before !== `${run.status} ${String(run.conclusion)}`) completed(world, repo, run)
}

function apply(world: World, run: CheckRun, change: CheckRunChange): void {
  describe(run, change)
  // "Providing conclusion will automatically set the status parameter to completed."
  const status = change.conclusion === undefined ? change.status : 'completed'
  if (status !== undefined) run.status = status
  if (run.status === 'completed') {
    run.conclusion = change.conclusion ?? run.conclusion
    run.completedAt = change.completedAt ?? run.completedAt ?? world.now()
  } else {
    run.conclusion = null
    run.completedAt = null
  }
}

function describe(run: CheckRun, change: CheckRunChange): void {
  run.name = change.name ?? run.name
  run.externalId = change.externalId ?? run.externalId
  run.detailsUrl = change.detailsUrl ?? run.detailsUrl
  run.startedAt = change.startedAt ?? run.startedAt
  run.title = change.title ?? run.title
  run.summary = change.summary ?? run.summary
  run.text = change.text ?? run.text
  // Each update adds to the existing annotations.
  run.annotations = [...run.annotations, ...(change.annotations ?? [])]
  run.actions = change.actions ?? run.actions
}

function completed(world: World, repo: Repository, run: CheckRun): void {
  announceRun(world, repo, { run, action: 'completed', by: run.app.bot })
  if (suiteState(repo, run.suite).status === 'completed') {
    announceSuite(world, repo, { suite: run.suite, action: 'completed', by: run.app.bot })
  }
}

export interface RunNews {
  readonly run: CheckRun
  readonly action: 'created' | 'completed' | 'rerequested' | 'requested_action'
  readonly by: Account
  readonly extra?: Json
}

/** Only the run's own App receives `rerequested` and `requested_action`. */
export function announceRun(world: World, repo: Repository, news: RunNews): void {
  const own = news.action === 'created' || news.action === 'completed' ? {} : { onlyTo: news.run.app }
  const payload = (): Json => ({ check_run: checkRunPayload(world, repo, news.run), ...news.extra })
  world.happened({ event: 'check_run', action: news.action, repo, sender: news.by, payload, ...own })
}

function branchAt(repo: Repository, sha: string): string | null {
  const found = [...repo.refs].find(([ref, at]) => at === sha && ref.startsWith('refs/heads/'))
  return found === undefined ? null : found[0].slice('refs/heads/'.length)
}
