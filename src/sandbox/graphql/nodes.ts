/** Finds anything by its global id, which is the `node_id` of the REST API. */
import { hasObject } from '../git/objects.ts'
import { keyOf } from '../payload/links.ts'
import type { Account, Comment, Pull, Repository } from '../state/types.ts'
import type { CommitAt, RefAt } from './git.ts'
import { canSee, checkPermission, FieldFailure, type Scope } from './types.ts'

type GraphqlNode = Account | Comment | Pull | Repository | CommitAt | RefAt

export function findNode(id: string, scope: Scope): GraphqlNode {
  const found = find(id, scope)
  if (found !== undefined && mayRead(found, scope)) return found
  throw new FieldFailure('NOT_FOUND', `Could not resolve to a node with the global id of '${id}'.`)
}

function find(id: string, { world }: Scope): GraphqlNode | undefined {
  const repos = [...world.repositories.values()]
  const kind = id.slice(0, id.indexOf('_'))
  const key = keyOf(kind, id) ?? ''
  switch (kind) {
    case 'IC':
      return repos.map(({ comments }) => comments.get(Number(key))).find((one) => one !== undefined)
    case 'PR':
      return repos.flatMap(({ pulls }) => [...pulls.values()]).find((pull) => String(pull.id) === key)
    case 'R':
      return repos.find((repo) => String(repo.id) === key)
    case 'U':
    case 'BOT':
    case 'O':
      return [...world.accounts.values()].find((account) => String(account.id) === key)
    default:
      return gitObject(repos, kind, key)
  }
}

/** The keys of commits and refs begin with the repository's number. */
function gitObject(repos: readonly Repository[], kind: string, key: string): CommitAt | RefAt | undefined {
  const [number, ...rest] = key.split(':')
  const repo = repos.find((one) => String(one.id) === number)
  const name = rest.join(':')
  if (repo === undefined) return undefined
  if (kind === 'C') return hasObject(repo.bare, name) ? { repo, sha: name } : undefined
  const sha = kind === 'REF' ? repo.refs.get(name) : undefined
  return sha === undefined ? undefined : { repo, ref: name, sha }
}

function mayRead(found: GraphqlNode, scope: Scope): boolean {
  if ('login' in found) return true
  const repo = repositoryOf(found)
  if (!canSee(scope, repo)) return false
  if ('pull' in found) checkPermission(scope, repo, ['issues:read', 'pull_requests:read'])
  else if ('issueId' in found) checkPermission(scope, repo, ['pull_requests:read'])
  else if ('sha' in found) checkPermission(scope, repo, ['contents:read'])
  return true
}

function repositoryOf(found: Exclude<GraphqlNode, Account>): Repository {
  if ('pull' in found) return found.pull.repo
  return 'repo' in found ? found.repo : found
}

/** The type in GitHub's schema of a value, for fields that allow several types. */
export function typeOf(value: object): string | undefined {
  if ('login' in value && 'type' in value) return String(value.type)
  if ('bare' in value) return 'Repository'
  if ('pull' in value) return 'IssueComment'
  if ('issueId' in value) return 'PullRequest'
  if ('wasSignedByGitHub' in value) return 'GpgSignature'
  if ('ref' in value) return 'Ref'
  return 'sha' in value ? 'Commit' : undefined
}
