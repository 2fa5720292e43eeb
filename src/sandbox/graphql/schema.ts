/** The fields that the sandbox answers. Names and types are those of GitHub's schema; a test holds this. */
import { readCommit } from '../git/objects.ts'
import { nodeId, repoHtml, time, timeOrNull } from '../payload/links.ts'
import { mergeability } from '../state/mergeability.ts'
import type { Account, Pull, Repository } from '../state/types.ts'
import { findRepository, fullName, roleOf } from '../state/world.ts'
import { authorOf, permits, reaches } from '../wire/auth.ts'
import { createCommitOnBranch, type NewCommit } from './commit.ts'
import { FieldFailure, type ObjectType, type Scope } from './types.ts'

interface CommitAt {
  readonly repo: Repository
  readonly sha: string
}

const COMMIT: ObjectType<CommitAt> = {
  name: 'Commit',
  fields: {
    id: { resolve: ({ repo, sha }) => nodeId('C', `${String(repo.id)}:${sha}`) },
    oid: { resolve: ({ sha }) => sha },
    abbreviatedOid: { resolve: ({ sha }) => sha.slice(0, 7) },
    url: { resolve: ({ repo, sha }, _, { world }) => repoHtml(world, repo, `/commit/${sha}`) },
    message: { resolve: ({ repo, sha }) => readCommit(repo.bare, sha).message },
    messageHeadline: { resolve: ({ repo, sha }) => readCommit(repo.bare, sha).message.split('\n')[0] },
    committedDate: { resolve: ({ repo, sha }) => time(readCommit(repo.bare, sha).committer.at) },
  },
}

/** A ref points to any object; here always to a commit. */
const GIT_OBJECT: ObjectType<CommitAt> = {
  name: 'Commit',
  fields: { id: COMMIT.fields['id'] ?? failing(), oid: COMMIT.fields['oid'] ?? failing() },
}

function failing(): never {
  throw new Error('The schema lacks a field.')
}

interface RefAt extends CommitAt {
  readonly ref: string
}

const REF: ObjectType<RefAt> = {
  name: 'Ref',
  fields: {
    id: { resolve: ({ repo, ref }) => nodeId('REF', `${String(repo.id)}:${ref}`) },
    name: { resolve: ({ ref }) => ref.replace(/^refs\/(heads|tags)\//, '') },
    prefix: { resolve: ({ ref }) => /^refs\/\w+\//.exec(ref)?.[0] ?? 'refs/' },
    target: { type: GIT_OBJECT, resolve: (at) => at },
  },
}

const ACTOR: ObjectType<Account> = {
  name: 'User',
  fields: {
    login: { resolve: ({ login }) => login },
    url: { resolve: ({ login }, _, { world }) => `${world.origin}/${encodeURIComponent(login)}` },
  },
}

const PULL_REQUEST: ObjectType<Pull> = {
  name: 'PullRequest',
  fields: {
    id: { resolve: ({ id }) => nodeId('PR', id) },
    databaseId: { resolve: ({ id }) => id },
    number: { resolve: ({ number }) => number },
    title: { resolve: ({ title }) => title },
    body: { resolve: ({ body }) => body ?? '' },
    url: { resolve: ({ repo, number }, _, { world }) => repoHtml(world, repo, `/pull/${String(number)}`) },
    state: { resolve: (pull) => (pull.merged === undefined ? pull.state.toUpperCase() : 'MERGED') },
    closed: { resolve: ({ state }) => state === 'closed' },
    merged: { resolve: ({ merged }) => merged !== undefined },
    isDraft: { resolve: ({ draft }) => draft },
    isCrossRepository: { resolve: ({ head, repo }) => head.repo !== repo },
    headRefName: { resolve: ({ head }) => head.ref },
    headRefOid: { resolve: ({ head }) => head.sha },
    baseRefName: { resolve: ({ base }) => base.ref },
    baseRefOid: { resolve: ({ base }) => base.sha },
    mergeable: { resolve: (pull, _, { world }) => mergeableWord(mergeability(world, pull).mergeable) },
    author: { type: ACTOR, resolve: ({ author }) => author.account },
    mergeCommit: {
      type: COMMIT,
      resolve: ({ repo, merged }) => (merged === undefined ? null : { repo, sha: merged.sha }),
    },
    createdAt: { resolve: ({ createdAt }) => time(createdAt) },
    updatedAt: { resolve: ({ updatedAt }) => time(updatedAt) },
    closedAt: { resolve: ({ closedAt }) => timeOrNull(closedAt) },
    mergedAt: { resolve: ({ merged }) => timeOrNull(merged?.at) },
    permalink: { resolve: ({ repo, number }, _, { world }) => repoHtml(world, repo, `/pull/${String(number)}`) },
  },
}

function mergeableWord(mergeable: boolean | null): 'MERGEABLE' | 'CONFLICTING' | 'UNKNOWN' {
  if (mergeable === null) return 'UNKNOWN'
  return mergeable ? 'MERGEABLE' : 'CONFLICTING'
}

const REPOSITORY: ObjectType<Repository> = {
  name: 'Repository',
  fields: {
    id: { resolve: ({ id }) => nodeId('R', id) },
    databaseId: { resolve: ({ id }) => id },
    name: { resolve: ({ name }) => name },
    nameWithOwner: { resolve: fullName },
    isPrivate: { resolve: ({ isPrivate }) => isPrivate },
    defaultBranchRef: { type: REF, resolve: (repo) => refAt(repo, `refs/heads/${repo.defaultBranch}`) },
    pullRequest: { type: PULL_REQUEST, args: { number: true }, resolve: findPull },
    ref: {
      type: REF,
      args: { qualifiedName: true },
      resolve: (repo, { qualifiedName }) => refAt(repo, String(qualifiedName)),
    },
  },
}

function refAt(repo: Repository, name: string): RefAt | null {
  const found = [name, `refs/heads/${name}`, `refs/tags/${name}`].find((one) => repo.refs.has(one))
  const sha = found === undefined ? undefined : repo.refs.get(found)
  return found === undefined || sha === undefined ? null : { repo, ref: found, sha }
}

function findPull(repo: Repository, { number }: Readonly<Record<string, unknown>>, scope: Scope): Pull {
  const { actor } = scope
  if (repo.isPrivate && actor.kind === 'installation' && !permits(actor.token.permissions, ['pull_requests:read'])) {
    throw new FieldFailure('FORBIDDEN', 'Resource not accessible by integration')
  }
  const pull = repo.pulls.get(Number(number))
  if (pull !== undefined) return pull
  throw new FieldFailure('NOT_FOUND', `Could not resolve to a PullRequest with the number of ${String(number)}.`)
}

export const QUERY: ObjectType<undefined> = {
  name: 'Query',
  fields: {
    viewer: { type: ACTOR, resolve: (_, __, { actor }) => authorOf(actor).account },
    repository: {
      type: REPOSITORY,
      args: { owner: true, name: true, followRenames: false },
      resolve: (_, { owner, name }, { world, actor }) => {
        const full = `${String(owner)}/${String(name)}`
        const repo = findRepository(world, full)
        if (repo !== undefined && canSee({ world, actor }, repo)) return repo
        throw new FieldFailure('NOT_FOUND', `Could not resolve to a Repository with the name '${full}'.`)
      },
    },
  },
}

function canSee({ actor }: Scope, repo: Repository): boolean {
  if (!repo.isPrivate) return true
  if (actor.kind === 'installation') return reaches(actor.token, repo)
  return actor.kind === 'person' && roleOf(repo, actor.account) !== 'none'
}

const NEW_COMMIT: ObjectType<NewCommit> = {
  name: 'CreateCommitOnBranchPayload',
  fields: {
    clientMutationId: { resolve: ({ clientMutationId }) => clientMutationId },
    commit: { type: COMMIT, resolve: ({ repo, sha }) => ({ repo, sha }) },
    ref: { type: REF, resolve: ({ repo, sha, ref }) => ({ repo, sha, ref }) },
  },
}

export const MUTATION: ObjectType<undefined> = {
  name: 'Mutation',
  fields: {
    createCommitOnBranch: {
      type: NEW_COMMIT,
      args: { input: true },
      resolve: (_, { input }, scope) => createCommitOnBranch(input, scope),
    },
  },
}
