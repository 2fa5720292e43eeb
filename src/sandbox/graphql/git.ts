/** Commits, refs and signatures in GraphQL. */
import { hasObject, readCommit, resolveCommit, type Commit, type Signature } from '../git/objects.ts'
import { accountBehind } from '../payload/commits.ts'
import { nodeId, repoHtml, time } from '../payload/links.ts'
import type { Repository } from '../state/types.ts'
import { findAccount } from '../state/world.ts'
import { connect } from './connection.ts'
import { FieldFailure, type Fields } from './types.ts'

export interface CommitAt {
  readonly repo: Repository
  readonly sha: string
}

export interface RefAt extends CommitAt {
  readonly ref: string
}

const read = ({ repo, sha }: CommitAt): Commit => readCommit(repo.bare, sha)

export const COMMIT: Fields<CommitAt> = {
  id: ({ repo, sha }) => nodeId('C', `${String(repo.id)}:${sha}`),
  oid: ({ sha }) => sha,
  abbreviatedOid: ({ sha }) => sha.slice(0, 7),
  url: ({ repo, sha }, _, { world }) => repoHtml(world, repo, `/commit/${sha}`),
  commitUrl: ({ repo, sha }, _, { world }) => repoHtml(world, repo, `/commit/${sha}`),
  repository: ({ repo }) => repo,
  message: (at) => read(at).message,
  messageHeadline: (at) => read(at).message.split('\n')[0],
  messageBody: (at) => read(at).message.split('\n').slice(1).join('\n').trim(),
  authoredDate: (at) => time(read(at).author.at),
  committedDate: (at) => time(read(at).committer.at),
  author: (at) => read(at).author,
  committer: (at) => read(at).committer,
  committedViaWeb: (at) => read(at).committer.email === 'noreply@github.com',
  parents: ({ repo, ...at }, args) => {
    const parents = read({ repo, ...at }).parents.map((sha, id) => ({ id, repo, sha }))
    return connect('parents', parents, args)
  },
  // In the sandbox, only commits that GitHub itself made are signed.
  signature: ({ repo, sha }) => (repo.signed.has(sha) ? { repo, sha, wasSignedByGitHub: true } : null),
}

/** GitHub finds the person by e-mail address. In this place, a bot is a User too, with its complete name. */
export const GIT_ACTOR: Fields<Signature> = {
  date: ({ at }) => time(at),
  user: (who, _, { world }) => accountBehind(world, who) ?? null,
}

export const GIT_SIGNATURE: Fields<CommitAt> = {
  isValid: () => true,
  state: () => 'VALID',
  email: () => 'noreply@github.com',
  signer: (_, __, { world }) => findAccount(world, 'web-flow') ?? null,
  verifiedAt: (at) => time(read(at).committer.at),
}

export const REF: Fields<RefAt> = {
  id: ({ repo, ref }) => nodeId('REF', `${String(repo.id)}:${ref}`),
  name: ({ ref }) => ref.replace(/^refs\/(heads|tags)\//, ''),
  prefix: ({ ref }) => /^refs\/\w+\//.exec(ref)?.[0] ?? 'refs/',
  repository: ({ repo }) => repo,
  // In the sandbox, this is always a commit.
  target: ({ repo, sha }): CommitAt => ({ repo, sha }),
}

export function refAt(repo: Repository, name: string): RefAt | null {
  const found = [name, `refs/heads/${name}`, `refs/tags/${name}`].find((one) => repo.refs.has(one))
  const sha = found === undefined ? undefined : repo.refs.get(found)
  return found === undefined || sha === undefined ? null : { repo, ref: found, sha }
}

/** `object(oid:)` and `object(expression:)`, of commits only. */
export function commitAt(repo: Repository, args: Readonly<Record<string, unknown>>): CommitAt | null {
  const name = args['oid'] ?? args['expression']
  if (typeof name !== 'string') throw new FieldFailure('UNPROCESSABLE', 'An oid or an expression is needed.')
  if (args['oid'] !== undefined && !hasObject(repo.bare, name)) return null
  const sha = resolveCommit(repo.bare, name)
  return sha === undefined ? null : { repo, sha }
}
