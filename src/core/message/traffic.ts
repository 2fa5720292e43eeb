import type { Part, ReviewedChange, TrafficRow } from '../gate/review.ts'
import { targetName } from '../rollout/target.ts'
import { fitLines } from './limits.ts'
import { code, percent, plainText, table } from './markdown.ts'

/** Who gets how much, before and after, per environment and rule; as many rows as fit into `room` bytes. */
export function trafficTable(rows: readonly TrafficRow[], room: number): string {
  const cells = rows.map(({ environment, route, rule, before, after }) => [
    plainText(environment),
    `${code(route)} ${code(rule)}`,
    parts(before),
    parts(after),
  ])
  const lines = table(['Environment', 'Route, rule', 'Before', 'After'], cells).split('\n')
  // An empty line first: else it would be a row.
  return fitLines(lines, room, (left) => `\n${leftOut(rows.slice(rows.length - left))}`).join('\n')
}

function leftOut(rows: readonly TrafficRow[]): string {
  const environments = new Set(rows.map(({ environment }) => environment)).size
  return `… and ${counted(rows.length, 'more rule')} in ${counted(environments, 'environment')}.`
}

function parts(list: readonly Part[] | undefined): string {
  if (list === undefined) return '–'
  return list.map(({ name, share }) => `${plainText(name)} **${percent(share)}**`).join(' · ')
}

/** What a row says, as people say it: `api-service main: 95/5 → 75/25 (stable/canary)`. Plain text, names as they are. */
export function trafficWords({ route, rule, before, after }: TrafficRow): string {
  const name = `${route.slice(route.lastIndexOf('/') + 1)} ${rule}`
  if (before === undefined) return `${name}: new, ${alone(after ?? [])}`
  if (after === undefined) return `${name}: gone, was ${alone(before)}`
  const isSame = names(before) === names(after)
  if (isSame) return `${name}: ${shares(before)} → ${shares(after)} (${names(after)})`
  return `${name}: ${alone(before)} → ${alone(after)}`
}

function alone(list: readonly Part[]): string {
  return `${shares(list)} (${names(list)})`
}

function shares(list: readonly Part[]): string {
  return list.map(({ share }) => percent(share).slice(0, -1)).join('/')
}

function names(list: readonly Part[]): string {
  return list.map(({ name }) => name).join('/')
}

/** One rollout that a pull request moves: `production/api-service 5% → 25%`. */
export function changeTitle(change: ReviewedChange): string {
  const name = targetName(change.target)
  if (change.version !== undefined)
    return `${name} ${change.version.role} ${change.version.from} → ${change.version.to}`
  return `${name} ${percent(change.from)} → ${percent(change.to)}`
}

/** `1 resource`, `12 resources`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
