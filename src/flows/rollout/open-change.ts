import { err, ok, type Result } from '../../core/result.ts'
import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import type { NewTexts } from '../../core/layer/place.ts'
import type { BaseHead } from '../measure/landing.ts'
import { changesOnly } from '../repository/changes-only.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { isAllOurs } from '../repository/step-ownership.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'

export type ChangeNeeds = Pick<RepositoryContext, 'branches' | 'pulls' | 'mirror' | 'ask' | 'repo' | 'botLogin' | 'log'>

/** A change that is made and proven, as the pull request that brings it. */
export interface ChangeDraft {
  /** One name for one change, so that doing it twice is doing it once. */
  readonly branch: string
  readonly title: string
  readonly body: string
  readonly commit: { readonly headline: string; readonly body: string }
  readonly labels: readonly string[]
  /** Whom GitHub shows it to as theirs. */
  readonly assignee?: string | undefined
  readonly files: NewTexts
}

/**
 * Opens the pull request of a change, on today's base. The branch's name says which change it is, so whatever is
 * found half done, by a process that was killed or in another replica, is taken up where it stands.
 */
export async function openChange(
  context: ChangeNeeds,
  base: BaseHead,
  draft: ChangeDraft,
): Promise<Result<PullRequest, Refusal>> {
  const readiness = await readyBranch(context, base, draft)
  if (readiness === 'taken') return err({ code: 'branch-taken', branch: draft.branch })
  if (typeof readiness === 'object') return ok(readiness)
  if (readiness === 'at-base') await commitChange(context, base, draft)
  return ok(await openPull(context, base, draft))
}

/** Makes an open pull request's branch again from today's base: the same change, planned anew. */
export async function remakeChange(
  context: ChangeNeeds,
  { base, pull }: { readonly base: BaseHead; readonly pull: PullRequest },
  draft: ChangeDraft,
): Promise<Result<PullRequest, Refusal>> {
  const { ref: branch, sha: head } = pull.head
  // What somebody pushed to it would be lost.
  if (!(await isAllOurs(context, { base: base.sha, head })))
    return err({ code: 'step-changed', branch, pull: pull.number })
  // GitHub closes a pull request whose branch is, even for a moment, where its base is. So the commit is made beside it.
  const beside = besideOf(branch)
  await startAt(context, { branch: beside, base })
  const sha = await commitChange(context, base, { ...draft, branch: beside })
  // The words first: once the branch is where it should be the change fits, and nobody looks at them again.
  await context.pulls.edit(pull.number, { title: draft.title, body: draft.body })
  await moveBranch(context, { branch, from: head, to: sha })
  await context.branches.remove(beside)
  await context.ask.review(pull.number, { code: 'remade', head: sha })
  return ok(pull)
}

/** A branch of our own for a moment, at the base. */
async function startAt(
  context: ChangeNeeds,
  { branch, base }: { readonly branch: string; readonly base: BaseHead },
): Promise<void> {
  if ((await context.branches.create(branch, base.sha)) === 'created') return
  const from = (await context.mirror.fetch([`refs/heads/${branch}`])).get(`refs/heads/${branch}`)
  if (from !== undefined && from !== base.sha) await moveBranch(context, { branch, from, to: base.sha })
}

/** Somebody who pushes at this moment is not overwritten: the job is tried again and finds out who it was. */
async function moveBranch(
  context: Pick<RepositoryContext, 'branches'>,
  { branch, from, to }: { readonly branch: string; readonly from: Sha; readonly to: Sha },
): Promise<void> {
  if ((await context.branches.move(branch, from, to)) === 'head-moved')
    throw new Error(`Somebody pushed to the branch ${branch} at the moment in which it was made again.`)
}

/** Where a new commit is made while its pull request stays open. */
export function besideOf(branch: string): string {
  return `${branch}.next`
}

/** `at-base`: ready for the commit. `committed`: only the pull request is missing. A pull request: all is done already. */
async function readyBranch(
  context: ChangeNeeds,
  base: BaseHead,
  { branch, files }: ChangeDraft,
): Promise<'at-base' | 'committed' | 'taken' | PullRequest> {
  if ((await context.branches.create(branch, base.sha)) === 'created') return 'at-base'
  const pulls = await context.pulls.from(branch)
  const open = pulls.find(({ state }) => state === 'open')
  if (open !== undefined) return open.author.login === context.botLogin && open.base.ref === base.ref ? open : 'taken'
  const head = (await context.mirror.fetch([`refs/heads/${branch}`])).get(`refs/heads/${branch}`)
  if (head === undefined || head === base.sha) return 'at-base'
  // A closed pull request of ours keeps its commits when the branch goes. Any other commit must be Perch's own.
  const isLeftover = pulls.some((pull) => pull.author.login === context.botLogin && pull.head.sha === head)
  if (!isLeftover && !(await isAllOurs(context, { base: base.sha, head }))) return 'taken'
  if (!isLeftover && (await isMade(context, { base: base.sha, head }, files))) return 'committed'
  await moveBranch(context, { branch, from: head, to: base.sha })
  return 'at-base'
}

/** Whether a branch is one commit on today's base, and holds just the texts that are to be. */
async function isMade(
  { mirror }: Pick<RepositoryContext, 'mirror'>,
  { base, head }: { readonly base: Sha; readonly head: Sha },
  files: NewTexts,
): Promise<boolean> {
  if ((await mirror.ahead(head, base)).length > 0 || (await mirror.ahead(base, head)).length !== 1) return false
  return changesOnly({ mirror }, { base, head }, files)
}

async function commitChange(
  context: ChangeNeeds,
  base: BaseHead,
  { branch, commit, files }: ChangeDraft,
): Promise<Sha> {
  const made = await context.branches.commit({ branch, expectedHead: base.sha, ...commit, files })
  // Somebody else committed in the moment between: the job is tried again and finds out who.
  if (typeof made === 'string') throw new Error(`The branch ${branch} moved while its commit was made.`)
  return made.sha
}

async function openPull(context: ChangeNeeds, base: BaseHead, draft: ChangeDraft): Promise<PullRequest> {
  const { branch, title, body, labels } = draft
  const opened = await context.pulls.open({ head: branch, base: base.ref, title, body })
  const pull =
    opened === 'exists'
      ? (await context.pulls.from(branch)).find((one) => one.state === 'open' && one.base.ref === base.ref)
      : opened
  if (pull === undefined) throw new Error(`GitHub would not open a pull request from ${branch}.`)
  const missing = (await isMarked(context, pull, draft)) ? [] : [...labels]
  await context.ask.review(pull.number, { code: opened === 'exists' ? 'adopted' : 'opened', labels: missing })
  context.log.info({ pull: pull.number, branch }, 'opened a pull request')
  return pull
}

/**
 * Whether one request could set its labels and its assignee. That replaces the labels, so it is only done right after it was opened,
 * when nobody else has had time to add one. A request more for each merge would be over the budget (decision 48).
 */
async function isMarked(
  { pulls }: Pick<ChangeNeeds, 'pulls'>,
  pull: PullRequest,
  { assignee, labels }: ChangeDraft,
): Promise<boolean> {
  if (assignee === undefined) return false
  const all = [...new Set([...pull.labels, ...labels])]
  return (await pulls.mark(pull.number, { labels: all, assignee })) === 'done'
}
