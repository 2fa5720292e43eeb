/**
 * Moves refs, with all consequences on GitHub: the push event, a queued check suite for every App that writes checks, and pull
 * requests that follow their head and base.
 */
import { git } from '../git/run.ts'
import { commitsBetween, isAncestor } from '../git/history.ts'
import { NO_COMMIT } from '../git/objects.ts'
import { writeRefs } from '../state/refs.ts'
import { custom, Refusal } from '../state/refusal.ts'
import type { Activity, Author, Pull, Repository } from '../state/types.ts'
import { fullName, type World } from '../state/world.ts'
import { pushPayload } from '../payload/push.ts'
import { closePull, followBase, markMerged, synchronize } from './pull-state.ts'
import { ruleMessage, violations } from './rules.ts'
import { requestSuites } from './suites.ts'

export interface RefMove {
  readonly repo: Repository
  /** The full name, such as `refs/heads/main`. */
  readonly ref: string
  /** Undefined to delete the ref. */
  readonly to: string | undefined
  readonly by: Author
  /** Undefined for a push. */
  readonly type?: 'pr_merge' | 'merge_queue_merge'
}

/** Refuses a move that a ruleset forbids. */
function checkRules(move: RefMove): void {
  const broken = violations(move)
  if (broken.length > 0) throw new Refusal(422, ruleMessage(broken))
}

/** Moves a branch or tag like a push does. */
export function moveRef(world: World, move: RefMove): void {
  const from = move.repo.refs.get(move.ref)
  if (from === move.to) return
  // The queue and merges have checked the rules already, and may move the branch for people who may not.
  if (move.type === undefined) checkRules(move)
  writeRefs(move.repo, [move])
  afterMove(world, { ...move, from })
}

/** Applies the consequences of a moved ref, whoever wrote it to disk. */
export function afterMove(world: World, move: RefMove & { readonly from: string | undefined }): void {
  const { repo, ref, to } = move
  repo.pushedAt = world.now()
  const push = { repo, ref, before: move.from, after: to, by: move.by.account }
  world.happened({ event: 'push', repo, sender: push.by, payload: () => pushPayload(world, push) })
  if (!ref.startsWith('refs/heads/')) return
  repo.activities.push(activityOf(world, move))
  const branch = ref.slice('refs/heads/'.length)
  if (to !== undefined)
    requestSuites(world, { repo, branch, sha: to, before: move.from ?? NO_COMMIT, by: move.by.account })
  for (const pull of pullsTouching(world, repo, branch)) updatePull(world, pull, { ...move, branch })
}

function activityOf(world: World, move: RefMove & { readonly from: string | undefined }): Activity {
  const { repo, ref, from, to, by } = move
  const moved = (): Activity['type'] => {
    if (from === undefined) return 'branch_creation'
    if (to === undefined) return 'branch_deletion'
    return isAncestor(repo.bare, from, to) ? 'push' : 'force_push'
  }
  return {
    id: world.nextId(),
    type: move.type ?? moved(),
    ref,
    before: from ?? NO_COMMIT,
    after: to ?? NO_COMMIT,
    by: by.account,
    at: world.now(),
  }
}

function pullsTouching(world: World, repo: Repository, branch: string): Pull[] {
  return [...world.repositories.values()]
    .filter((other) => other === repo || other === repo.parent)
    .flatMap((other) => [...other.pulls.values()])
    .filter((pull) => pull.state === 'open')
    .filter(
      (pull) =>
        (pull.head.repo === repo && pull.head.ref === branch) || (pull.repo === repo && pull.base.ref === branch),
    )
}

function updatePull(world: World, pull: Pull, move: RefMove & { from: string | undefined; branch: string }): void {
  const isHead = pull.head.repo === move.repo && pull.head.ref === move.branch
  if (move.to === undefined) {
    closePull(world, pull, move.by.account)
    return
  }
  if (isHead) {
    bringHead(pull, move.to)
    synchronize(world, pull, move)
    return
  }
  // A pull request whose head reached the base through a push counts as merged.
  const landed = move.from === undefined ? [] : commitsBetween(move.repo.bare, move.from, move.to)
  if (landed.includes(pull.head.sha)) markMerged(world, pull, { sha: pull.head.sha, by: move.by.account })
  else followBase(world, pull, move.to)
}

/** Points `refs/pull/N/head` at a commit. If the commit is in a fork, it is copied from there. */
function bringHead(pull: Pull, sha: string): void {
  if (pull.head.repo !== pull.repo) bringCommit(pull.repo, pull.head.repo, sha)
  writeRefs(pull.repo, [{ ref: `refs/pull/${String(pull.number)}/head`, to: sha }])
}

/** GitHub keeps a repository and its forks in one object store. The sandbox copies the objects. */
export function bringCommit(to: Repository, from: Repository, sha: string): void {
  git(to.bare, ['fetch', '--quiet', '--no-write-fetch-head', '--no-tags', from.bare.dir, sha])
}

/** "Branch or tag names longer than 255 bytes are not allowed." */
const MAX_REF_BYTES = 255

/** Refuses a ref that GitHub would not create. */
export function checkRefName(repo: Repository, ref: string): void {
  const isFull = ref.startsWith('refs/') && ref.split('/').length >= 3
  const bad = /\.\.|[\s\p{Cc}~^:?*[\\]|\/\/|@\{|\/$|\.$|\.lock(\/|$)|\/\./u
  const isLong = Buffer.byteLength(ref.replace(/^refs\/(heads|tags)\//, '')) > MAX_REF_BYTES
  if (!isFull || isLong || bad.test(ref))
    throw custom('Reference', `${ref} is not a valid ref name in ${fullName(repo)}.`)
}
