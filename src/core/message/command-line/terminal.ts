import { createTwoFilesPatch } from 'diff'
import { redact } from '../../diff/redact.ts'
import type { Writer } from '../../owner/owned-routes.ts'
import type { WeightOwner } from '../../owner/weight-owner.ts'
import { isRouteless } from '../../owner/owned-targets.ts'
import { type Standing, sureShare } from '../../rollout/standing.ts'
import { planOf, targetName, type Target } from '../../rollout/target.ts'
import { explainShares, notes } from '../../traffic/explain.ts'
import { seen } from '../../text/inert.ts'
import { isSplit, isUnnamed, routeId, type Rule, weightedRules } from '../../traffic/route.ts'
import { WRITER_NAMES } from '../refusal/owner-refusal.ts'
import { explainRouteNote, explainShareReason } from './route.ts'
import { percent } from '../markdown/markdown.ts'
import { plainWords } from '../markdown/plain-words.ts'
import { proofWords } from '../comment/proof.ts'
import type { ProofOfEdit } from '../../command/outcome.ts'

interface ChangedFiles {
  readonly target: Target
  readonly files: ReadonlyMap<string, { readonly before: string; readonly after: string }>
  readonly proof: ProofOfEdit | undefined
  /** Nothing was written. */
  readonly isDry: boolean
  /** The controller whose object changes. Undefined if a route changes. */
  readonly limitOf?: Writer | undefined
}

/** What `perch set` changed, for a terminal. */
export function setText(set: ChangedFiles & { readonly from: number; readonly to: number }): string {
  if (set.limitOf !== undefined) {
    return changeText(
      `${targetName(set.target)}: ${WRITER_NAMES[set.limitOf]} gives the canary at most ${percent(set.from)} → ${percent(set.to)}`,
      set,
    )
  }
  return changeText(`${targetName(set.target)}: canary ${percent(set.from)} → ${percent(set.to)}`, set)
}

/** What `perch switch` changed, or would change. */
export function switchText(done: ChangedFiles & { readonly from: string; readonly to: string }): string {
  return changeText(`${targetName(done.target)}: ${done.from} → ${done.to}`, done)
}

function changeText(title: string, { files, proof, isDry, limitOf }: ChangedFiles): string {
  if (files.size === 0) return `${title}. The files already say this: nothing changed.\n`
  const written = [...files.keys()].map((path) => `${isDry ? 'would write' : 'wrote'} ${seen(path)}`)
  return `${[title, proofWords(proof, (name) => name, limitOf === undefined ? 'route' : 'object'), ...written].join('\n')}\n\n${patchOf(files)}`
}

/** What is wrong with a percentage of `perch set`. */
export function percentWords(word: string): string {
  return `${seen(word)} is not a percentage from 0 to 100. Write for example: perch set 25`
}

/** Unified diff of whole files. It hides the values of Secrets, which may be next to a change. */
export function patchOf(files: ReadonlyMap<string, { readonly before: string; readonly after: string }>): string {
  return [...files]
    .map(([path, { before, after }]) => {
      const patch = createTwoFilesPatch(`a/${path}`, `b/${path}`, before, after, '', '')
      return redact(patch.split('\n').slice(1).join('\n'), new Map([[path, before]]))
    })
    .join('')
}

/** Every rollout of a folder: one line for it, and one below it for every rule. */
export function statusText(standings: readonly Standing[]): string {
  return standings.map(standingText).join('\n')
}

const UNNAMED =
  'Perch cannot tell which destination is stable and which is the canary. Name them in .github/canary.yml (services.<name>.stable and canary).'

function standingText(standing: Standing): string {
  const { target, versions, phase } = standing
  const { route } = target
  const isUnknown = standing.share === 'unknown' || isUnnamed(route)
  const share = isUnknown ? 'unknown' : percent(sureShare(standing))
  const version = versions === undefined ? '' : `, stable ${versions.stable}, canary ${versions.canary}`
  const { blueGreen } = route.names
  if (target.owner !== undefined) return ownedText(target, target.owner)
  const state =
    blueGreen !== undefined && phase === 'idle'
      ? `active ${blueGreen.active.name}, idle ${blueGreen.idle.name}`
      : `canary ${share}${version}`
  const head = `${targetName(target)}  ${state}`
  const plan = blueGreen === undefined ? `, plan ${planOf(target).map(percent).join(' ')}` : ''
  const place = `  ${routeId(route)} in ${route.place.file}:${route.place.line}${plan}`
  const shown = isSplit(route) ? weightedRules(route) : route.rules
  const words = [
    ...notes(route).map((note) => `  ${plainWords(explainRouteNote(note))}`),
    ...(isUnnamed(route) ? [`  ${UNNAMED}`] : []),
  ]
  return `${[head, place, ...shown.flatMap(ruleLines), ...words].join('\n')}\n`
}

function ownedText(target: Target, { writer, title, place }: WeightOwner): string {
  const { route } = target
  // Flagger creates its routes. Argo Rollouts only writes to routes that something else applies.
  const without = writer === 'flagger' ? 'made by Flagger' : 'is in no file of this environment'
  const where = isRouteless(target) ? without : `in ${route.place.file}:${route.place.line}`
  return `${targetName(target)}  moved by ${WRITER_NAMES[writer]}: ${title} in ${place.file}:${place.line}\n  ${routeId(route)} ${where}\n`
}

/** The actual share of each destination of a rule, with the reason if it differs from its weight. */
function ruleLines(rule: Rule): readonly string[] {
  const explained = explainShares(rule)
  const parts = explained.map(
    ({ destination, share }) =>
      `${destination.subset ?? destination.written} ${share === undefined ? 'unknown' : percent(share)}`,
  )
  const reasons = explained.flatMap(({ destination, reason }) =>
    reason === undefined ? [] : [`    ${destination.subset ?? destination.written}: ${explainShareReason(reason)}`],
  )
  return [`  rule ${rule.label} (line ${rule.line}): ${parts.join(', ')}`, ...new Set(reasons)]
}
