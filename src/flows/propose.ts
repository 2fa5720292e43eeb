import {
  commandTrailer,
  moveBody,
  moveCommit,
  moveTitle,
  MOVE_TRAILER,
  type Proposal,
} from '../core/message/pull-request.ts'
import type { Refusal } from '../core/message/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import { branchOf } from '../core/rollout/branch.ts'
import type { PullRequest, Sha } from '../core/rollout/facts.ts'
import type { Files } from '../core/layer/place.ts'
import type { Move } from '../core/rollout/move.ts'
import type { Desk } from './desk.ts'
import { jobOf } from './work.ts'

type Needs = Pick<Desk, 'branches' | 'pulls' | 'mirror' | 'jobs' | 'repo' | 'installation' | 'botLogin' | 'log'>

export interface Base {
  readonly ref: string
  readonly sha: Sha
}

/** A move whose new file texts are made, and proven. */
export interface MadeMove {
  readonly proposal: Proposal
  readonly files: Files
}

/**
 * Opens the pull request that makes a move, on today's base. The branch's name says which move it is, so whatever is
 * found half done, by a process that was killed or in another replica, is taken up where it stands.
 */
export async function propose(desk: Needs, base: Base, made: MadeMove): Promise<Result<PullRequest, Refusal>> {
  const { proposal, files } = made
  const branch = branchOf(proposal.target, proposal.move)
  const readiness = await readyBranch(desk, { base, branch, proposal })
  if (readiness === 'taken') return err({ code: 'branch-taken', branch })
  if (typeof readiness === 'object') return ok(readiness)
  if (readiness === 'at-base') await commitMove(desk, { base, branch, proposal, files })
  return ok(await openPull(desk, { base, branch, proposal }))
}

/** Makes an open pull request's branch again from today's base: the same change, planned anew. */
export async function replan(
  desk: Needs,
  at: { readonly base: Base; readonly pull: PullRequest },
  made: MadeMove,
): Promise<Result<PullRequest, Refusal>> {
  const { base, pull } = at
  const { proposal, files } = made
  // What somebody pushed to it would be lost.
  const ahead = await desk.mirror.ahead(base.sha, pull.head.sha)
  if (!ahead.every(isOurs)) return err({ code: 'branch-taken', branch: pull.head.ref })
  // GitHub closes a pull request whose branch is, even for a moment, where its base is. So the commit is made beside it.
  const beside = besideOf(pull.head.ref)
  if ((await desk.branches.create(beside, base.sha)) === 'exists') await desk.branches.reset(beside, base.sha)
  const sha = await commitMove(desk, { base, branch: beside, proposal, files })
  // The words first: once the branch is where it should be the step fits, and nobody looks at them again.
  await desk.pulls.edit(pull.number, { title: moveTitle(proposal), body: moveBody(proposal) })
  await desk.branches.reset(pull.head.ref, sha)
  await desk.branches.remove(beside)
  await desk.jobs.enqueue(
    jobOf({ type: 'review', installation: desk.installation, repo: desk.repo, pull: pull.number, force: true }),
  )
  return ok(pull)
}

/** What Perch's pull requests are found by in GitHub's lists. */
export function labelsOf(kind: Move['kind']): string[] {
  return kind === 'rollback' ? ['canary', 'canary:rollback'] : ['canary']
}

/** Where a step's new commit is made while its pull request stays open. */
export function besideOf(branch: string): string {
  return `${branch}.next`
}

function isOurs({ message }: { readonly message: string }): boolean {
  return message.includes(`${MOVE_TRAILER}: `) || message.includes(commandTrailer(''))
}

interface Plan {
  readonly base: Base
  readonly branch: string
  readonly proposal: Proposal
}

/** `at-base`: ready for the commit. `committed`: only the pull request is missing. A pull request: all is done already. */
async function readyBranch(desk: Needs, plan: Plan): Promise<'at-base' | 'committed' | 'taken' | PullRequest> {
  const { base, branch, proposal } = plan
  if ((await desk.branches.create(branch, base.sha)) === 'created') return 'at-base'
  const pulls = await desk.pulls.from(branch)
  const open = pulls.find(({ state }) => state === 'open')
  if (open !== undefined) return open.author.login === desk.botLogin ? open : 'taken'
  const head = (await desk.mirror.fetch([`refs/heads/${branch}`])).get(`refs/heads/${branch}`)
  if (head === undefined) return 'at-base'
  const ahead = await desk.mirror.ahead(base.sha, head)
  // What is on the branch and in no pull request of ours must be Perch's own; otherwise somebody's work would be lost.
  const isLeftover = pulls.some(({ author, state }) => author.login === desk.botLogin && state !== 'open')
  if (!isLeftover && !ahead.every(({ message }) => message.includes(`${MOVE_TRAILER}: `))) return 'taken'
  const wanted = moveCommit(proposal)
  const isMade = ahead.length === 1 && ahead[0]?.message.startsWith(wanted.headline) === true
  if (!isLeftover && isMade && (await desk.mirror.ahead(head, base.sha)).length === 0) return 'committed'
  await desk.branches.reset(branch, base.sha)
  return 'at-base'
}

async function commitMove(desk: Needs, plan: Plan & { readonly files: Files }): Promise<Sha> {
  const { base, branch, proposal, files } = plan
  const made = await desk.branches.commit({ branch, expectedHead: base.sha, ...moveCommit(proposal), files })
  // Somebody else committed in the moment between: the job is tried again and finds out who.
  if (typeof made === 'string') throw new Error(`The branch ${branch} moved while its commit was made.`)
  return made.sha
}

async function openPull(desk: Needs, plan: Plan): Promise<PullRequest> {
  const { base, branch, proposal } = plan
  const opened = await desk.pulls.open({
    head: branch,
    base: base.ref,
    title: moveTitle(proposal),
    body: moveBody(proposal),
  })
  const pull = opened === 'exists' ? (await desk.pulls.from(branch)).find(({ state }) => state === 'open') : opened
  if (pull === undefined) throw new Error(`GitHub would not open a pull request from ${branch}.`)
  const labels = labelsOf(proposal.move.kind)
  const { repo, installation } = desk
  await desk.jobs.enqueue(jobOf({ type: 'review', installation, repo, pull: pull.number, fresh: true, labels }))
  desk.log.info({ pull: pull.number, branch }, 'opened a pull request')
  return pull
}
