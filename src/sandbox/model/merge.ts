/** Merging a pull request. https://docs.github.com/rest/pulls/pulls#merge-a-pull-request */
import { isAncestor, merge, rebase } from '../git/history.ts'
import { readCommit, writeCommitOf } from '../git/objects.ts'
import { signatureOf, webFlow } from '../state/authors.ts'
import { unmetChecks, type UnmetCheck } from '../state/mergeability.ts'
import { branchHead } from '../state/refs.ts'
import { Refusal } from '../state/refusal.ts'
import type { Account, Author, Pull } from '../state/types.ts'
import { roleOf, type World } from '../state/world.ts'
import { pullCommits } from '../payload/pulls.ts'
import { markMerged } from './pull-state.ts'
import { editPull } from './pulls.ts'
import { moveRef } from './refs.ts'
import { isStrict, ruleMessage, violations } from './rules.ts'

export interface MergeOrder {
  readonly by: Author
  readonly method: 'merge' | 'squash' | 'rebase'
  /** The head that the person who merges has seen. */
  readonly sha?: string | undefined
  readonly title?: string | undefined
  readonly message?: string | undefined
}

export function mergePull(world: World, pull: Pull, order: MergeOrder): string {
  checkMergeable(pull)
  checkMethod(pull, order.method)
  if (order.sha !== undefined && order.sha !== pull.head.sha) {
    throw new Refusal(409, 'Head branch was modified. Review and try the merge again.')
  }
  checkProtection(pull, order.by)
  checkBaseRules(pull, order.by)
  const sha = writeMerge(world, pull, order)
  const { repo, base } = pull
  // Rebased commits keep their authors, so GitHub cannot sign them.
  if (order.method !== 'rebase') repo.signed.add(sha)
  markMerged(world, pull, { sha, by: order.by.account })
  moveRef(world, { repo, ref: `refs/heads/${base.ref}`, to: sha, by: order.by, type: 'pr_merge' })
  if (repo.settings.deleteBranchOnMerge) deleteHead(world, pull, order.by)
  return sha
}

function checkMergeable(pull: Pull): void {
  if (pull.draft) throw new Refusal(405, 'Pull Request is still a draft')
  const isClean = pull.state === 'open' && merge(pull.repo.bare, pull.base.sha, pull.head.sha) !== 'conflict'
  if (!isClean) throw new Refusal(405, 'Pull Request is not mergeable')
}

/** A merge moves the base, which a ruleset may forbid. */
function checkBaseRules({ repo, base, head }: Pull, by: Author): void {
  const broken = violations({ repo, ref: `refs/heads/${base.ref}`, to: head.sha, by })
  // The result of a merge is always on top of the base.
  const rules = broken.filter((rule) => rule !== 'Cannot force-push to this branch')
  if (rules.length > 0) throw new Refusal(405, ruleMessage(rules))
  const isBehind = isStrict(repo, base.ref) && !isAncestor(repo.bare, base.sha, head.sha)
  if (isBehind) throw new Refusal(405, 'Head branch is out of date with the base branch.')
}

function checkMethod(pull: Pull, method: MergeOrder['method']): void {
  const { allowMergeCommit, allowSquash, allowRebase } = pull.repo.settings
  const refusals = {
    merge: allowMergeCommit ? undefined : 'Merge commits are not allowed on this repository.',
    squash: allowSquash ? undefined : 'Squash merges are not allowed on this repository.',
    rebase: allowRebase ? undefined : 'Rebase merges are not allowed on this repository.',
  }
  const refusal = refusals[method]
  if (refusal !== undefined) throw new Refusal(405, refusal)
}

function checkProtection(pull: Pull, by: Author): void {
  const unmet = unmetChecks(pull)
  const [first] = unmet
  if (first === undefined) return
  const mayBypass =
    pull.repo.protection.get(pull.base.ref)?.enforceAdmins === false && roleOf(pull.repo, by.account) === 'admin'
  if (mayBypass) return
  const required = pull.repo.protection.get(pull.base.ref)?.checks.length ?? 0
  if (unmet.length === 1) throw new Refusal(405, `Required status check "${first.context}" is ${first.why}.`)
  const share = `${String(unmet.length)} of ${String(required)}`
  throw new Refusal(405, `${share} required status checks have not succeeded: ${summary(unmet)}.`)
}

function summary(unmet: readonly UnmetCheck[]): string {
  const counts = (['expected', 'pending', 'failing'] as const).map((why) => {
    const count = unmet.filter((one) => one.why === why).length
    return count === 0 ? [] : [`${String(count)} ${why}`]
  })
  return counts.flat().join(' and ')
}

function writeMerge(world: World, pull: Pull, order: MergeOrder): string {
  const { repo, base, head } = pull
  const committer = webFlow(world.now())
  if (order.method === 'rebase') {
    const moved = rebase(repo.bare, { base: base.sha, head: head.sha }, committer)
    if (moved === 'conflict') throw new Refusal(405, 'This branch can’t be rebased')
    return moved.sha
  }
  const outcome = merge(repo.bare, base.sha, head.sha)
  if (outcome === 'conflict') throw new Refusal(405, 'Pull Request is not mergeable')
  const isSquash = order.method === 'squash'
  return writeCommitOf(repo.bare, {
    tree: outcome.tree,
    parents: isSquash ? [base.sha] : [base.sha, head.sha],
    author: signatureOf(isSquash ? pull.author.account : order.by.account, world.now()),
    committer,
    message: isSquash ? squashMessage(pull, order) : mergeMessage(pull, order),
  })
}

function mergeMessage({ number, head, title }: Pull, order: MergeOrder): string {
  const first = order.title ?? `Merge pull request #${String(number)} from ${head.repo.owner.login}/${head.ref}`
  return `${first}\n\n${order.message ?? title}`
}

/** For one commit, its own message is the body. For several, a list of their messages. */
function squashMessage(pull: Pull, order: MergeOrder): string {
  const first = order.title ?? `${pull.title} (#${String(pull.number)})`
  const messages = pullCommits(pull).map((sha) => readCommit(pull.repo.bare, sha).message)
  const [only = ''] = messages
  const body =
    messages.length === 1 ? only.split('\n').slice(1).join('\n').trim() : messages.map((one) => `* ${one}`).join('\n\n')
  return `${first}\n\n${order.message ?? body}`.trimEnd()
}

/** Pull requests that were based on the deleted branch are moved to the branch that it was merged into. */
function deleteHead(world: World, pull: Pull, by: Author): void {
  const { head, base, repo } = pull
  if (head.repo !== repo || branchHead(repo, head.ref) !== head.sha) return
  for (const other of repo.pulls.values()) {
    if (other.state === 'open' && other.base.ref === head.ref)
      moveBase(world, other, { by: by.account, base: base.ref })
  }
  moveRef(world, { repo, ref: `refs/heads/${head.ref}`, to: undefined, by })
}

/** A pull request that cannot be moved is closed with the branch. */
function moveBase(world: World, pull: Pull, edit: { by: Account; base: string }): void {
  try {
    editPull(world, pull, edit)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
  }
}
