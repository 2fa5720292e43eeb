import type { DestinationShare, Review, ReviewedChange, TrafficRow } from '../../gate/review.ts'
import type { LeavingOwner } from '../../gate/leaving-owner.ts'
import { isUnknownDeployment, mayHideTraffic } from '../../problem/problem.ts'
import { targetName } from '../../rollout/target.ts'
import { fitLines, sizeOf } from '../../text/limits.ts'
import { lineAddress } from '../../text/web-url.ts'
import { counted } from '../markdown/lists.ts'
import { code, linkedWords, percent, plainText, table } from '../markdown/markdown.ts'
import { WRITER_NAMES } from '../refusal/owner-refusal.ts'

/** The effect on traffic of a pull request in which Perch found no rollout that moves, as a title. A problem may hide one. */
export function quietTitle({ rows, problems, notes }: Pick<Review, 'rows' | 'problems' | 'notes'>): string {
  const isSure = !problems.some(mayHideTraffic)
  if (rows.length === 0) {
    if (!isSure) return 'Unknown whether canary traffic changes'
    return notes.some(isUnknownDeployment) ? 'No known change of canary traffic' : 'No canary traffic changes'
  }
  const rules = `${counted(rows.length, 'rule')} of a split ${rows.length === 1 ? 'changes' : 'change'}`
  return isSure ? `No rollout moves; ${rules}` : rules
}

/** How a pull request changes traffic: a table, or why there is none. Never says that a share stays as it is if Perch could not read it. */
export function trafficStatement(
  review: Pick<Review, 'rows' | 'changes' | 'problems' | 'notes' | 'compared'>,
  { room, repository }: { readonly room: number; readonly repository: string | undefined },
): string {
  const { rows, changes, problems, notes, compared } = review
  if (rows.length > 0) {
    const pageOf: PageOf = (place) => repository && compared && place && lineAddress(repository, compared.head, place)
    const linked = trafficTable(rows, pageOf)
    // Links take most of the bytes, and more rows are worth more than links.
    return sizeOf(linked) <= room ? linked : cutTable(rows, room)
  }
  if (problems.some(mayHideTraffic))
    return 'Perch found no change of traffic in what it could render. The problems below may hide such a change.'
  if (changes.length > 0 && changes.every(({ leaving }) => leaving !== undefined))
    return 'No weight in Git changes, but after the merge the weights in Git take effect:'
  if (changes.length === 0)
    return notes.some(isUnknownDeployment)
      ? 'Perch knows of no change of canary traffic. The notes of `canary/validate` say what it does not know.'
      : 'This pull request changes no canary traffic.'
  return changes.every(({ version }) => version !== undefined)
    ? 'All shares of traffic stay the same. Only the version that gets the traffic changes:'
    : 'The files change a share of traffic, but the rendered share stays the same:'
}

/** The page of a place, or undefined if there is none. */
type PageOf = (place: DestinationShare['place']) => string | undefined

/** The shares of all destinations before and after, per environment and rule. A share links to the line with its weight. */
function trafficTable(rows: readonly TrafficRow[], pageOf: PageOf): string {
  const cells = rows.map(({ environment, route, rule, before, after }) => [
    `${plainText(environment)} ${code(route)} ${code(rule)}`,
    parts(before, pageOf),
    parts(after, pageOf),
  ])
  return table(['Environment, route, rule', 'Before', 'After'], cells)
}

/** As many rows as fit into `room` bytes, without links. */
function cutTable(rows: readonly TrafficRow[], room: number): string {
  const lines = trafficTable(rows, () => undefined).split('\n')
  // An empty line comes first, because otherwise it would be a row of the table.
  return fitLines(lines, room, (left) => `\n${leftOut(rows.slice(rows.length - left))}`).join('\n')
}

function leftOut(rows: readonly TrafficRow[]): string {
  const environments = new Set(rows.map(({ environment }) => environment)).size
  return `… and ${counted(rows.length, 'more rule')} in ${counted(environments, 'environment')}.`
}

function parts(list: readonly DestinationShare[] | undefined, pageOf: PageOf): string {
  if (list === undefined) return '–'
  return list
    .map(({ name, share, place }) => `${plainText(name)} ${linkedWords(`**${percent(share)}**`, pageOf(place))}`)
    .join(' · ')
}

/** A row in short words: `api-service main: 95/5 → 75/25 (stable/canary)`. Plain text with unescaped names. */
export function trafficWords({ route, rule, before, after }: TrafficRow): string {
  const name = `${route.split('/').at(-1)} ${rule}`
  if (before === undefined) return `${name}: new, ${alone(after ?? [])}`
  if (after === undefined) return `${name}: gone, was ${alone(before)}`
  const isSame = names(before) === names(after)
  if (isSame) return `${name}: ${shares(before)} → ${shares(after)} (${names(after)})`
  return `${name}: ${alone(before)} → ${alone(after)}`
}

function alone(list: readonly DestinationShare[]): string {
  return `${shares(list)} (${names(list)})`
}

function shares(list: readonly DestinationShare[]): string {
  return list.map(({ share }) => percent(share).slice(0, -1)).join('/')
}

function names(list: readonly DestinationShare[]): string {
  return list.map(({ name }) => name).join('/')
}

/** One rollout that a pull request moves: `production/api-service 5% → 25%`. */
export function changeTitle(change: ReviewedChange): string {
  const name = targetName(change.target)
  if (change.leaving !== undefined) return `${name} ${leavingWords(change.leaving)}`
  if (change.version !== undefined)
    return `${name} ${change.version.role} ${change.version.from} → ${change.version.to}`
  const { blueGreen } = change.target.route.names
  if (blueGreen !== undefined && change.to > change.from) {
    const share = change.to === 100 ? '' : ` (${percent(change.to)})`
    return `${name} ${blueGreen.active.name} → ${blueGreen.idle.name}${share}`
  }
  if ((change.widened ?? []).length > 0 && change.to <= change.from)
    return `${name} more requests reach ${blueGreen?.idle.name ?? 'the canary'}`
  const [from, to] = shareNames(change)
  return `${name} ${from} → ${to}`
}

function shareNames({ from, to, unknown = [] }: ReviewedChange): readonly [string, string] {
  return [unknown.includes('before') ? 'unknown' : percent(from), unknown.includes('after') ? 'unknown' : percent(to)]
}

/** What happens to a rollout whose controller is removed, as the rest of a sentence that begins with its name. */
export function leavingWords({ owner, share }: LeavingOwner): string {
  const has = share === 'unknown' ? 'an unknown share' : percent(share)
  return `leaves ${WRITER_NAMES[owner.writer]}: Git gives the canary ${has}`
}
