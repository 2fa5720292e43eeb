/** Check suites. With each push, GitHub creates a queued one for every App that may write checks. */
import { suitePayload } from '../payload/checks.ts'
import type { Account, App, CheckSuite, Repository } from '../state/types.ts'
import { installationsOn, type Json, type World } from '../state/world.ts'

export interface SuiteDraft {
  readonly repo: Repository
  readonly branch: string | null
  readonly sha: string
  readonly before: string
  readonly by: Account
}

export function requestSuites(world: World, draft: SuiteDraft): void {
  for (const { app, permissions } of installationsOn(world, draft.repo)) {
    if (permissions['checks'] !== 'write' || findSuite(draft.repo, app, draft.sha) !== undefined) continue
    const suite = addSuite(world, app, draft)
    announceSuite(world, draft.repo, { suite, action: 'requested', by: draft.by })
  }
}

export function findSuite(repo: Repository, app: App, sha: string): CheckSuite | undefined {
  return [...repo.suites.values()].find((suite) => suite.app === app && suite.sha === sha)
}

export function addSuite(world: World, app: App, draft: SuiteDraft): CheckSuite {
  const { sha, branch, before } = draft
  const suite: CheckSuite = { id: world.nextId(), app, sha, branch, before, createdAt: world.now() }
  draft.repo.suites.set(suite.id, suite)
  return suite
}

/** Only the suite's own App receives `requested` and `rerequested`. */
export function announceSuite(
  world: World,
  repo: Repository,
  news: { suite: CheckSuite; action: 'requested' | 'rerequested' | 'completed'; by: Account },
): void {
  const own = news.action === 'completed' ? {} : { onlyTo: news.suite.app }
  const payload = (): Json => ({ check_suite: suitePayload(world, repo, news.suite) })
  world.happened({ event: 'check_suite', action: news.action, repo, sender: news.by, payload, ...own })
}
