import { type Edit, editManifest, type EditRefusal } from '../manifest/edit.ts'
import type { Manifest, Place } from '../manifest/parse.ts'
import { err, ok, type Result } from '../result.ts'
import { clearedNotes, readNotes, writeNotes } from '../traffic/annotations.ts'
import { withoutMirrors } from '../traffic/mirrors.ts'
import { reweigh, type WeightRefusal } from '../traffic/reweigh.ts'
import { hasNoCanary, type StartRefusal, withCanary } from '../traffic/start.ts'
import { canaryVersion, promoteVersion } from '../traffic/version.ts'
import { planOf, type Target } from './target.ts'

/** One change of a rollout, as data. */
export type Move =
  | { readonly kind: 'share'; readonly from: number; readonly to: number }
  | { readonly kind: 'rollback'; readonly from: number }
  /** The stable version becomes the canary's; the weights stay. */
  | { readonly kind: 'finish-version'; readonly from: string; readonly to: string }
  /** All traffic to the (new) stable version again, the annotations cleared. */
  | { readonly kind: 'finish-weights' }

export type MoveRefusal =
  | EditRefusal
  | WeightRefusal
  | StartRefusal
  | ({ readonly code: 'no-version' } & Place)
  | ({ readonly code: 'patched'; readonly route: string; readonly patch: Place } & Place)

/** New file texts by path; empty where nothing needs to change. */
export type Files = ReadonlyMap<string, string>

/** The files as the move leaves them. `pr` is the pull request that a person drives the rollout from. */
export function filesFor(move: Move, target: Target, pr: number | undefined): Result<Files, MoveRefusal> {
  if (move.kind === 'finish-version') return versionFiles(target)
  const { route, patched, settings } = target
  if (patched !== undefined) return err({ code: 'patched', ...route.place, route: route.name, patch: patched })
  const percent = move.kind === 'share' ? move.to : 0
  // A canary that is not there has no traffic: nothing needs to be added to say so.
  if (percent === 0 && hasNoCanary(route)) return ok(new Map())
  const started = withCanary(route, target.neighbours)
  if (!started.ok) return started
  const weights = reweigh(started.value, percent, settings)
  if (!weights.ok) return weights
  const isEnd = percent === 0 || percent === 100
  const mirrors = isEnd && settings.mirror === 'remove' ? withoutMirrors(route) : []
  const edits = [...weights.value, ...mirrors, ...notesFor(move, target, pr)]
  const text = editManifest(target.manifest, edits)
  return text.ok ? ok(changedOnly(target.manifest, text.value)) : err(text.error)
}

function notesFor(
  move: Exclude<Move, { kind: 'finish-version' }>,
  target: Target,
  pr: number | undefined,
): readonly Edit[] {
  const { route, settings } = target
  if (move.kind === 'finish-weights') return writeNotes(route, settings.prefix, clearedNotes(route, settings.prefix))
  const now = readNotes(route, settings.prefix)
  if (move.kind === 'rollback') return writeNotes(route, settings.prefix, { ...now, percentage: '0' })
  return writeNotes(route, settings.prefix, {
    percentage: String(move.to),
    version: canaryVersion(route, target.neighbours),
    pr: pr === undefined ? now.pr : String(pr),
    steps: planOf(target).join(','),
  })
}

function versionFiles(target: Target): Result<Files, MoveRefusal> {
  const change = promoteVersion(target.route, target.neighbours)
  const manifest = target.neighbours.find(({ file }) => file === change?.file)
  if (change === undefined || manifest === undefined) return err({ code: 'no-version', ...target.route.place })
  const text = editManifest(manifest, change.edits)
  return text.ok ? ok(changedOnly(manifest, text.value)) : err(text.error)
}

function changedOnly(manifest: Manifest, text: string): Files {
  return text === manifest.text ? new Map() : new Map([[manifest.file, text]])
}
