import type { ConfigProblem } from '../../core/config/read.ts'
import type { Config } from '../../core/config/schema.ts'
import { STEP_MARKER } from '../../core/marker/comment.ts'
import { changedStepNotice } from '../../core/message/comment/notice.ts'
import type { Result } from '../../core/result.ts'
import { isStep, isStepOf, moveOf } from '../../core/rollout/branch.ts'
import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import { filesFor, type Move, underPlan } from '../../core/rollout/move.ts'
import { narrowed } from '../../core/rollout/read-target.ts'
import { isOfChart, valuesOfTarget } from '../../core/chart/released-target.ts'
import { type Standing, standingOf } from '../../core/rollout/standing.ts'
import { originPull, planOf, type Target } from '../../core/rollout/target.ts'
import type { CommitMaker } from '../../ports/github/branches.ts'
import { changesOnly } from './changes-only.ts'
import type { RepositoryContext } from './repository-context.ts'
import { sayOnce } from './github-refusals.ts'
import { loadConfig, loadSnapshot, readTargetAt } from './load.ts'

type Needs = Pick<RepositoryContext, 'branches' | 'mirror' | 'renderer' | 'botLogin'>

interface CommitPair {
  readonly base: Sha
  readonly head: Sha
}

/** Whether everything that a head adds to its base was made by Perch, as GitHub verified it. Messages prove nothing. */
export async function isAllOurs(
  context: Pick<RepositoryContext, 'branches' | 'mirror' | 'botLogin'>,
  between: CommitPair,
): Promise<boolean> {
  const commits = await context.branches.makers(between.base, between.head)
  if (commits === undefined) return false
  for (const commit of commits) if (!isOurs(context, commit) && !(await isPlainMerge(context, commit))) return false
  return true
}

function isOurs({ botLogin }: Pick<RepositoryContext, 'botLogin'>, { author, isVerified }: CommitMaker): boolean {
  return isVerified && author === botLogin
}

/** A merge that holds nothing but its parents, such as GitHub's "Update branch" makes: nobody's own work. */
export async function isPlainMerge(
  { mirror }: Pick<RepositoryContext, 'mirror'>,
  { sha, parents }: Pick<CommitMaker, 'sha' | 'parents'>,
): Promise<boolean> {
  const [first, second, ...others] = parents
  if (first === undefined || second === undefined || others.length > 0) return false
  const merged = await mirror.merge(first, second)
  return 'tree' in merged && (await mirror.changed(sha, merged.tree)).length === 0
}

/**
 * Whether merging a step would do to the base branch exactly what Perch proposes there, to the byte, so that Perch may merge
 * it. A plan that was written on the step by command may be another one: it moves no traffic. The first step after a share that
 * somebody set by hand is a person's to merge: only then is it known that the share is meant to move.
 */
export async function mergeability(
  context: Needs,
  pull: PullRequest,
  base: Sha,
): Promise<'ours' | 'by-hand' | 'changed'> {
  const { sha: head } = pull.head
  if (!(await isAllOurs(context, { base, head }))) return 'changed'
  const step = await stepOn(context, pull, base)
  if (step === undefined) return 'changed'
  if (step.move.kind === 'share' && step.phase === 'by-hand') return 'by-hand'
  return (await isAsProposed(context, { ...step, base, head })) ? 'ours' : 'changed'
}

/** What the branch of a step proposes on a base. */
async function stepOn(
  context: Needs,
  pull: PullRequest,
  base: Sha,
): Promise<{ readonly target: Target; readonly move: Move; readonly phase: Standing['phase'] } | undefined> {
  const target = await stepTarget(context, { pull, base }, await loadConfig(context, base))
  if (target === undefined) return undefined
  const standing = standingOf(target)
  const move = moveOf(pull.head.ref, standing)
  return move === undefined ? undefined : { target, move, phase: standing.phase }
}

/** Whether merging a head into the base branch does to the byte what Perch makes for a move there. */
export async function isAsProposed(
  context: Pick<RepositoryContext, 'mirror' | 'renderer'>,
  { target, move, base, head }: CommitPair & { readonly target: Target; readonly move: Move },
): Promise<boolean> {
  const merged = await context.mirror.merge(base, head)
  if ('conflicts' in merged) return false
  const after = await readTargetAt(context, merged.tree, target)
  if (after === undefined) return false
  if (isOfChart(target)) return isMadeOfValues(context, { base, head: merged.tree }, { target, after, move })
  const made = filesFor([{ target, move: underPlan(move, planOf(after)) }], originPull(after))
  return made.ok && changesOnly(context, { base, head: merged.tree }, made.value.files)
}

/**
 * The same of a rollout that a chart makes: which bytes Perch would write only an experiment tells. So it must come to the share that is
 * proposed, with the versions that are there, and change nothing but numbers of this environment's values.
 */
async function isMadeOfValues(
  { mirror }: Pick<RepositoryContext, 'mirror'>,
  { base, head }: CommitPair,
  { target, after, move }: { readonly target: Target; readonly after: Target; readonly move: Move },
): Promise<boolean> {
  const [was, now] = [standingOf(target), standingOf(after)]
  const share = move.kind === 'share' ? move.to : 0
  const isSameVersion = JSON.stringify(was.versions) === JSON.stringify(now.versions)
  if (move.kind === 'finish-version' || now.share !== share || !isSameVersion) return false
  const changed = await mirror.changed(base, head)
  const values = valuesOfTarget(target)
  if (changed.length === 0 || !changed.every((file) => values.has(file))) return false
  const [old, next] = [await mirror.read(base, changed), await mirror.read(head, changed)]
  return changed.every((file) => withoutNumbers(old.get(file)) === withoutNumbers(next.get(file)))
}

function withoutNumbers(text: string | undefined): string | undefined {
  return text?.replaceAll(/\d+/g, '0')
}

/** The rollout that a pull request is a step of, also where it is for one of several environments alone. */
async function stepTarget(
  context: Needs,
  { pull, base }: { readonly pull: PullRequest; readonly base: Sha },
  config: Result<Config, readonly ConfigProblem[]>,
): Promise<Target | undefined> {
  if (!config.ok) return undefined
  const { targets } = await loadSnapshot(context, base, { config: config.value })
  const all = targets.flatMap((target) => [
    target,
    ...(target.environments.length > 1 ? target.environments : []).map((name) =>
      narrowed(config.value, target, [name]),
    ),
  ])
  return all.find((target) => isStepOf(target, pull, context.botLogin))
}

/** Says once on a step that somebody has changed it. GitHub is asked only where the step does something else than Perch proposes. */
export async function sayIfChanged(context: RepositoryContext, pull: PullRequest, base: Sha): Promise<void> {
  if (!isStep(pull, context.botLogin)) return
  const { sha: head } = pull.head
  if ((await context.mirror.ahead(base, head)).length === 0) return
  const step = await stepOn(context, pull, base)
  const isUsual = step !== undefined && (await isAsProposed(context, { ...step, base, head }))
  if (isUsual || (await isAllOurs(context, { base, head }))) return
  // The rollout may be unable to go on, which its first pull request is to say as well.
  await context.ask.advance(pull.base.ref, { code: 'step-changed', pull: pull.number, head })
  await sayOnce(context, pull.number, { marker: STEP_MARKER, body: changedStepNotice() })
}
