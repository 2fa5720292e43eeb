import { moveBody, moveCommit, moveTitle } from '../../core/message/pull-request/pull-request.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { branchOf } from '../../core/rollout/branch.ts'
import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import type { NewTexts } from '../../core/layer/place.ts'
import type { Move } from '../../core/rollout/move.ts'
import type { BaseHead } from '../measure/landing.ts'
import { changesOnly } from '../repository/changes-only.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { isAllOurs } from '../repository/step-ownership.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'
import type { Proposal } from '../../core/rollout/proposal.ts'
import { forgetUnopened, rememberUnopened } from './unopened.ts'

type Needs = Pick<RepositoryContext, 'branches' | 'pulls' | 'mirror' | 'ask' | 'repo' | 'botLogin' | 'memo' | 'log'>

/** A move whose new file texts are made, and proven. */
export interface PreparedProposal {
  readonly proposal: Proposal
  readonly files: NewTexts
}

/**
 * Opens the pull request that makes a move, on today's base. The branch's name says which move it is, so whatever is
 * found half done, by a process that was killed or in another replica, is taken up where it stands.
 */
export async function propose(
  context: Needs,
  base: BaseHead,
  made: PreparedProposal,
): Promise<Result<PullRequest, Refusal>> {
  const { proposal, files } = made
  const branch = branchOf(
    { ref: base.ref, isDefault: base.ref === context.repo.defaultBranch },
    proposal.target,
    proposal.move,
  )
  await rememberUnopened(context, base.ref, branch)
  const done = await openOn(context, { base, branch, proposal, files })
  await forgetUnopened(context, base.ref, branch)
  return done === 'taken' ? err({ code: 'branch-taken', branch }) : ok(done)
}

async function openOn(context: Needs, step: StepBranch & { readonly files: NewTexts }): Promise<PullRequest | 'taken'> {
  const readiness = await readyBranch(context, step)
  if (readiness === 'taken' || typeof readiness === 'object') return readiness
  if (readiness === 'at-base') await commitMove(context, step)
  return openPull(context, step)
}

/** Makes an open pull request's branch again from today's base: the same change, planned anew. */
export async function replan(
  context: Needs,
  at: { readonly base: BaseHead; readonly pull: PullRequest },
  made: PreparedProposal,
): Promise<Result<PullRequest, Refusal>> {
  const { base, pull } = at
  const { proposal, files } = made
  const { ref: branch, sha: head } = pull.head
  // What somebody pushed to it would be lost.
  if (!(await isAllOurs(context, { base: base.sha, head })))
    return err({ code: 'step-changed', branch, pull: pull.number })
  // GitHub closes a pull request whose branch is, even for a moment, where its base is. So the commit is made beside it.
  const beside = besideOf(branch)
  await startAt(context, { branch: beside, base })
  const sha = await commitMove(context, { base, branch: beside, proposal, files })
  // The words first: once the branch is where it should be the step fits, and nobody looks at them again.
  await context.pulls.edit(pull.number, { title: moveTitle(proposal), body: moveBody(proposal) })
  await moveBranch(context, { branch, from: head, to: sha })
  await context.branches.remove(beside)
  await context.ask.review(pull.number, { code: 'remade', head: sha })
  return ok(pull)
}

/** A branch of our own for a moment, at the base. */
async function startAt(context: Needs, { branch, base }: Pick<StepBranch, 'branch' | 'base'>): Promise<void> {
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

/** Whether a step could be given its labels and the person who drives its rollout in one request. */
async function isMarked({ pulls }: Needs, pull: PullRequest, { driver, move }: Proposal): Promise<boolean> {
  if (driver === undefined) return false
  const labels = [...new Set([...pull.labels, ...labelsOf(move.kind)])]
  return (await pulls.mark(pull.number, { labels, assignee: driver })) === 'done'
}

/** What Perch's pull requests are found by in GitHub's lists. */
export function labelsOf(kind: Move['kind']): string[] {
  if (kind === 'switch') return ['canary', 'canary:switch']
  return kind === 'rollback' ? ['canary', 'canary:rollback'] : ['canary']
}

/** Where a step's new commit is made while its pull request stays open. */
export function besideOf(branch: string): string {
  return `${branch}.next`
}

/** A step's branch, and what it is for. */
interface StepBranch {
  readonly base: BaseHead
  readonly branch: string
  readonly proposal: Proposal
}

/** `at-base`: ready for the commit. `committed`: only the pull request is missing. A pull request: all is done already. */
async function readyBranch(
  context: Needs,
  step: StepBranch & { readonly files: NewTexts },
): Promise<'at-base' | 'committed' | 'taken' | PullRequest> {
  const { base, branch, files } = step
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

async function commitMove(context: Needs, step: StepBranch & { readonly files: NewTexts }): Promise<Sha> {
  const { base, branch, proposal, files } = step
  const made = await context.branches.commit({ branch, expectedHead: base.sha, ...moveCommit(proposal), files })
  // Somebody else committed in the moment between: the job is tried again and finds out who.
  if (typeof made === 'string') throw new Error(`The branch ${branch} moved while its commit was made.`)
  return made.sha
}

async function openPull(context: Needs, step: StepBranch): Promise<PullRequest> {
  const { base, branch, proposal } = step
  const opened = await context.pulls.open({
    head: branch,
    base: base.ref,
    title: moveTitle(proposal),
    body: moveBody(proposal),
  })
  const pull =
    opened === 'exists'
      ? (await context.pulls.from(branch)).find((one) => one.state === 'open' && one.base.ref === base.ref)
      : opened
  if (pull === undefined) throw new Error(`GitHub would not open a pull request from ${branch}.`)
  const labels = labelsOf(proposal.move.kind)
  const missing = (await isMarked(context, pull, proposal)) ? [] : labels
  await context.ask.review(pull.number, { code: opened === 'exists' ? 'adopted' : 'opened', labels: missing })
  context.log.info({ pull: pull.number, branch }, 'opened a pull request')
  return pull
}
