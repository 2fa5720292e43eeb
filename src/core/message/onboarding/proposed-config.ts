import { CONFIG_FILE } from '../../config/read.ts'
import { DEFAULT_SERVICE } from '../../config/schema.ts'
import { unknownDeploymentNotes } from '../../problem/files.ts'
import type { Snapshot } from '../../rollout/snapshot.ts'
import { isBlueGreen, type Target, targetName } from '../../rollout/target.ts'
import { oneLine } from '../../text/inert.ts'
import { isUnnamed, routeId, weightedRules } from '../../traffic/route.ts'
import { withCanary } from '../../traffic/start.ts'
import { counted } from '../markdown/lists.ts'
import { plainWords } from '../markdown/plain-words.ts'
import { code } from '../markdown/markdown.ts'
import { explainProblem } from '../problem/problem.ts'
import { explainMove } from '../refusal/move-refusal.ts'
import { WRITER_NAMES } from '../refusal/owner-refusal.ts'
import {
  environmentLines,
  isProposed,
  loneLines,
  type ProposedRelease,
  scalar,
  shareNow,
} from './proposed-environments.ts'

/** Which parts of a proposed config are active. The others are comments. */
export interface ProposalOptions {
  readonly hasEnvironments: boolean
  readonly hasServices: boolean
}

/** A config to start from, and the snapshot behind it. */
export interface ConfigProposal {
  readonly text: string
  /** What Perch finds without a config. */
  readonly snapshot: Snapshot
  readonly written: ProposalOptions
  /** What a person may add for charts that nothing deploys. */
  readonly lone?: readonly ProposedRelease[]
}

/** Nobody reads more of these in a file. */
const MAX_UNKNOWN = 20

/** A config to start from. It describes what Perch does without a config: what Perch found, and what it could not tell. */
export function proposedConfig(
  snapshot: Snapshot,
  { hasEnvironments, hasServices }: ProposalOptions,
  lone: readonly ProposedRelease[] = [],
): string {
  const [known, unnamed] = [rolloutsIn(snapshot), unnamedIn(snapshot)]
  const services = known.length === 0 && unnamed.length > 0 ? ['# No rollout could begin yet.'] : serviceLines(known)
  return [
    '# yaml-language-server: $schema=canary.schema.json',
    '# `perch schema > .github/canary.schema.json` writes the schema of the line above, for your editor.',
    '#',
    '# This is what Perch found in this repository. At first Perch behaves the same without this file.',
    '# docs/configuration.md of Perch lists every key.',
    '',
    ...environmentLines(snapshot, hasEnvironments),
    ...loneLines(lone, hasEnvironments && snapshot.environments.length > 0),
    '',
    ...services.map((line) => (hasServices || line.startsWith('#') ? line : `# ${line}`)),
    ...unnamedLines(unnamed, known.length > 0),
    ...ownedLines(snapshot),
    ...unknownLines({ ...snapshot, unrendered: snapshot.unrendered.filter((one) => !isProposed(one, lone)) }),
    '',
  ].join('\n')
}

/** The rollouts that run or could start, without those that a controller moves. */
export function rolloutsIn({ targets }: Pick<Snapshot, 'targets'>): readonly Target[] {
  const own = targets.filter(({ owner }) => owner === undefined)
  return own.filter((target) => isBlueGreen(target) || withCanary(target.route, target.neighbours).ok)
}

/** The routes that split traffic, but whose names do not tell which destination is the canary. With names, they are rollouts. */
export function unnamedIn(snapshot: Pick<Snapshot, 'targets'>): readonly Target[] {
  const known = new Set(rolloutsIn(snapshot))
  return snapshot.targets.filter(
    (target) => target.owner === undefined && !known.has(target) && isUnnamed(target.route),
  )
}

function serviceLines(known: readonly Target[]): readonly string[] {
  if (known.length === 0) return ['# No rollout could begin yet.', '# services: {}']
  const groups = [...Map.groupBy(known, ({ service }) => service)]
  return [
    `# ${counted(known.length, 'rollout')}.`,
    'services:',
    ...groups.flatMap(([service, targets]) => [`  ${scalar(service)}:`, ...targets.map(placeOf), ...keysOf(targets)]),
  ]
}

function placeOf(target: Target): string {
  const { route } = target
  const at = `${oneLine(routeId(route))} in ${oneLine(route.place.file)}`
  return `    # ${oneLine(targetName(target))}: ${at}, ${shareNow(target)}`
}

function keysOf([first]: readonly Target[]): readonly string[] {
  if (first === undefined) return []
  const { kind, name, namespace } = first.route
  const isOwn = kind === 'VirtualService' && name === first.service
  const route = isOwn ? [] : [`    route: { kind: ${kind}, name: ${scalar(name)}, namespace: ${scalar(namespace)} }`]
  if (isBlueGreen(first))
    return [...route, '    strategy: blue-green   # /switch moves all traffic at once (docs/blue-green.md)']
  const { steps } = DEFAULT_SERVICE
  return [
    ...route,
    ...roleLines(first),
    `    steps: [${steps.join(', ')}]   # percent`,
    '    bake: 10m                   # how long a step stays live before the next may merge',
    '    # analysis: { provider: prometheus, checks: [{ metric: success-rate, min: 99 }] }   # docs/analysis.md',
  ]
}

/** The roles that Perch found by name. They are comments, so that a later change of names in the route still works. */
function roleLines({ route, neighbours }: Target): readonly string[] {
  const started = withCanary(route, neighbours)
  const all = started.ok ? weightedRules(started.value).flatMap(({ destinations }) => destinations) : []
  const called = (role: 'stable' | 'canary'): string | undefined => {
    const names = all.filter((one) => one.role === role).map(({ subset, written }) => subset ?? written)
    return new Set(names).size === 1 ? names[0] : undefined
  }
  const [stable, canary] = [called('stable'), called('canary')]
  if (stable === undefined || canary === undefined) return []
  return [`    # stable: ${oneLine(stable)}, canary: ${oneLine(canary)}   # by their names`]
}

/**
 * Entries for routes whose names do not tell the roles. They are comments, because they guess them. `hasServices`: the key
 * `services` is there already.
 */
function unnamedLines(targets: readonly Target[], hasServices: boolean): readonly string[] {
  if (targets.length === 0) return []
  const groups = [...Map.groupBy(targets, ({ service }) => service)]
  const left = groups.length - MAX_UNKNOWN
  return [
    '',
    '# These routes split their traffic, but their names do not tell which destination is the canary. Check both names of each, and',
    hasServices ? '# move the entry below `services`:' : '# remove the `# ` before these lines:',
    ...(hasServices ? [] : ['# services:']),
    ...groups.slice(0, MAX_UNKNOWN).flatMap(([service, own]) => unnamedEntry(service, own).map((line) => `# ${line}`)),
    ...(left > 0 ? [`# … and ${left} more`] : []),
  ]
}

function unnamedEntry(service: string, [first]: readonly Target[]): readonly string[] {
  if (first === undefined) return []
  const { kind, name, namespace, rules, place } = first.route
  const names = rules
    .filter(({ destinations }) => destinations.length > 1)
    .flatMap(({ destinations }) => destinations.map(({ subset, written }) => subset ?? written))
  const [stable = '', canary = stable, ...others] = [...new Set(names)]
  const isOwn = kind === 'VirtualService' && name === service
  return [
    `  ${scalar(service)}:   # ${oneLine(targetName(first))} in ${oneLine(place.file)}:${place.line}`,
    ...(isOwn ? [] : [`    route: { kind: ${kind}, name: ${scalar(name)}, namespace: ${scalar(namespace)} }`]),
    `    stable: ${scalar(stable)}`,
    `    canary: ${scalar(canary)}${others.length === 0 ? '' : `   # or ${others.map(oneLine).join(', ')}`}`,
  ]
}

/** What Perch leaves to a controller in the cluster. */
function ownedLines({ targets }: Snapshot): readonly string[] {
  const lines = targets.flatMap((target) => {
    if (target.owner === undefined) return []
    const { writer, title, place } = target.owner
    return [oneLine(`${targetName(target)}: ${WRITER_NAMES[writer]}, by ${title} in ${place.file}:${place.line}`)]
  })
  if (lines.length === 0) return []
  const left = lines.length - MAX_UNKNOWN
  const shown = lines.slice(0, MAX_UNKNOWN).map((line) => `# - ${line}`)
  return ['', '# What controllers in the cluster move:', ...shown, ...(left > 0 ? [`# - … and ${left} more`] : [])]
}

/** What Perch could not tell, one line each, with what to do. */
function unknownLines(snapshot: Snapshot): readonly string[] {
  const all = untold(snapshot).map(({ name, words }) =>
    name === undefined ? plainWords(words) : `${name}: ${plainWords(words)}`,
  )
  if (all.length === 0) return []
  const shown = all.slice(0, MAX_UNKNOWN).map((line) => `# - ${oneLine(line)}`)
  const left = all.length - shown.length
  return ['', '# What Perch could not tell:', ...shown, ...(left > 0 ? [`# - … and ${left} more`] : [])]
}

/** Something that Perch could not tell, and what to do. */
interface Untold {
  /** The name of the object, if the words do not contain it. Other people's text. */
  readonly name?: string
  /** Markdown. */
  readonly words: string
}

/** Everything that Perch could not tell, without duplicates. */
export function untold(snapshot: Snapshot): readonly Untold[] {
  const problems = [
    ...snapshot.problems,
    ...snapshot.unrendered,
    ...unknownDeploymentNotes(snapshot, { changed: 'all', folders: [] }),
  ]
  const routes = snapshot.targets.flatMap((target): readonly Untold[] => {
    if (isBlueGreen(target) || target.owner !== undefined) return []
    const started = withCanary(target.route, target.neighbours)
    return started.ok ? [] : [{ name: targetName(target), words: explainMove(started.error) }]
  })
  const all = [
    ...routes,
    ...problems.map(explainProblem).map(({ what, next }): Untold => ({ words: `${what} ${next}` })),
    ...snapshot.remoteCharts.map(({ title, chart }): Untold => {
      return { name: title, words: `its chart ${code(chart)} is in another repository.` }
    }),
  ]
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()]
}

/** What `perch init` did, or would do. */
export function initWords(
  { text, snapshot, lone = [] }: ConfigProposal,
  { isDry }: { readonly isDry: boolean },
): string {
  const [found, unnamed] = [rolloutsIn(snapshot), unnamedIn(snapshot)]
  const names = unnamed.length === 0 ? '' : `, ${counted(unnamed.length, 'route')} without a known canary`
  const charts = lone.length === 0 ? '' : `, ${counted(lone.length, 'release')} of charts to check`
  const head = `${isDry ? 'would write' : 'wrote'} ${CONFIG_FILE}: ${counted(found.length, 'rollout')} found${names}${charts}.`
  return isDry ? `${head}\n\n${text}` : `${head}\nNext: read it, commit it, and open a pull request.\n`
}

/** Why `perch init` writes nothing if there is a config. */
export const CONFIG_IS_THERE = `perch: ${CONFIG_FILE} already exists, and Perch never overwrites it. To see what Perch would propose, use --dry-run.\n`
