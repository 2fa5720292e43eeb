/** The environments of a proposed config: those that Perch found, and charts that nothing here deploys. */
import { stringify } from 'yaml'
import type { LoneRelease } from '../../chart/lone-releases.ts'
import type { Environment } from '../../environment/environment.ts'
import { deliveryKey } from '../../environment/variants.ts'
import { nameInTitle } from '../../manifest/identity.ts'
import type { Problem } from '../../problem/problem.ts'
import type { Snapshot } from '../../rollout/snapshot.ts'
import { standingOf } from '../../rollout/standing.ts'
import { isBlueGreen, type Target, targetName } from '../../rollout/target.ts'
import { oneLine } from '../../text/inert.ts'
import { counted } from '../markdown/lists.ts'
import { percent } from '../markdown/markdown.ts'
import { plainWords } from '../markdown/plain-words.ts'
import { explainProblem } from '../problem/problem.ts'

/** A release of a chart that nothing in the repository deploys, and what Perch finds if the config names it. */
export interface ProposedRelease extends LoneRelease {
  /** The rollouts that run or could start. */
  readonly targets: readonly Target[]
  readonly problems: readonly Problem[]
}

/** Nobody reads more of these in a file. */
const MAX_ENVIRONMENTS = 100

/** The environments that Perch found. */
export function environmentLines(snapshot: Snapshot, isWritten: boolean): readonly string[] {
  const { environments } = snapshot
  if (environments.length === 0)
    return ['# Perch found no environment: nothing in this repository says what is deployed.']
  const shown = environments.slice(0, MAX_ENVIRONMENTS)
  const left = environments.length - shown.length
  const lines = shown.flatMap((environment) => [`  ${scalar(environment.name)}:`, ...placeLines(environment, snapshot)])
  const head = [
    `# ${counted(environments.length, 'environment')}${left > 0 ? `; ${left} are not listed here` : ''}. Each can also have:`,
    '#   after: staging        a raise waits until that environment has taken the same step',
    '#   approvals: 1          approving reviews that a raise needs',
    '#   live: { after: 3m }   the default; reports of Flux or Argo CD are better (docs/live.md)',
  ]
  const only = '# Perch finds them by itself. If you list some under `environments`, Perch uses only those.'
  if (isWritten && left === 0) return [...head, only, 'environments:', ...lines]
  return [...head, only, ...['environments:', ...lines].map((line) => `# ${line}`)]
}

/**
 * Entries for charts that nothing here deploys. They are comments, because only people know whether and how they are deployed.
 * `hasEnvironments`: the key `environments` is there already.
 */
export function loneLines(lone: readonly ProposedRelease[], hasEnvironments: boolean): readonly string[] {
  if (lone.length === 0) return []
  return [
    '',
    '# These charts have routes, but nothing in this repository deploys them. If something else does, check the entries and',
    hasEnvironments
      ? '# move them below `environments`.'
      : '# remove the `# ` before these lines. Then list all other environments too.',
    '# The files do not say the name of the release and its namespace: add `release` and `namespace` to `helm`.',
    ...(hasEnvironments ? [] : ['# environments:']),
    ...lone.flatMap((release) => loneEntry(release).map((line) => `# ${line}`)),
  ]
}

/** Whether a problem only says that nothing deploys a chart that is proposed. */
export function isProposed({ cause }: Problem, lone: readonly ProposedRelease[]): boolean {
  return cause.kind === 'manifest' && lone.some(({ chart }) => chart === cause.problem.chart)
}

function loneEntry({ environment, chart, values, targets, problems }: ProposedRelease): readonly string[] {
  const found = targets.map((target) => `    # ${oneLine(targetName(target))}: ${shareNow(target)}`)
  const missing = problems
    .map(explainProblem)
    .map(({ what, next }) => `    # ${oneLine(plainWords(`${what} ${next}`))}`)
  return [
    `  ${scalar(environment)}:`,
    `    helm: { ${releaseParts({ chart, values })} }`,
    ...(values.length === 0
      ? ['    # No values file in the chart is for one environment: add those that you use to `values`.']
      : []),
    ...found,
    ...missing,
    ...(found.length + missing.length === 0
      ? ['    # With these values, the chart renders no split between a stable and a canary version.']
      : []),
  ]
}

/** The place of an environment. If several deployers make environments of it, its deployer is named. */
function placeLines(
  { root, deliveries: keys }: Environment,
  { environments, deliveries }: Pick<Snapshot, 'environments' | 'deliveries'>,
): readonly string[] {
  const own = deliveries.filter((one) => one.path === root && keys?.includes(deliveryKey(one)) !== false)
  const by = [...new Set(own.map(({ title }) => title))]
  const shown = by.slice(0, 3).map(oneLine).join(', ')
  const note = by.length === 0 ? '' : `   # deployed by ${shown}${by.length > 3 ? ', …' : ''}`
  const [deployer] = by
  const isShared = environments.filter((one) => one.root === root).length > 1
  return [
    `    path: ${scalar(root === '' ? '.' : root)}${note}`,
    ...(isShared && deployer !== undefined ? [`    deployer: ${scalar(nameInTitle(deployer))}`] : []),
  ]
}

function releaseParts({ chart, values }: Pick<LoneRelease, 'chart' | 'values'>): string {
  return `chart: ${scalar(chart === '' ? '.' : chart)}, values: [${values.map(scalar).join(', ')}]`
}

/** The canary's share now, as a person reads it. */
export function shareNow(target: Target): string {
  if (isBlueGreen(target)) return 'blue/green'
  const { share } = standingOf(target)
  return share === 'unknown' ? 'share not readable' : `canary at ${percent(share)}`
}

/** A string as a YAML scalar on one line. */
export function scalar(text: string): string {
  return stringify(text, {
    lineWidth: 0,
    defaultStringType: /^[\w./-]+$/.test(text) ? 'PLAIN' : 'QUOTE_DOUBLE',
  }).trimEnd()
}
