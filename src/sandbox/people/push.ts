/** Commits and forks by people. */
import { writeCommit, type FileChange } from '../git/objects.ts'
import { git } from '../git/run.ts'
import { moveRef } from '../model/refs.ts'
import { signatureOf } from '../state/authors.ts'
import { branchHead, writeRefs } from '../state/refs.ts'
import type { Account, Repository } from '../state/types.ts'
import { addRepository, byPerson, findRepository, type World } from '../state/world.ts'

/** Texts by path; null deletes a file. Executables, symbolic links and submodules have a longer form. */
export type FileTexts = Readonly<Record<string, FileChange>> | ReadonlyMap<string, FileChange>

export interface FilePush {
  readonly branch: string
  readonly files: FileTexts
  readonly by: Account
  /** Where the branch begins if it does not exist. */
  readonly start: string | undefined
  readonly message: string
}

/** Commits to a branch and pushes it. Returns the new head. */
export function pushFiles(world: World, repo: Repository, push: FilePush): string {
  const sha = commitFiles(world, repo, push)
  moveRef(world, { repo, ref: `refs/heads/${push.branch}`, to: sha, by: byPerson(push.by) })
  return sha
}

/** Makes the first commit, without any events. */
export function seed(world: World, repo: Repository, push: FilePush): void {
  writeRefs(repo, [{ ref: `refs/heads/${push.branch}`, to: commitFiles(world, repo, push) }])
}

function commitFiles(world: World, repo: Repository, push: FilePush): string {
  const who = signatureOf(push.by, world.now())
  return writeCommit(repo.bare, {
    parent: branchHead(repo, push.branch) ?? push.start,
    files: push.files instanceof Map ? push.files : new Map(Object.entries(push.files)),
    keepsModes: true,
    author: who,
    committer: who,
    message: push.message,
  })
}

/** The person's fork with all current branches. It is created once, and updated by every later call. */
export function fork(world: World, parent: Repository, owner: Account): Repository {
  const known = findRepository(world, `${owner.login}/${parent.name}`)
  const copy = known ?? addRepository(world, { owner, name: parent.name, isPrivate: parent.isPrivate, parent })
  const heads = [...parent.refs].filter(([ref]) => ref.startsWith('refs/heads/') && !copy.refs.has(ref))
  const main = branchHead(parent, parent.defaultBranch)
  git(copy.bare, ['fetch', '--quiet', '--no-write-fetch-head', parent.bare.dir, '+refs/heads/*:refs/sandbox/parent/*'])
  for (const [ref, to] of heads) writeRefs(copy, [{ ref, to }])
  if (main !== undefined) writeRefs(copy, [{ ref: `refs/heads/${parent.defaultBranch}`, to: main }])
  return copy
}
