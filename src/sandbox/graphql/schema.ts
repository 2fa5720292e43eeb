/** GitHub's own GraphQL schema, with resolvers for the part of it that the sandbox answers. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildASTSchema, isObjectType, isScalarType, parse, type GraphQLSchema } from 'graphql'
import { nodeId, time } from '../payload/links.ts'
import type { Pull, Repository } from '../state/types.ts'
import { findRepository, followRename, fullName } from '../state/world.ts'
import { authorOf } from '../wire/auth.ts'
import { createCommitOnBranch, type NewCommit } from './commit.ts'
import { updateRefs } from './update-refs.ts'
import { BOT, ISSUE_COMMENT, ORGANIZATION, PULL_REQUEST, USER, USER_CONTENT_EDIT } from './conversation.ts'
import { connect } from './connection.ts'
import { COMMIT, commitAt, GIT_ACTOR, GIT_SIGNATURE, REF, refAt } from './git.ts'
import { ISSUE, listIssues } from './issues.ts'
import { MERGE_QUEUE, MERGE_QUEUE_ENTRY, queueOf } from './queue.ts'
import { findNode } from './nodes.ts'
import { canSee, checkPermission, FieldFailure, type Args, type Fields, type Scope } from './types.ts'

const REPOSITORY: Fields<Repository> = {
  id: ({ id }) => nodeId('R', id),
  databaseId: ({ id }) => id,
  nameWithOwner: fullName,
  owner: ({ owner }) => owner,
  defaultBranchRef: (repo) => refAt(repo, `refs/heads/${repo.defaultBranch}`),
  pullRequest: findPull,
  pullRequests: listPulls,
  hasIssuesEnabled: ({ hasIssues }) => hasIssues,
  issues: listIssues,
  pushedAt: ({ pushedAt }) => time(pushedAt),
  mergeQueue: queueOf,
  ref: (repo, { qualifiedName }, scope) => {
    checkPermission(scope, repo, ['contents:read'])
    return refAt(repo, String(qualifiedName))
  },
  object: (repo, args, scope) => {
    checkPermission(scope, repo, ['contents:read'])
    return commitAt(repo, args)
  },
}

function findPull(repo: Repository, { number }: Args, scope: Scope): Pull {
  checkPermission(scope, repo, ['pull_requests:read'])
  const pull = repo.pulls.get(Number(number))
  if (pull !== undefined) return pull
  throw new FieldFailure('NOT_FOUND', `Could not resolve to a PullRequest with the number of ${String(number)}.`)
}

function listPulls(repo: Repository, args: Args, scope: Scope): unknown {
  checkPermission(scope, repo, ['pull_requests:read'])
  const order = args['orderBy'] as { field: string; direction: 'ASC' | 'DESC' } | null | undefined
  const by = (pull: Pull): number => (order?.field === 'UPDATED_AT' ? pull.updatedAt : pull.createdAt)
  const states = args['states'] as readonly string[] | null | undefined
  const stateOf = ({ merged, state }: Pull): string => (merged === undefined ? state.toUpperCase() : 'MERGED')
  const wanted = [...repo.pulls.values()].filter((pull) => states?.includes(stateOf(pull)) ?? true)
  const sorted = wanted.toSorted((a, b) => by(a) - by(b) || a.number - b.number)
  return connect('pullRequests', order?.direction === 'DESC' ? sorted.toReversed() : sorted, args)
}

const QUERY: Fields<undefined> = {
  viewer: (_, __, { actor }) => authorOf(actor).account,
  node: (_, { id }, scope) => findNode(String(id), scope),
  nodes: (_, { ids }, scope) => {
    const wanted = ids as readonly string[]
    if (wanted.length > 100) {
      const message = `You may not provide more than 100 node ids; you provided ${String(wanted.length)}.`
      throw new FieldFailure('UNPROCESSABLE', message)
    }
    return wanted.map((id) => attempt(() => findNode(id, scope)))
  },
  repository: (_, { owner, name, followRenames }, scope) => {
    const full = `${String(owner)}/${String(name)}`
    const repo = followRenames === false ? findRepository(scope.world, full) : followRename(scope.world, full)
    if (repo !== undefined && canSee(scope, repo)) return repo
    throw new FieldFailure('NOT_FOUND', `Could not resolve to a Repository with the name '${full}'.`)
  },
}

/** A failing list entry is null, with its own error. */
function attempt(find: () => unknown): unknown {
  try {
    return find()
  } catch (error) {
    return error
  }
}

const NEW_COMMIT: Fields<NewCommit> = {
  commit: ({ repo, sha }) => ({ repo, sha }),
  ref: ({ repo, sha, ref }) => ({ repo, sha, ref }),
}

const RESOLVERS: Readonly<Record<string, Fields<never>>> = {
  Query: QUERY,
  Mutation: {
    createCommitOnBranch: (_, { input }, scope) => createCommitOnBranch(input, scope),
    updateRefs: (_, { input }, scope) => updateRefs(input, scope),
  },
  CreateCommitOnBranchPayload: NEW_COMMIT,
  Repository: REPOSITORY,
  PullRequest: PULL_REQUEST,
  Issue: ISSUE,
  MergeQueue: MERGE_QUEUE,
  MergeQueueEntry: MERGE_QUEUE_ENTRY,
  IssueComment: ISSUE_COMMENT,
  UserContentEdit: USER_CONTENT_EDIT,
  Commit: COMMIT,
  GitActor: GIT_ACTOR,
  GpgSignature: GIT_SIGNATURE,
  Ref: REF,
  User: USER,
  Bot: BOT,
  Organization: ORGANIZATION,
}

let schema: GraphQLSchema | undefined

/** Read when it is first needed, because building it takes about half a second. */
export function githubSchema(): GraphQLSchema {
  schema ??= build()
  return schema
}

function build(): GraphQLSchema {
  // The package's own module reads the schema twice more, for a validator that the sandbox does not use.
  const folder = dirname(fileURLToPath(import.meta.resolve('@octokit/graphql-schema')))
  const text = readFileSync(join(folder, 'schema.graphql'), 'utf8')
  const built = buildASTSchema(parse(text, { noLocation: true }), { assumeValid: true, assumeValidSDL: true })
  for (const [name, fields] of Object.entries(RESOLVERS)) addResolvers(built, name, fields as Fields<unknown>)
  addScalar(built, 'GitObjectID', /^[0-9a-f]{40}$/)
  addScalar(built, 'Base64String', /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/)
  return built
}

function addResolvers(built: GraphQLSchema, name: string, resolvers: Fields<unknown>): void {
  const type = built.getType(name)
  if (!isObjectType(type)) throw new Error(`GitHub's schema has no type ${name}`)
  const fields = type.getFields()
  for (const [field, resolve] of Object.entries(resolvers)) {
    const known = fields[field]
    if (known === undefined) throw new Error(`GitHub's schema has no ${name}.${field}`)
    known.resolve = (source: unknown, args: Args, scope: Scope) => resolve(source, args, scope)
  }
}

function addScalar(built: GraphQLSchema, name: string, pattern: RegExp): void {
  const type = built.getType(name)
  if (!isScalarType(type)) throw new Error(`GitHub's schema has no scalar ${name}`)
  type.parseValue = (value) => {
    if (typeof value === 'string' && pattern.test(value)) return value
    throw new TypeError(`Could not coerce value ${JSON.stringify(value)} to ${name}`)
  }
}
