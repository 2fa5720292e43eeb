import type { Command } from '../core/command/commands.ts'
import { configRefusal } from '../core/message/problem.ts'
import type { Refusal } from '../core/message/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import { filesFor } from '../core/rollout/move.ts'
import { findTarget } from '../core/rollout/find-target.ts'
import type { Snapshot } from '../core/rollout/snapshot.ts'
import { standingOf, type Standing } from '../core/rollout/standing.ts'
import type { Target } from '../core/rollout/target.ts'
import type { Renderer } from '../ports/renderer.ts'
import type { Worktree } from '../ports/worktree.ts'
import { loadConfig, loadSnapshot } from './load.ts'
import { proveEdit } from './prove.ts'

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
}

/** Sets the canary's share in the files of a folder, by the same core and with the same proof as on a pull request. */
export async function setInCheckout(
  desk: Needs,
  command: Extract<Command, { name: 'set' }>,
): Promise<Result<ShareSet, Refusal>> {
  const snapshot = await snapshotOf(desk.worktree)
  if (!snapshot.ok) return snapshot
  const target = findTarget(snapshot.value, { service: command.service, environment: command.environment, changed: [] })
  if (!target.ok) return target
  const from = standingOf(target.value).share
  const files = filesFor({ kind: 'share', from, to: command.percent }, target.value, undefined)
  if (!files.ok) return err({ code: 'cannot-edit', refusal: files.error })
  const side = { treeish: HERE, snapshot: snapshot.value }
  const edit = { target: target.value, files: files.value, shifts: from !== command.percent }
  const reading = { mirror: desk.worktree, renderer: desk.renderer }
  const doubt = files.value.size === 0 ? undefined : await proveEdit(reading, side, edit)
  if (doubt !== undefined) return err(doubt)
  const before = await desk.worktree.read(HERE, [...files.value.keys()])
  await desk.worktree.write(files.value)
  const changes = [...files.value].map(([path, after]) => [path, { before: before.get(path) ?? '', after }] as const)
  return ok({ target: target.value, from, to: command.percent, files: new Map(changes) })
}

/** Where every rollout in a folder stands. */
export async function statusOfCheckout(
  worktree: Worktree,
): Promise<Result<{ readonly standings: readonly Standing[]; readonly snapshot: Snapshot }, Refusal>> {
  const snapshot = await snapshotOf(worktree)
  if (!snapshot.ok) return snapshot
  return ok({ standings: snapshot.value.targets.map(standingOf), snapshot: snapshot.value })
}

async function snapshotOf(worktree: Worktree): Promise<Result<Snapshot, Refusal>> {
  const config = await loadConfig({ mirror: worktree }, HERE)
  if (config.ok) return ok(await loadSnapshot({ mirror: worktree }, HERE, config.value))
  return err(configRefusal(config.error))
}
