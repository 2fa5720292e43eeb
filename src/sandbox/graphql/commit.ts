/** `createCommitOnBranch`. https://docs.github.com/graphql/reference/mutations#createcommitonbranch */
import { findEntry, writeCommit } from '../git/objects.ts'
import { moveRef } from '../model/refs.ts'
import { ruleMessage, violations } from '../model/rules.ts'
import { keyOf } from '../payload/links.ts'
import { signatureOf, webFlow } from '../state/authors.ts'
import type { Repository } from '../state/types.ts'
import { findRepository, isAtLeast, roleOf } from '../state/world.ts'
import { authorOf, permissionsOf, permits, reaches, type Need } from '../wire/auth.ts'
import { FieldFailure, type Scope } from './types.ts'

/** `CreateCommitOnBranchInput`, already checked by GitHub's schema. */
interface Commit {
  readonly branch: {
    readonly id?: string
    readonly repositoryNameWithOwner?: string
    readonly branchName?: string
  }
  readonly message: { readonly headline: string; readonly body?: string | null }
  readonly fileChanges?: {
    readonly additions?: readonly { readonly path: string; readonly contents: string }[] | null
    readonly deletions?: readonly { readonly path: string }[] | null
  } | null
  readonly expectedHeadOid: string
  readonly clientMutationId?: string | null
}

export interface NewCommit {
  readonly repo: Repository
  readonly sha: string
  readonly ref: string
  readonly clientMutationId: string | null
}

export function createCommitOnBranch(input: unknown, scope: Scope): NewCommit {
  const draft = input as Commit
  const { repo, ref } = target(draft, scope)
  checkMayWrite(repo, draft, scope)
  const head = repo.refs.get(ref)
  if (head === undefined) {
    const name = ref.replace(/^refs\/heads\//, '')
    throw new FieldFailure('NOT_FOUND', `Could not resolve to a Ref with the name '${name}'.`)
  }
  if (head !== draft.expectedHeadOid) {
    const message = `Expected branch to point to "${draft.expectedHeadOid}" but it did not. Pull and try again.`
    throw new FieldFailure('STALE_DATA', message)
  }
  if (repo.archived) throw new FieldFailure('FORBIDDEN', 'Repository was archived so is read-only.')
  const sha = write(scope, { repo, head }, draft)
  const move = { repo, ref, to: sha, by: authorOf(scope.actor) }
  const broken = violations(move)
  // Clients can only read the message, because only classic protection has an error type of its own.
  if (broken.length > 0) throw new FieldFailure('UNPROCESSABLE', ruleMessage(broken))
  moveRef(scope.world, move)
  return { repo, sha, ref, clientMutationId: draft.clientMutationId ?? null }
}

/** A branch is identified by its global id, or by the names of repository and branch. */
function target({ branch }: Commit, { world }: Scope): { repo: Repository; ref: string } {
  const key = branch.id === undefined ? undefined : keyOf('REF', branch.id)
  if (key !== undefined) {
    const [id = '', ...rest] = key.split(':')
    const repo = [...world.repositories.values()].find((one) => String(one.id) === id)
    if (repo !== undefined) return { repo, ref: rest.join(':') }
  }
  const { repositoryNameWithOwner: name, branchName } = branch
  if (name === undefined || branchName === undefined) {
    throw new FieldFailure('NOT_FOUND', `Could not resolve to a node with the global id of '${branch.id ?? ''}'`)
  }
  const repo = findRepository(world, name)
  if (repo === undefined) throw noRepository(name)
  return { repo, ref: branchName.startsWith('refs/') ? branchName : `refs/heads/${branchName}` }
}

function noRepository(name: string): FieldFailure {
  return new FieldFailure('NOT_FOUND', `Could not resolve to a Repository with the name '${name}'.`)
}

function checkMayWrite(repo: Repository, draft: Commit, { actor }: Scope): void {
  const name = draft.branch.repositoryNameWithOwner ?? repo.name
  if (actor.kind === 'installation') {
    if (!reaches(actor.token, repo) && repo.isPrivate) throw noRepository(name)
    const needs: Need[] = ['contents:write', ...(touchesWorkflows(draft) ? (['workflows:write'] as const) : [])]
    const mayAll = reaches(actor.token, repo) && needs.every((need) => permits(permissionsOf(actor.token), [need]))
    if (!mayAll) throw new FieldFailure('FORBIDDEN', 'Resource not accessible by integration')
    return
  }
  const role = actor.kind === 'person' ? roleOf(repo, actor.account) : 'none'
  if (role === 'none') throw noRepository(name)
  if (!isAtLeast(role, 'write')) {
    throw new FieldFailure(
      'FORBIDDEN',
      `${authorOf(actor).account.login} does not have permission to push to this repository.`,
    )
  }
}

/** Files under `.github/workflows` need a separate permission. */
function touchesWorkflows({ fileChanges }: Commit): boolean {
  const paths = [...(fileChanges?.additions ?? []), ...(fileChanges?.deletions ?? [])].map(({ path }) => path)
  return paths.some((path) => path.startsWith('.github/workflows/'))
}

function write(scope: Scope, at: { repo: Repository; head: string }, draft: Commit): string {
  const { repo, head } = at
  const { additions, deletions } = draft.fileChanges ?? {}
  for (const { path } of deletions ?? []) {
    if (findEntry(repo.bare, head, path) !== undefined) continue
    const message = `A path was requested for deletion which does not exist as of commit oid \`${head}\``
    throw new FieldFailure('UNPROCESSABLE', message)
  }
  const now = scope.world.now()
  const { headline, body } = draft.message
  const sha = writeCommit(repo.bare, {
    parent: head,
    files: new Map<string, Buffer | null>([
      ...(deletions ?? []).map(({ path }) => [path, null] as const),
      ...(additions ?? []).map(({ path, contents }) => [path, Buffer.from(contents, 'base64')] as const),
    ]),
    keepsModes: false,
    author: signatureOf(authorOf(scope.actor).account, now),
    committer: webFlow(now),
    message: (body ?? '') === '' ? headline : `${headline}\n\n${body ?? ''}`,
  })
  repo.signed.add(sha)
  return sha
}
