/** Pull requests, comments and people in GraphQL. */
import { associationOf } from '../payload/accounts.ts'
import { nodeId, repoHtml, time, timeOrNull } from '../payload/links.ts'
import { mergeability } from '../state/mergeability.ts'
import type { Account, Comment, Edit, Pull } from '../state/types.ts'
import type { World } from '../state/world.ts'
import { isAtLeast, roleOf } from '../state/world.ts'
import { authorOf } from '../wire/auth.ts'
import { connect } from './connection.ts'
import { checkPermission, type Args, type Fields, type Scope } from './types.ts'

/** A bot's login ends in `[bot]` where the schema says User, but not where GraphQL calls it Bot. */
export const BOT: Fields<Account> = {
  id: ({ id }) => nodeId('BOT', id),
  databaseId: ({ id }) => id,
  login: ({ login }) => login.replace(/\[bot\]$/, ''),
  url: ({ login }, _, { world }) => `${world.origin}/apps/${login.replace(/\[bot\]$/, '')}`,
}

export const USER: Fields<Account> = {
  id: ({ id, type }) => nodeId(type === 'Bot' ? 'BOT' : 'U', id),
  databaseId: ({ id }) => id,
  url: ({ login }, _, { world }) => `${world.origin}/${encodeURIComponent(login)}`,
}

export const ORGANIZATION: Fields<Account> = { ...USER, id: ({ id }) => nodeId('O', id) }

const pullUrl = (world: World, { repo, number }: Pull): string => repoHtml(world, repo, `/pull/${String(number)}`)

export const PULL_REQUEST: Fields<Pull> = {
  id: ({ id }) => nodeId('PR', id),
  databaseId: ({ id }) => id,
  fullDatabaseId: ({ id }) => String(id),
  repository: ({ repo }) => repo,
  body: ({ body }) => body ?? '',
  url: (pull, _, { world }) => pullUrl(world, pull),
  permalink: (pull, _, { world }) => pullUrl(world, pull),
  state: (pull) => (pull.merged === undefined ? pull.state.toUpperCase() : 'MERGED'),
  closed: ({ state }) => state === 'closed',
  merged: ({ merged }) => merged !== undefined,
  mergedBy: ({ merged }) => merged?.by ?? null,
  isDraft: ({ draft }) => draft,
  isCrossRepository: ({ head, repo }) => head.repo !== repo,
  headRefName: ({ head }) => head.ref,
  headRefOid: ({ head }) => head.sha,
  headRepository: ({ head }) => head.repo,
  baseRefName: ({ base }) => base.ref,
  baseRefOid: ({ base }) => base.sha,
  mergeable: (pull, _, { world }) => mergeableWord(mergeability(world, pull).mergeable),
  author: ({ author }) => author.account,
  editor: ({ edits }) => edits.at(-1)?.by ?? null,
  lastEditedAt: ({ edits }) => timeOrNull(edits.at(-1)?.at),
  includesCreatedEdit: ({ edits }) => edits.length > 0,
  mergeCommit: ({ repo, merged }) => (merged === undefined ? null : { repo, sha: merged.sha }),
  createdAt: ({ createdAt }) => time(createdAt),
  updatedAt: ({ updatedAt }) => time(updatedAt),
  closedAt: ({ closedAt }) => timeOrNull(closedAt),
  mergedAt: ({ merged }) => timeOrNull(merged?.at),
  comments: commentsOf,
}

function mergeableWord(mergeable: boolean | null): 'MERGEABLE' | 'CONFLICTING' | 'UNKNOWN' {
  if (mergeable === null) return 'UNKNOWN'
  return mergeable ? 'MERGEABLE' : 'CONFLICTING'
}

function commentsOf(pull: Pull, args: Args, scope: Scope): unknown {
  checkPermission(scope, pull.repo, ['issues:read', 'pull_requests:read'])
  const comments = [...pull.repo.comments.values()].filter((one) => one.pull === pull)
  const order = args['orderBy'] as { direction: 'ASC' | 'DESC' } | null | undefined
  // Comments can be ordered by UPDATED_AT only.
  const byUpdate = comments.toSorted((one, other) => one.updatedAt - other.updatedAt || one.id - other.id)
  const wanted = order === undefined || order === null ? comments : byUpdate
  return connect('comments', order?.direction === 'DESC' ? wanted.toReversed() : wanted, args)
}

export const ISSUE_COMMENT: Fields<Comment> = {
  id: ({ id }) => nodeId('IC', id),
  databaseId: ({ id }) => id,
  fullDatabaseId: ({ id }) => String(id),
  url: ({ id, pull }, _, { world }) => `${pullUrl(world, pull)}#issuecomment-${String(id)}`,
  resourcePath: ({ id, pull }, _, { world }) => new URL(`${pullUrl(world, pull)}#issuecomment-${String(id)}`).pathname,
  repository: ({ pull }) => pull.repo,
  pullRequest: ({ pull }) => pull,
  author: ({ author }) => author.account,
  authorAssociation: ({ pull, author }) => associationOf(pull.repo, author.account),
  bodyText: ({ body }) => body,
  createdAt: ({ createdAt }) => time(createdAt),
  publishedAt: ({ createdAt }) => time(createdAt),
  updatedAt: ({ updatedAt }) => time(updatedAt),
  // Null if it was never edited. Otherwise the time, even if that is the second in which it was written.
  lastEditedAt: ({ edits }) => timeOrNull(edits.at(-1)?.at),
  editor: ({ edits }) => edits.at(-1)?.by ?? null,
  includesCreatedEdit: ({ edits }) => edits.length > 0,
  userContentEdits: ({ edits, ...comment }, args) => {
    // GitHub lists the original text as an edit too, newest first, but only if there was an edit.
    const first: Edit = {
      id: 0,
      at: comment.createdAt,
      by: comment.author.account,
      body: edits[0]?.from ?? '',
      from: '',
    }
    return connect('userContentEdits', edits.length === 0 ? [] : [...edits.toReversed(), first], args)
  },
  isMinimized: () => false,
  minimizedReason: () => null,
  createdViaEmail: () => false,
  viewerDidAuthor: ({ author }, _, { actor }) => author.account === authorOf(actor).account,
  viewerCanUpdate: ({ pull, author }, _, { actor }) => {
    const { account } = authorOf(actor)
    return author.account === account || isAtLeast(roleOf(pull.repo, account), 'write')
  },
}

export const USER_CONTENT_EDIT: Fields<Edit> = {
  id: ({ id }) => nodeId('UCE', id),
  editedAt: ({ at }) => time(at),
  createdAt: ({ at }) => time(at),
  updatedAt: ({ at }) => time(at),
  editor: ({ by }) => by,
  diff: ({ body }) => body,
  deletedAt: () => null,
  deletedBy: () => null,
}
