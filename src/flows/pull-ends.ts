import type { PullRequest, Sha } from '../core/rollout/facts.ts'
import { STOP_REFS } from '../core/stop/stop.ts'
import type { Desk } from './desk.ts'

/** Both ends of an open pull request, as Git has them now. */
export interface Ends {
  /** The pull request with the head that Git has, which may be newer than what the API said a moment ago. */
  readonly pull: PullRequest
  readonly base: Sha
  /** All refs that were fetched with them, the stops too. */
  readonly refs: ReadonlyMap<string, Sha>
}

/** Undefined where one of the branches is gone. */
export async function fetchEnds(desk: Pick<Desk, 'mirror'>, pull: PullRequest): Promise<Ends | undefined> {
  const baseRef = `refs/heads/${pull.base.ref}`
  const headRef = pull.head.isFork ? `refs/pull/${pull.number}/head` : `refs/heads/${pull.head.ref}`
  const refs = await desk.mirror.fetch([baseRef, headRef, STOP_REFS])
  const base = refs.get(baseRef)
  const head = refs.get(headRef)
  return base === undefined || head === undefined
    ? undefined
    : { base, refs, pull: { ...pull, head: { ...pull.head, sha: head } } }
}
