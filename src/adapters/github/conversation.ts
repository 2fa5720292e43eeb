import { LRUCache } from 'lru-cache'
import type { Comment } from '../../core/rollout/facts.ts'
import type { Conversation } from '../../ports/github/conversation.ts'
import { at, type Client, graphql, GitHubUnavailable, listAll, outage, request } from './client/client.ts'
import { isGraphqlRefusal, isUnknownField } from './graphql/graphql-errors.ts'
import { conversationPageOf, writtenCommentOf } from './graphql/comment-schema.ts'
import { commentOf } from './schema.ts'

/**
 * REST dates edits in whole seconds, so an edit in the same second as its comment would not show. GraphQL reports edits
 * separately.
 */
const COMMENTS = `query ($owner: String!, $repo: String!, $pull: Int!, $after: String) {
  repository(owner: $owner, name: $repo) {
    pullRequest(number: $pull) {
      comments(first: 100, after: $after) {
        nodes {
          fullDatabaseId
          body
          createdAt
          lastEditedAt
          includesCreatedEdit
          viewerDidAuthor
          author { kind: __typename login }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}`

const PAGE = 100

/** Pages of a hundred. Lists in REST are read up to the same number. */
const MAX_PAGES = 50

export function conversation(client: Client): Conversation {
  return {
    of: (pull) => commentsOf(client, pull),
    async since(time) {
      const params = { ...at(client), since: new Date(time).toISOString(), sort: 'updated', direction: 'desc' }
      const answers = await listAll(client, 'GET /repos/{owner}/{repo}/issues/comments', { params, limit: 500 })
      return answers.map((answer) => commentOf(answer, client.app))
    },
    async add(pull, body) {
      await request(client, 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
        params: { ...at(client), issue_number: pull, body },
      })
    },
    async edit(comment, body) {
      await request(client, 'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}', {
        params: { ...at(client), comment_id: comment, body },
      })
    },
    async acknowledge(comment) {
      // A reaction is only decoration. A deleted comment or a locked conversation must not stop anything.
      await request(client, 'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions', {
        params: { ...at(client), comment_id: comment, content: 'eyes' },
        expected: [403, 404, 410, 422],
      })
    },
  }
}

/** The comments of a conversation, and the list in REST when they were read. */
interface ReadConversation {
  /** Undefined: the list was not requested yet, or does not contain all comments. */
  readonly list: unknown
  readonly comments: readonly Comment[]
}

/** Conversations can be long, and a sweep reads only those of pull requests that wait. */
const MAX_READ = 300
const readBefore = new WeakMap<Client['octokit'], LRUCache<string, ReadConversation>>()

/**
 * GraphQL counts against the rate limit each time. The list in REST does not count while it stays the same, so from the second
 * time on, it tells whether there is anything new. Comments written between the two requests are found the next time.
 */
async function commentsOf(client: Client, pull: number): Promise<readonly Comment[]> {
  const known = readBefore.get(client.octokit) ?? new LRUCache<string, ReadConversation>({ max: MAX_READ })
  readBefore.set(client.octokit, known)
  const key = JSON.stringify([at(client), pull])
  const last = known.get(key)
  const list = last === undefined ? undefined : await firstPage(client, pull)
  if (last !== undefined && list !== undefined && list === last.list) return last.comments
  const comments = await askForComments(client, pull)
  // A comment that was created and deleted between the two requests must not stay cached.
  known.set(key, { list: isSame(client, list, comments) ? list : undefined, comments })
  return comments
}

/** Whether a REST list contains exactly these comments. */
function isSame({ app }: Client, list: unknown, comments: readonly Comment[]): boolean {
  const words = new Set(comments.map(({ id, body }) => JSON.stringify([id, body])))
  const listed = Array.isArray(list) ? list.map((one) => commentOf(one, app).comment) : []
  return listed.length === comments.length && listed.every(({ id, body }) => words.has(JSON.stringify([id, body])))
}

/**
 * Returns the same object as before if GitHub says that nothing has changed; undefined if the comments do not fit on one page.
 */
async function firstPage(client: Client, pull: number): Promise<unknown> {
  const params = { ...at(client), issue_number: pull, per_page: PAGE }
  const { data } = await request(client, 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments', { params })
  return Array.isArray(data) && data.length < PAGE ? data : undefined
}

async function askForComments(client: Client, pull: number): Promise<readonly Comment[]> {
  const comments: Comment[] = []
  let after: string | undefined
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await ask(client, { ...at(client), pull, after: after ?? null })
    if (answer === 'not-understood') return commentsByRest(client, pull)
    const found = conversationPageOf(answer)
    // A truncated body arrives as text or as nothing. If it counted as an empty list, Perch would undo what exists.
    if (found === undefined) throw new GitHubUnavailable('the comments of a pull request: the answer holds no list')
    comments.push(...found.nodes.map((node) => writtenCommentOf(node, client.app)))
    after = found.after
    if (after === undefined) break
  }
  return comments
}

/** `not-understood`: the server's schema lacks a field, as in older versions of GitHub Enterprise Server. */
async function ask(client: Client, variables: Readonly<Record<string, unknown>>): Promise<unknown> {
  try {
    return await graphql(client, COMMENTS, variables)
  } catch (error) {
    if (!isGraphqlRefusal(error)) throw error
    if (isUnknownField(error)) return 'not-understood'
    // Octokit's own error contains the whole request.
    throw outage(error, { route: 'the comments of a pull request' }, client.clock)
  }
}

/** The fallback. It misses an edit in the same second as its comment. */
async function commentsByRest(client: Client, pull: number): Promise<readonly Comment[]> {
  const params = { ...at(client), issue_number: pull }
  const answers = await listAll(client, 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments', { params })
  return answers.map((answer) => commentOf(answer, client.app).comment)
}
