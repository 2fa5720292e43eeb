import { createTwoFilesPatch } from 'diff'
import type { Standing } from '../rollout/standing.ts'
import { planOf, targetName, type Target } from '../rollout/target.ts'
import { canaryShareOf, routeId, weightedRules } from '../traffic/route.ts'
import { percent } from './markdown.ts'

/** What `perch set` changed, as a person reads it in a terminal. */
export function setText(set: {
  readonly target: Target
  readonly from: number
  readonly to: number
  readonly files: ReadonlyMap<string, { readonly before: string; readonly after: string }>
}): string {
  const title = `${targetName(set.target)}: canary ${percent(set.from)} → ${percent(set.to)}`
  if (set.files.size === 0) return `${title}. It was so already: nothing changed.\n`
  return `${title}\n\n${patchOf(set.files)}`
}

/** Unified diff of whole files. */
export function patchOf(files: ReadonlyMap<string, { readonly before: string; readonly after: string }>): string {
  return [...files]
    .map(([path, { before, after }]) =>
      createTwoFilesPatch(`a/${path}`, `b/${path}`, before, after, '', '').split('\n').slice(1).join('\n'),
    )
    .join('')
}

/** Where every rollout of a folder stands: one line each, and one for every rule below it. */
export function statusText(standings: readonly Standing[]): string {
  if (standings.length === 0) return 'No route with a stable and a canary destination was found here.\n'
  return standings.map(standingText).join('\n')
}

function standingText(standing: Standing): string {
  const { target, share, versions } = standing
  const { route } = target
  const version = versions === undefined ? '' : `, stable ${versions.stable}, canary ${versions.canary}`
  const head = `${targetName(target)}  canary ${percent(share)}${version}`
  const place = `  ${routeId(route)} in ${route.place.file}:${route.place.line}, plan ${planOf(target).map(percent).join(' ')}`
  const rules = weightedRules(route).map(
    (rule) => `  rule ${rule.label} (line ${rule.line}): canary ${percent(canaryShareOf(rule))}`,
  )
  return `${[head, place, ...rules].join('\n')}\n`
}

/** A refusal's Markdown as plain text. */
export function plainWords(markdown: string): string {
  return markdown.replaceAll(/\*\*|`|\u200B/g, '').replaceAll(/\\([\\*_~[\]<>|])/g, '$1')
}
