import type { PlanCommand, ShareCommand } from '../../../core/command/commands.ts'
import type { HeadAge } from '../../../core/command/head-age.ts'
import type { Config } from '../../../core/config/schema.ts'
import { commandCommit } from '../../../core/message/pull-request/pull-request.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { PullRequest, Sha } from '../../../core/rollout/facts.ts'
import type { NewTexts } from '../../../core/layer/place.ts'
import { filesForAll, type Move, type PlanChange } from '../../../core/rollout/move.ts'
import { findTargets } from '../../../core/rollout/find-target.ts'
import type { Snapshot } from '../../../core/rollout/snapshot.ts'
import { standingOf, sureShare } from '../../../core/rollout/standing.ts'
import { isSameRollout, nextStep, planOf, targetName, type Target, together } from '../../../core/rollout/target.ts'
import { canaryVersion } from '../../../core/traffic/version.ts'
import { changesOnly } from '../../repository/changes-only.ts'
import type { RepositoryContext } from '../../repository/repository-context.ts'
import { type CommandCommit, committed, findCommit } from './done-before.ts'
import { rememberOwnCommit } from '../../repository/head-age.ts'
import { loadSnapshot } from '../../repository/load.ts'
import { type Proof, proveEdit } from '../../judgement/prove.ts'
import type { Refusal } from '../../../core/refusal/refusal.ts'
import { type Outcome, refused } from '../../../core/command/outcome.ts'

type Needs = Pick<
  RepositoryContext,
  'mirror' | 'renderer' | 'branches' | 'pulls' | 'memo' | 'repo' | 'activity' | 'clock' | 'botLogin'
>

/** An open pull request's branch, as far as it has been read. */
export interface Workplace {
  readonly pull: PullRequest
  readonly base: Sha
  readonly config: Config
}

export interface ChangeRequest {
  readonly command: ShareCommand | PlanCommand
  readonly login: string
  /** The comment, and which of its commands: what the commit is found again by. */
  readonly id: string
  /** Whether the author could see a head commit. */
  readonly ageOf: (head: Sha) => Promise<HeadAge>
}

/** How often a moving head is followed before the person is asked to try again. */
const MAX_TRIES = 3

/** Commits a new share or plan to the pull request's branch. The outcome carries the head as it is then. */
export async function commitCommand(
  context: Needs,
  place: Workplace,
  asked: ChangeRequest,
): Promise<{ readonly outcome: Outcome; readonly head: Sha }> {
  let head = place.pull.head.sha
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    const done = await findCommit(context, { base: place.base, head }, asked.id)
    if (done !== undefined) return { outcome: await outcomeAgain(context, { place, asked }, done), head }
    const planned = await plan(context, { ...place, head }, asked)
    if (!planned.ok) return { outcome: refused(planned.error), head }
    const { target, move, files } = planned.value
    if (files.size === 0) return { outcome: outcomeOf(planned.value, undefined), head }
    const version = canaryVersion(target.route, target.neighbours)
    const text = commandCommit({ move, target, version, login: asked.login, pull: place.pull.number, id: asked.id })
    const made = await context.branches.commit({ branch: place.pull.head.ref, expectedHead: head, ...text, files })
    if (made === 'gone') return { outcome: refused({ code: 'branch-gone', branch: place.pull.head.ref }), head }
    if (made !== 'head-moved') {
      await rememberOwnCommit(context, place.pull.number, { parent: head, sha: made.sha })
      return { outcome: outcomeOf(planned.value, made.sha), head: made.sha }
    }
    // Somebody pushed meanwhile: their commit is not ours to overwrite, so everything is planned again on it.
    const ref = `refs/heads/${place.pull.head.ref}`
    head = (await context.mirror.fetch([ref])).get(ref) ?? head
  }
  return { outcome: refused({ code: 'head-keeps-moving' }), head }
}

/** What the first try would have told: the same plan, made from where its commit was made. */
async function outcomeAgain(
  context: Needs,
  { place, asked }: { readonly place: Workplace; readonly asked: ChangeRequest },
  done: CommandCommit,
): Promise<Outcome> {
  const planned = await plan(context, { ...place, head: done.parent }, { ...asked, ageOf: async () => 'seen' })
  // The base branch may have moved, so that the same words would mean another step now.
  const isSame = planned.ok && (await changesOnly(context, { base: done.parent, head: done.sha }, planned.value.files))
  return isSame ? outcomeOf(planned.value, done.sha) : committed(done)
}

function outcomeOf({ target, move, proof }: PlannedCommit, sha: Sha | undefined): Outcome {
  const name = targetName(target)
  if (move.kind === 'plan') return { code: 'planned', name, plan: move.steps, sha }
  if (sha === undefined) return { code: 'already', name, share: move.to }
  return { code: 'set', name, from: move.from, to: move.to, proof, sha }
}

interface PlannedCommit {
  /** With `--env all` the first of them, by the name of all. */
  readonly target: Target
  readonly move: CommandChange
  readonly files: NewTexts
  /** Undefined where nothing needed to be rendered. */
  readonly proof: Proof | undefined
}

async function plan(
  context: Needs,
  place: Workplace & { readonly head: Sha },
  asked: ChangeRequest,
): Promise<Result<PlannedCommit, Refusal>> {
  const { base, head, config, pull } = place
  const { sha } = asked.command
  if (sha !== undefined && !head.startsWith(sha)) return err({ code: 'head-is-other', asked: sha, head })

  const snapshot = await loadSnapshot(context, head, config)
  const targets = await targetsOf(context, { snapshot, base, head }, asked.command)
  if (!targets.ok) return targets
  const moves = await movesFor(context, { base, config, targets: targets.value }, asked.command)
  if (!moves.ok) return moves
  const [first] = moves.value
  if (first === undefined) throw new Error('A command that means nothing was let through.')
  const planned = { target: together(targets.value, first.target), move: first.move }
  return proven(context, { planned, snapshot, moves: moves.value }, { asked, head, pull })
}

/** The new texts, where the command counts for this head; rendered before and after. */
async function proven(
  context: Needs,
  plan: {
    readonly planned: Pick<PlannedCommit, 'target' | 'move'>
    readonly snapshot: Snapshot
    readonly moves: Moves
  },
  at: { readonly asked: ChangeRequest; readonly head: Sha; readonly pull: PullRequest },
): Promise<Result<PlannedCommit, Refusal>> {
  const { planned, snapshot, moves } = plan
  const { asked, head, pull } = at
  const made = filesForAll(moves, pull.number)
  if (!made.ok) return err({ code: 'cannot-edit', refusal: made.error })
  const { files } = made.value
  if (files.size === 0) return ok({ ...planned, files, proof: undefined })
  const age = moves.some(isRaise) ? await asked.ageOf(head) : 'seen'
  if (age !== 'seen') return err({ code: 'head-not-seen', head, age })
  const proof = await proveEdit(context, { treeish: head, snapshot }, made.value)
  return proof.ok ? ok({ ...planned, files, proof: proof.value }) : proof
}

/** What the pull request itself changes tells which of several rollouts is meant. */
async function targetsOf(
  context: Pick<RepositoryContext, 'mirror'>,
  at: { readonly snapshot: Snapshot; readonly base: Sha; readonly head: Sha },
  wish: { readonly service: string | undefined; readonly environment: string | undefined },
): Promise<Result<readonly Target[], Refusal>> {
  const merged = await context.mirror.merge(at.base, at.head)
  const changed = 'tree' in merged ? await context.mirror.changed(at.base, merged.tree) : merged.conflicts
  return findTargets(at.snapshot, { ...wish, changed })
}

type CommandChange = Extract<Move, { kind: 'share' }> | PlanChange
type Moves = readonly { readonly target: Target; readonly move: CommandChange }[]

/** Whether a move gives the canary more than both branches do, or changes what it gets later. */
function isRaise({ target, move }: { readonly target: Target; readonly move: CommandChange }): boolean {
  return move.kind === 'plan' || move.to > Math.max(move.from, sureShare(standingOf(target)))
}

/** From what the base branch has to what the command asks for, in each of the targets. */
async function movesFor(
  context: Pick<RepositoryContext, 'mirror'>,
  at: { readonly base: Sha; readonly config: Config; readonly targets: readonly Target[] },
  command: ShareCommand | PlanCommand,
): Promise<Result<Moves, Refusal>> {
  if (command.name === 'plan') {
    const { steps } = command
    return ok(at.targets.map((target) => ({ target, move: { kind: 'plan', steps } })))
  }
  const snapshot = await loadSnapshot(context, at.base, at.config)
  const moves: { target: Target; move: Extract<Move, { kind: 'share' }> }[] = []
  for (const target of at.targets) {
    const old = snapshot.targets.find((known) => isSameRollout(known, target))
    const from = old === undefined ? 0 : sureShare(standingOf(old))
    const to = shareOf(command) ?? nextStep(planOf(old ?? target), from)
    if (to === undefined) return err({ code: 'no-next-step', name: targetName(target), share: from })
    moves.push({ target, move: { kind: 'share', from, to } })
  }
  // The next step of each would be another one.
  if (new Set(moves.map(({ move }) => move.to)).size === 1) return ok(moves)
  const choices = at.targets.map((target) => `${target.service} --env ${target.environment}`)
  return err({ code: 'ambiguous', choices })
}

/** The share that a command names; undefined where the plan says it. */
function shareOf(command: ShareCommand): number | undefined {
  if (command.name === 'promote') return 100
  return command.name === 'set' ? command.percent : undefined
}
