import type { PlanCommand, ShareCommand, SwitchCommand } from '../../../core/command/commands.ts'
import type { HeadAge } from '../../../core/command/head-age.ts'
import { hasGoal, stepObjection } from '../../../core/command/on-step.ts'
import { wishOf } from '../../../core/command/wish.ts'
import type { Config } from '../../../core/config/schema.ts'
import { commandCommit } from '../../../core/message/pull-request/pull-request.ts'
import { hiddenBy } from '../../../core/refusal/unreadable.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { PullRequest, Sha } from '../../../core/rollout/facts.ts'
import { type DirectMove, intend, type IntendedChange, isRaise } from '../../../core/rollout/intend.ts'
import { isStep } from '../../../core/rollout/branch.ts'
import { originPull, targetName } from '../../../core/rollout/target.ts'
import { canaryVersion } from '../../../core/traffic/version.ts'
import { changesOnly } from '../../repository/changes-only.ts'
import type { RepositoryContext } from '../../repository/repository-context.ts'
import { type CommandCommit, committed, findCommit } from './done-before.ts'
import { fetchHead } from '../../repository/history.ts'
import { rememberOwnCommit } from '../../repository/head-age.ts'
import { loadRendered } from '../../judgement/rendered-targets.ts'
import { type MadeChange, makeChange } from '../../making/make-change.ts'
import type { Refusal } from '../../../core/refusal/refusal.ts'
import { behindBase, type MergedChange } from './behind-base.ts'
import { limited, type Outcome, refused } from '../../../core/command/outcome.ts'

type Needs = Pick<
  RepositoryContext,
  'mirror' | 'renderer' | 'branches' | 'pulls' | 'memo' | 'repo' | 'activity' | 'clock' | 'botLogin'
>

/** The branch of an open pull request, with the parts that have been read. */
export interface Workplace {
  readonly pull: PullRequest
  readonly base: Sha
  readonly config: Config
}

export interface ChangeRequest {
  readonly command: ShareCommand | SwitchCommand | PlanCommand
  readonly login: string
  /** The comment and the command's number in it, which identify the commit. */
  readonly id: string
  /** Whether the author could see a head commit. */
  readonly ageOf: (head: Sha) => Promise<HeadAge>
}

/** How often Perch tries again on a moved head before it asks the person to retry. */
const MAX_TRIES = 3

/** Commits a new share, version or plan to the pull request's branch. The outcome contains the resulting head. */
export async function commitCommand(
  context: Needs,
  place: Workplace,
  asked: ChangeRequest,
): Promise<{ readonly outcome: Outcome; readonly head: Sha }> {
  let head = place.pull.head.sha
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    const done = await findCommit(context, { base: place.base, head }, asked.id)
    if (done !== undefined) return { outcome: await outcomeAgain(context, { place, asked }, done), head }
    const planned = await makeAt(context, { ...place, head }, asked)
    if (!planned.ok) return { outcome: refused(planned.error), head }
    const { target, move, files } = planned.value
    // A step with that share has exactly the bytes that Perch proposes. Other edits, such as who requested it, would change them.
    const isThere = isStep(place.pull, context.botLogin) && hasGoal(planned.value.moves)
    if (files.size === 0 || isThere) return { outcome: outcomeOf(planned.value, undefined), head }
    const version = canaryVersion(target.route, target.neighbours)
    const text = commandCommit({ move, target, version, login: asked.login, pull: place.pull.number, id: asked.id })
    const made = await context.branches.commit({ branch: place.pull.head.ref, expectedHead: head, ...text, files })
    if (made === 'gone') return { outcome: refused({ code: 'branch-gone', branch: place.pull.head.ref }), head }
    if (made !== 'head-moved') {
      await rememberOwnCommit(context, place.pull.number, { parent: head, sha: made.sha })
      return { outcome: outcomeOf(planned.value, made.sha), head: made.sha }
    }
    // Someone pushed meanwhile. Perch never overwrites their commit, so it plans everything again on top of it.
    head = (await fetchHead(context, place.pull.head.ref)) ?? head
  }
  return { outcome: refused({ code: 'head-keeps-moving' }), head }
}

/** The outcome that the first try would have reported: the same plan, made from the parent of its commit. */
async function outcomeAgain(
  context: Needs,
  { place, asked }: { readonly place: Workplace; readonly asked: ChangeRequest },
  done: CommandCommit,
): Promise<Outcome> {
  const planned = await makeAt(context, { ...place, head: done.parent }, { ...asked, ageOf: async () => 'seen' })
  // The base branch may have moved, so that the same command would now mean another step.
  const isSame = planned.ok && (await changesOnly(context, { base: done.parent, head: done.sha }, planned.value.files))
  return isSame ? outcomeOf(planned.value, done.sha) : committed(done)
}

function outcomeOf({ target, move, proof }: CommandChange, sha: Sha | undefined): Outcome {
  const name = targetName(target)
  if (move.kind === 'plan') return { code: 'planned', name, plan: move.steps, sha }
  if (move.kind === 'switch') return { code: 'switched', name, from: move.from, to: move.to, sha, proof }
  if (move.kind === 'limit') return limited(target, move, { sha, proof })
  if (sha === undefined) return { code: 'already', name, share: move.to }
  return { code: 'set', name, from: move.from, to: move.to, proof, sha }
}

type CommandChange = IntendedChange<DirectMove> & MadeChange

/** The change that a command requests on a head, made and proven. Refused if the command does not count for that head. */
async function makeAt(
  context: Needs,
  place: Workplace & { readonly head: Sha },
  asked: ChangeRequest,
): Promise<Result<CommandChange, Refusal>> {
  const { base, head, config, pull } = place
  const { sha } = asked.command
  if (sha !== undefined && !head.startsWith(sha)) return err({ code: 'head-is-other', asked: sha, head })
  const wish = wishOf(asked.command)
  const snapshot = await loadRendered(context, head, config)
  const known = wish.kind === 'plan' ? undefined : await loadRendered(context, base, config)
  const merged = await context.mirror.merge(base, head)
  const change = intend({ snapshot, base: known, changed: await changedPaths(context, base, merged) }, wish)
  if (!change.ok) return err(hiddenBy(change.error, snapshot))
  const behind = await behindBase(context, { pull, head, merged }, { ...change.value, config })
  if (behind !== undefined) return err(behind)
  const against = stepObjection(change.value, { pull, botLogin: context.botLogin })
  if (against !== undefined) return err(against)
  const objection = async (): Promise<Refusal | undefined> => {
    const age = isRaise(change.value) ? await asked.ageOf(head) : 'seen'
    return age === 'seen' ? undefined : { code: 'head-not-seen', head, age }
  }
  // A step belongs to the rollout that began with another pull request, and commands there still act on the rollout.
  const began = isStep(pull, context.botLogin) ? originPull(change.value.target) : undefined
  const at = { treeish: head, snapshot, pull: began ?? pull.number, objection }
  const made = await makeChange(context, at, change.value)
  return made.ok ? ok({ ...change.value, ...made.value }) : made
}

/** The changes of the pull request itself decide which of several rollouts is meant. */
async function changedPaths(
  { mirror }: Pick<RepositoryContext, 'mirror'>,
  base: Sha,
  merged: MergedChange,
): Promise<readonly string[]> {
  return 'tree' in merged ? mirror.changed(base, merged.tree) : merged.conflicts
}
