import { err, ok, type Result } from '../../core/result.ts'
import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import type { NewTexts } from '../../core/layer/place.ts'
import { changesOnly } from '../repository/changes-only.ts'
import { type BaseHead, fetchHead } from '../repository/history.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { isAllOurs } from '../repository/step-ownership.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'

export type ChangeNeeds = Pick<RepositoryContext, 'branches' | 'pulls' | 'mirror' | 'ask' | 'repo' | 'botLogin' | 'log'>

/** A change that is planned and proven, with the texts of its pull request. */
export interface ChangeDraft {
  /** A unique name for the change, so that doing it twice has no further effect. */
  readonly branch: string
  readonly title: string
  readonly body: string
  readonly commit: { readonly headline: string; readonly body: string }
  readonly labels: readonly string[]
  /** The person to assign the pull request to. */
  readonly assignee?: string | undefined
  readonly files: NewTexts
}

/**
 * Opens the pull request of a change, on the current base. The name of the branch identifies the change. So whatever a killed
 * process or another replica left unfinished is continued from there.
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

/** Remakes the branch of an open pull request on the current base: the same change, planned again. */
export async function remakeChange(
  context: ChangeNeeds,
  { base, pull }: { readonly base: BaseHead; readonly pull: PullRequest },
  draft: ChangeDraft,
): Promise<Result<PullRequest, Refusal>> {
  const { ref: branch, sha: head } = pull.head
  // If someone pushed to it, that would be lost.
  if (!(await isAllOurs(context, { base: base.sha, head })))
    return err({ code: 'step-changed', branch, pull: pull.number })
  // GitHub closes a pull request whose branch is at its base, even for a moment. So the commit is made on another branch.
  const beside = besideOf(branch)
  await startAt(context, { branch: beside, base })
  const sha = await commitChange(context, base, { ...draft, branch: beside })
  // The text comes first: once the branch is correct, the change fits, and nobody looks at the text again.
  await context.pulls.edit(pull.number, { title: draft.title, body: draft.body })
  await moveBranch(context, { branch, from: head, to: sha })
  await context.branches.remove(beside)
  // The same branch may have another meaning on the current base: a finish can have become a rollback.
  const missing = draft.labels.filter((label) => !pull.labels.includes(label))
  if (missing.length > 0) await context.pulls.label(pull.number, missing)
  await context.ask.review(pull.number, { code: 'remade', head: sha })
  return ok(pull)
}

/** Creates a temporary branch at the base. */
async function startAt(
  context: ChangeNeeds,
  { branch, base }: { readonly branch: string; readonly base: BaseHead },
): Promise<void> {
  if ((await context.branches.create(branch, base.sha)) === 'created') return
  const from = await fetchHead(context, branch)
  if (from !== undefined && from !== base.sha) await moveBranch(context, { branch, from, to: base.sha })
}

/** Does not overwrite someone who pushes at this moment: the job is retried, and finds out who it was. */
async function moveBranch(
  context: Pick<RepositoryContext, 'branches'>,
  { branch, from, to }: { readonly branch: string; readonly from: Sha; readonly to: Sha },
): Promise<void> {
  if ((await context.branches.move(branch, from, to)) === 'head-moved')
    throw new Error(`Somebody pushed to the branch ${branch} at the moment in which it was made again.`)
}

/** The branch for a new commit while its pull request stays open. */
export function besideOf(branch: string): string {
  return `${branch}.next`
}

/** `at-base`: ready for the commit. `committed`: only the pull request is missing. A pull request: everything is done. */
async function readyBranch(
  context: ChangeNeeds,
  base: BaseHead,
  { branch, files }: ChangeDraft,
): Promise<'at-base' | 'committed' | 'taken' | PullRequest> {
  if ((await context.branches.create(branch, base.sha)) === 'created') return 'at-base'
  const pulls = await context.pulls.from(branch)
  const open = pulls.find(({ state }) => state === 'open')
  if (open !== undefined) return open.author.login === context.botLogin && open.base.ref === base.ref ? open : 'taken'
  const head = await fetchHead(context, branch)
  if (head === undefined || head === base.sha) return 'at-base'
  // A closed pull request of ours keeps its commits if the branch is deleted. Any other commit must be Perch's own.
  const isLeftover = pulls.some((pull) => pull.author.login === context.botLogin && pull.head.sha === head)
  if (!isLeftover && !(await isAllOurs(context, { base: base.sha, head }))) return 'taken'
  if (!isLeftover && (await isMade(context, { base: base.sha, head }, files))) return 'committed'
  await moveBranch(context, { branch, from: head, to: base.sha })
  return 'at-base'
}

/** Whether a branch is one commit on the current base, with exactly these texts. */
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
  // Someone else committed at the same moment. The job is retried, and finds out who.
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
 * Sets the labels and the assignee in one request, and returns whether that succeeded. The request replaces all labels, so it is
 * used only right after opening, before anyone has had time to add one. One more request for each merge would exceed the budget
 * (decision 48).
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
