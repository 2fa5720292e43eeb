/** Issues in GraphQL, where pull requests are not among them. */
import { nodeId, repoHtml, time, timeOrNull } from '../payload/links.ts'
import type { Issue, Repository } from '../state/types.ts'
import { authorOf } from '../wire/auth.ts'
import { connect } from './connection.ts'
import { checkPermission, type Args, type Fields, type Scope } from './types.ts'

export const ISSUE: Fields<Issue> = {
  id: ({ id }) => nodeId('I', id),
  databaseId: ({ id }) => id,
  fullDatabaseId: ({ id }) => String(id),
  repository: ({ repo }) => repo,
  body: ({ body }) => body ?? '',
  url: ({ repo, number }, _, { world }) => repoHtml(world, repo, `/issues/${String(number)}`),
  state: ({ state }) => state.toUpperCase(),
  stateReason: ({ stateReason }) => stateReason?.toUpperCase() ?? null,
  closed: ({ state }) => state === 'closed',
  author: ({ author }) => author.account,
  viewerDidAuthor: ({ author }, _, { actor }) => author.account === authorOf(actor).account,
  createdAt: ({ createdAt }) => time(createdAt),
  updatedAt: ({ updatedAt }) => time(updatedAt),
  closedAt: ({ closedAt }) => timeOrNull(closedAt),
}

/** Oldest first by default. A repository without issues has an empty list. */
export function listIssues(repo: Repository, args: Args, scope: Scope): unknown {
  checkPermission(scope, repo, ['issues:read'])
  const { createdBy } = (args['filterBy'] ?? {}) as { readonly createdBy?: string | null }
  const order = args['orderBy'] as { field: string; direction: 'ASC' | 'DESC' } | null | undefined
  const states = args['states'] as readonly string[] | null | undefined
  const by = (issue: Issue): number => (order?.field === 'UPDATED_AT' ? issue.updatedAt : issue.createdAt)
  const wanted = (repo.hasIssues ? [...repo.issues.values()] : []).filter(
    ({ author, state }) =>
      (createdBy ?? author.account.login) === author.account.login && (states?.includes(state.toUpperCase()) ?? true),
  )
  const sorted = wanted.toSorted((a, b) => by(a) - by(b) || a.number - b.number)
  return connect('issues', order?.direction === 'DESC' ? sorted.toReversed() : sorted, args)
}
