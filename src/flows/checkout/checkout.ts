import type { ProofOfEdit } from '../../core/command/outcome.ts'
import { configRefusal, hiddenBy, noEnvironment } from '../../core/refusal/unreadable.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { Writer } from '../../core/owner/owned-routes.ts'
import {
  type BranchState,
  type DirectMove,
  intend,
  type IntendedChange,
  type ShareWish,
  type SwitchWish,
} from '../../core/rollout/intend.ts'
import type { Snapshot } from '../../core/rollout/snapshot.ts'
import { standingOf, type Standing } from '../../core/rollout/standing.ts'
import type { Target } from '../../core/rollout/target.ts'
import type { Renderer } from '../../ports/renderer.ts'
import { WORK_TREE } from '../../ports/checkout.ts'
import type { Worktree } from '../../ports/worktree.ts'
import { loadConfig } from '../repository/load.ts'
import { makeChange } from '../making/make-change.ts'
import { loadRendered } from '../judgement/rendered-targets.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'

interface Needs {
  readonly worktree: Worktree
  readonly renderer: Renderer
}

/** The changes of files by path. Empty if nothing had to be changed. The text before is empty for a new file. */
export type FileChanges = ReadonlyMap<string, { readonly before: string; readonly after: string }>

interface ChangedFiles {
  readonly target: Target
  readonly files: FileChanges
  readonly proof: ProofOfEdit | undefined
}

interface MadeInCheckout<M> extends ChangedFiles {
  readonly move: M
}

/** What was changed in a folder, with the goal: a share in percent, or a version. */
export interface CheckoutChange<Goal> extends ChangedFiles {
  readonly from: Goal
  readonly to: Goal
}

/**
 * Sets the canary's share in the files of a folder. `limitOf`: the controller for which the share is a limit. `isDry`: nothing is
 * written.
 */
export async function setInCheckout(
  context: Needs,
  wish: ShareWish,
  isDry = false,
): Promise<Result<CheckoutChange<number> & { readonly limitOf: Writer | undefined }, Refusal>> {
  const done = await changeCheckout(context, (at) => intend(at, wish), isDry)
  if (!done.ok) return done
  const { move } = done.value
  const limitOf = move.kind === 'limit' ? move.owner.writer : undefined
  return ok({ ...done.value, from: move.from, to: move.to, limitOf })
}

/** Switches all traffic of a blue/green service to a version, in the files of a folder. `isDry`: nothing is written. */
export async function switchInCheckout(
  context: Needs,
  { wish, isDry }: { readonly wish: SwitchWish; readonly isDry: boolean },
): Promise<Result<CheckoutChange<string>, Refusal>> {
  const done = await changeCheckout(context, (at) => intend(at, wish), isDry)
  return done.ok ? ok({ ...done.value, from: done.value.move.from, to: done.value.move.to }) : done
}

/** Changes the files of a folder: planned, made and proved as on a pull request. */
async function changeCheckout<M extends DirectMove>(
  context: Needs,
  plan: (at: BranchState) => Result<IntendedChange<M>, Refusal>,
  isDry = false,
): Promise<Result<MadeInCheckout<M>, Refusal>> {
  const loaded = await snapshotOf(context)
  if (!loaded.ok) return loaded
  const snapshot = loaded.value
  const change = plan({ snapshot, base: undefined, changed: [] })
  if (!change.ok) return err(hiddenBy(change.error, snapshot))
  const site = { treeish: WORK_TREE, snapshot, pull: undefined }
  const made = await makeChange({ mirror: context.worktree, renderer: context.renderer }, site, change.value)
  if (!made.ok) return made
  const { files, proof } = made.value
  const { target, move } = change.value
  return ok({ target, move, files: await writeFiles(context, files, isDry), proof })
}

/** Writes files into a folder, unless `isDry`. Returns both texts of each. */
export async function writeFiles(
  { worktree }: Pick<Needs, 'worktree'>,
  files: ReadonlyMap<string, string>,
  isDry: boolean,
): Promise<FileChanges> {
  const before = await worktree.read(WORK_TREE, [...files.keys()])
  if (!isDry) await worktree.write(files)
  return new Map([...files].map(([path, after]) => [path, { before: before.get(path) ?? '', after }]))
}

/** The states of all rollouts in a folder, or of those in one environment. */
export async function statusOfCheckout(
  context: Needs,
  environment?: string,
): Promise<Result<{ readonly standings: readonly Standing[]; readonly snapshot: Snapshot }, Refusal>> {
  const loaded = await snapshotOf(context)
  if (!loaded.ok) return loaded
  const snapshot = loaded.value
  const known = snapshot.environments.map(({ name }) => name)
  if (known.length === 0) return err(noEnvironment(snapshot))
  if (environment !== undefined && !known.includes(environment))
    return err({ code: 'no-environment', asked: environment, known })
  const targets = snapshot.targets.filter(
    (target) => environment === undefined || target.environments.includes(environment),
  )
  const problems = [...snapshot.problems, ...snapshot.unrendered]
  return ok({ standings: targets.map(standingOf), snapshot: { ...snapshot, problems } })
}

export async function snapshotOf({ worktree, renderer }: Needs): Promise<Result<Snapshot, Refusal>> {
  const context = { mirror: worktree, renderer }
  const config = await loadConfig(context, WORK_TREE)
  if (!config.ok) return err(configRefusal(config.error))
  return ok(await loadRendered(context, WORK_TREE, config.value))
}
