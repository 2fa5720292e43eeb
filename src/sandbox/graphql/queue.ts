/** The merge queue of a branch in GraphQL. In the sandbox, a branch has one as long as something waits in it. */
import { nodeId, repoHtml, time } from '../payload/links.ts'
import type { QueueEntry, Repository } from '../state/types.ts'
import { connect } from './connection.ts'
import { checkPermission, type Args, type Fields, type Scope } from './types.ts'

interface BranchQueue {
  readonly repo: Repository
  readonly branch: string
  readonly entries: readonly QueueEntry[]
}

export function queueOf(repo: Repository, { branch }: Args, scope: Scope): BranchQueue | null {
  checkPermission(scope, repo, ['merge_queues:read'])
  const name = typeof branch === 'string' ? branch : repo.defaultBranch
  const entries = repo.queue.filter(({ pull }) => pull.base.ref === name)
  return entries.length === 0 ? null : { repo, branch: name, entries }
}

export const MERGE_QUEUE: Fields<BranchQueue> = {
  id: ({ repo, branch }) => nodeId('MQ', `${String(repo.id)}:${branch}`),
  repository: ({ repo }) => repo,
  url: ({ repo, branch }, _, { world }) => repoHtml(world, repo, `/queue/${branch}`),
  entries: ({ entries }, args) => connect('entries', entries, args),
}

export const MERGE_QUEUE_ENTRY: Fields<QueueEntry> = {
  id: ({ id }) => nodeId('MQE', id),
  position: (entry) => placeIn(entry),
  pullRequest: ({ pull }) => pull,
  baseCommit: ({ pull, onto }) => ({ repo: pull.repo, sha: onto }),
  headCommit: ({ pull, sha }) => ({ repo: pull.repo, sha }),
  enqueuer: ({ by }) => by,
  enqueuedAt: ({ at }) => time(at),
  state: () => 'AWAITING_CHECKS',
  jump: () => false,
  solo: () => false,
  mergeQueue: ({ pull }, _, scope) => queueOf(pull.repo, { branch: pull.base.ref }, scope),
}

function placeIn(entry: QueueEntry): number {
  const { repo, base } = entry.pull
  return repo.queue.filter(({ pull }) => pull.base.ref === base.ref).indexOf(entry) + 1
}
