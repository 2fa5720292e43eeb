import type { Command } from '../core/command/commands.ts'
import type { Config } from '../core/config/schema.ts'
import type { Outcome } from '../core/message/answer.ts'
import { commandCommit, commandTrailer } from '../core/message/pull-request.ts'
import type { Refusal } from '../core/message/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { PullRequest, Sha } from '../core/rollout/facts.ts'
import { filesFor, type Files, type Move } from '../core/rollout/move.ts'
import { findTarget } from '../core/rollout/find-target.ts'
import type { Snapshot } from '../core/rollout/snapshot.ts'
import { standingOf } from '../core/rollout/standing.ts'
import { nextStep, planOf, targetId, targetName, type Target } from '../core/rollout/target.ts'
import { canaryVersion } from '../core/traffic/version.ts'
import type { Desk } from './desk.ts'
import { loadSnapshot } from './load.ts'
import { proveEdit } from './prove.ts'

type Needs = Pick<Desk, 'mirror' | 'renderer' | 'branches' | 'pulls'>

/** An open pull request's branch, as far as it has been read. */
export interface Workplace {
  readonly pull: PullRequest
  readonly base: Sha
  readonly config: Config
}

export interface ShareCommand {
  readonly command: Extract<Command, { name: 'set' | 'next' }>
  readonly login: string
  /** The comment, and which of its commands: what the commit is found again by. */
  readonly id: string
}

/** How often a moving head is followed before the person is asked to try again. */
const MAX_TRIES = 3

/** Commits a new share to the pull request's branch. The outcome carries the head as it is then. */
export async function setShare(
  desk: Needs,
  place: Workplace,
  asked: ShareCommand,
): Promise<{ readonly outcome: Outcome; readonly head: Sha }> {
  let head = place.pull.head.sha
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    const planned = await plan(desk, { ...place, head }, asked)
    if (!planned.ok) return { outcome: { code: 'refused', refusal: planned.error }, head }
    const { target, move, files, done } = planned.value
    const name = targetName(target)
    if (done !== undefined) return { outcome: { code: 'set', name, from: move.from, to: move.to, sha: done }, head }
    if (files.size === 0) return { outcome: { code: 'already', name, share: move.to }, head }
    const version = canaryVersion(target.route, target.neighbours)
    const text = commandCommit({ move, target, version, login: asked.login, pull: place.pull.number, id: asked.id })
    const made = await desk.branches.commit({ branch: place.pull.head.ref, expectedHead: head, ...text, files })
    if (made !== 'head-moved')
      return { outcome: { code: 'set', name, from: move.from, to: move.to, sha: made.sha }, head: made.sha }
    // Somebody pushed meanwhile: their commit is not ours to overwrite, so everything is planned again on it.
    const ref = `refs/heads/${place.pull.head.ref}`
    head = (await desk.mirror.fetch([ref])).get(ref) ?? head
  }
  return { outcome: { code: 'refused', refusal: { code: 'head-keeps-moving' } }, head }
}

interface Planned {
  readonly target: Target
  readonly move: Extract<Move, { kind: 'share' }>
  readonly files: Files
  /** The commit that has carried this very command out already. */
  readonly done: Sha | undefined
}

async function plan(
  desk: Needs,
  place: Workplace & { readonly head: Sha },
  asked: ShareCommand,
): Promise<Result<Planned, Refusal>> {
  const { base, head, config, pull } = place
  const ahead = await desk.mirror.ahead(base, head)
  const done = ahead.find(({ message }) => message.includes(commandTrailer(asked.id)))?.sha
  const { sha } = asked.command
  if (sha !== undefined && !head.startsWith(sha) && done === undefined)
    return err({ code: 'head-is-other', asked: sha, head })

  const snapshot = await loadSnapshot(desk, head, config)
  const target = await targetOf(desk, { snapshot, base, head }, asked.command)
  if (!target.ok) return target
  const move = await moveFor(desk, { base, config, target: target.value }, asked.command)
  if (!move.ok) return move
  if (done !== undefined) return ok({ target: target.value, move: move.value, files: new Map(), done })

  const files = filesFor(move.value, target.value, pull.number)
  if (!files.ok) return err({ code: 'cannot-edit', refusal: files.error })
  const shifts = standingOf(target.value).share !== move.value.to
  const edit = { target: target.value, files: files.value, shifts }
  const doubt = files.value.size === 0 ? undefined : await proveEdit(desk, { treeish: head, snapshot }, edit)
  return doubt === undefined ? ok({ target: target.value, move: move.value, files: files.value, done }) : err(doubt)
}

/** What the pull request itself changes tells which of several rollouts is meant. */
async function targetOf(
  desk: Pick<Desk, 'mirror'>,
  at: { readonly snapshot: Snapshot; readonly base: Sha; readonly head: Sha },
  wish: { readonly service: string | undefined; readonly environment: string | undefined },
): Promise<Result<Target, Refusal>> {
  const merged = await desk.mirror.merge(at.base, at.head)
  const changed = 'tree' in merged ? await desk.mirror.changed(at.base, merged.tree) : merged.conflicts
  return findTarget(at.snapshot, { ...wish, changed })
}

/** From what the base branch has to what the command asks for. */
async function moveFor(
  desk: Pick<Desk, 'mirror'>,
  at: { readonly base: Sha; readonly config: Config; readonly target: Target },
  command: ShareCommand['command'],
): Promise<Result<Planned['move'], Refusal>> {
  const snapshot = await loadSnapshot(desk, at.base, at.config)
  const old = snapshot.targets.find((target) => targetId(target) === targetId(at.target))
  const from = old === undefined ? 0 : standingOf(old).share
  const to = command.name === 'set' ? command.percent : nextStep(planOf(old ?? at.target), from)
  if (to === undefined) return err({ code: 'no-next-step', name: targetName(at.target), share: from })
  return ok({ kind: 'share', from, to })
}
