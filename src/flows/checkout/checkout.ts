import type { Command } from '../../core/command/commands.ts'
import { configRefusal } from '../../core/refusal/unreadable.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { findTargets } from '../../core/rollout/find-target.ts'
import type { Snapshot } from '../../core/rollout/snapshot.ts'
import { standingOf, type Standing, sureShare } from '../../core/rollout/standing.ts'
import { type Target, together } from '../../core/rollout/target.ts'
import type { Renderer } from '../../ports/renderer.ts'
import type { Worktree } from '../../ports/worktree.ts'
import { loadConfig, loadSnapshot } from '../repository/load.ts'
import { findEdit } from '../judgement/experiment.ts'
import type { Proof } from '../judgement/prove.ts'
import { withRenderedTargets } from '../judgement/rendered-targets.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'

/** A folder has no commits: what is there now is the only tree. */
const HERE = ''

interface Needs {
  readonly worktree: Worktree
  readonly renderer: Renderer
}

export interface ShareSet {
  readonly target: Target
  readonly from: number
  readonly to: number
  /** What changed, by path. Empty: it was so already. */
  readonly files: ReadonlyMap<string, { readonly before: string; readonly after: string }>
  readonly proof: Proof
}

/** Sets the canary's share in the files of a folder, by the same core and with the same proof as on a pull request. */
export async function setInCheckout(
  context: Needs,
  command: Extract<Command, { name: 'set' }>,
): Promise<Result<ShareSet, Refusal>> {
  const snapshot = await snapshotOf(context)
  if (!snapshot.ok) return snapshot
  const wish = { service: command.service, environment: command.environment, changed: [] }
  const targets = findTargets(snapshot.value, wish)
  if (!targets.ok) return targets
  const to = command.percent
  const moves = targets.value.map((target) => ({
    target,
    move: { kind: 'share', from: sureShare(standingOf(target)), to } as const,
  }))
  const [first] = moves
  if (first === undefined) throw new Error('A command that means nothing was let through.')
  const side = { treeish: HERE, snapshot: snapshot.value }
  const reading = { mirror: context.worktree, renderer: context.renderer }
  const made = await findEdit(reading, side, { moves, pull: undefined })
  if (!made.ok) return made
  const { files } = made.value.edit
  const proof = made.value.proof ?? { rendered: [], changed: [] }
  const before = await context.worktree.read(HERE, [...files.keys()])
  await context.worktree.write(files)
  const changes = [...files].map(([path, after]) => [path, { before: before.get(path) ?? '', after }] as const)
  const target = together(targets.value, first.target)
  return ok({ target, from: first.move.from, to, files: new Map(changes), proof })
}

/** Where every rollout in a folder stands. */
export async function statusOfCheckout(
  context: Needs,
): Promise<Result<{ readonly standings: readonly Standing[]; readonly snapshot: Snapshot }, Refusal>> {
  const snapshot = await snapshotOf(context)
  if (!snapshot.ok) return snapshot
  return ok({ standings: snapshot.value.targets.map(standingOf), snapshot: snapshot.value })
}

async function snapshotOf({ worktree, renderer }: Needs): Promise<Result<Snapshot, Refusal>> {
  const context = { mirror: worktree, renderer }
  const config = await loadConfig(context, HERE)
  if (!config.ok) return err(configRefusal(config.error))
  const snapshot = await loadSnapshot(context, HERE, config.value)
  return ok(await withRenderedTargets(context, { treeish: HERE, snapshot }))
}
