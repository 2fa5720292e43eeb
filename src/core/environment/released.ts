/** Environments that are releases of Helm charts. */
import { type ChartRelease, type DeployedRelease, NO_OPTIONS, type ValuesSource } from '../chart/release.ts'
import { type ChartCopy, releaseFiles } from '../chart/release-files.ts'
import { CONFIG_FILE } from '../config/read.ts'
import type { Parent } from '../delivery/parent.ts'
import type { Survey } from './closure.ts'
import { nameRoots } from './names.ts'
import type { EnvironmentRefusal, RefusalCode } from './refusal.ts'
import { inFolder, join, type Tree } from './tree.ts'
import { deliveryKey, deployerFolder, isDeployer } from './variants.ts'

/** The release, and its deployers. */
export interface EnvironmentRelease {
  readonly release: ChartRelease
  readonly copies: readonly ChartCopy[]
  /** The files that define the release. */
  readonly from: readonly string[]
  /** The values files of other releases. */
  readonly others: ReadonlySet<string>
  /** The releases that render its deployers. Undefined if files contain all of them. */
  readonly parent?: Parent | undefined
}

/** The place of an environment in the config: a folder, or a release of a chart, with paths from the root of the repository. */
export interface ConfiguredPlace {
  readonly path?: string | undefined
  /** The chosen deployer of the path: a name, or a file. */
  readonly deployer?: string | undefined
  readonly helm?:
    | {
        readonly chart: string
        readonly values: readonly string[]
        readonly release?: string | undefined
        readonly namespace?: string | undefined
      }
    | undefined
}

interface ReleasedEnvironment {
  readonly name: string
  readonly kind: 'helm'
  readonly root: string
  readonly files: readonly string[]
  readonly refusals: readonly EnvironmentRefusal[]
  readonly isLoose: false
  readonly release: EnvironmentRelease
  readonly charts: readonly string[]
  readonly deliveries: readonly string[]
}

interface ReleaseOrigin {
  readonly release: ChartRelease
  /** The files that define it. */
  readonly files: readonly string[]
  /** The `deliveryKey`s of its deployers. Empty if only the config names it. */
  readonly deliveries: readonly string[]
  readonly parent?: Parent | undefined
  /** Why it is unknown which release the config means. */
  readonly refusals?: readonly EnvironmentRefusal[]
}

/**
 * The deployed releases. They have the names of their deployers. If others have the same name, the folders of the deployer's file
 * are added. Equal releases of several deployers are one environment.
 */
export function released(
  survey: Survey,
  releases: readonly DeployedRelease[],
  taken: ReadonlySet<string>,
): readonly ReleasedEnvironment[] {
  const groups = [...Map.groupBy(releases, ({ release }) => withoutPlaces(release)).values()]
  const paths = new Map<string, DeployedRelease[]>()
  for (const group of groups) {
    const [first] = group
    if (first === undefined) continue
    const path = freePath(pathOf(first), paths)
    paths.set(path, group)
  }
  const names = nameRoots([...paths.keys()], taken)
  const others = valuesOfAll(releases)
  return [...paths].flatMap(([path, group]) => {
    const [first] = group
    return first === undefined
      ? []
      : [releasedAs(survey, names.get(path) ?? path, { ...originOf(first.release, group), others })]
  })
}

/** The values files of all releases, including those in the config. */
export function valuesOfAll(
  releases: readonly DeployedRelease[],
  configured: Readonly<Record<string, ConfiguredPlace>> = {},
): ReadonlySet<string> {
  const named = Object.values(configured).flatMap(({ helm }) => helm?.values ?? [])
  return new Set([
    // A file of objects is no values file. It may be a template of the chart, or deploy it.
    ...releases.flatMap(({ release }) => release.values.flatMap((one) => (one.from === 'file' ? [one.path] : []))),
    ...named.flatMap((entry) => join('', entry) ?? []),
  ])
}

/** A release as an environment with a name. */
export function releasedAs(
  survey: Survey,
  name: string,
  {
    release,
    deliveries,
    files: from,
    others,
    parent,
    refusals: unknown = [],
  }: ReleaseOrigin & { readonly others: ReadonlySet<string> },
): ReleasedEnvironment {
  const { files, copies, refusals } = releaseFiles(survey, release, { from, others })
  const { chart: root } = release
  return {
    name,
    kind: 'helm',
    root,
    files,
    refusals: [...unknown, ...refusals],
    isLoose: false,
    release: { release, copies, from, others, parent },
    charts: [root],
    deliveries,
  }
}

/**
 * The release in the config: one that the config describes, or, if its path is a chart, the known release of that chart.
 * Undefined if the config means something else.
 */
export function configuredRelease(
  { path, helm, deployer }: ConfiguredPlace,
  { tree, releases }: { readonly tree: Tree; readonly releases: readonly DeployedRelease[] },
): ReleaseOrigin | undefined {
  if (helm !== undefined) return described(helm)
  const chart = path === undefined ? undefined : join('', path)
  if (chart === undefined || tree.types.get(inFolder(chart, 'Chart.yaml')) !== 'file') return undefined
  if (tree.kustomizations.has(chart)) return undefined
  const known = releases.filter(
    (one) => one.release.chart === chart && (deployer === undefined || isDeployer(one, deployer)),
  )
  const [first] = known
  const refuse = (code: RefusalCode, entry: string): ReleaseOrigin => ({
    ...described({ chart, values: [] }),
    refusals: [{ code, file: CONFIG_FILE, line: 1, entry }],
  })
  if (first === undefined)
    return deployer === undefined ? described({ chart, values: [] }) : refuse('no-such-deployer', deployer)
  const isOne = new Set(known.map(({ release }) => withoutPlaces(release))).size === 1
  return isOne ? originOf(first.release, known) : refuse('several-deployers', chart)
}

function described({ chart, values, release: name, namespace }: NonNullable<ConfiguredPlace['helm']>): ReleaseOrigin {
  const release: ChartRelease = {
    chart: join('', chart) ?? chart,
    name,
    namespace,
    values: values.map((entry): ValuesSource => {
      return { from: 'file', path: join('', entry) ?? entry, isOptional: false, place: { file: CONFIG_FILE, line: 1 } }
    }),
    settings: [],
    isWithoutDefaults: false,
    options: { ...NO_OPTIONS, skipsTests: true },
  }
  return { release, files: [], deliveries: [] }
}

function originOf(release: ChartRelease, all: readonly DeployedRelease[]): ReleaseOrigin {
  const files = [...new Set(all.flatMap(({ sources }) => sources))]
  const parents = all.flatMap(({ parent }) => parent ?? [])
  const [first] = parents
  const parent = first && {
    ...first,
    files: [...new Set(parents.flatMap((one) => one.files))],
    charts: [...new Set(parents.flatMap((one) => one.charts))],
    isGuessed: all.every((one) => one.parent?.isGuessed === true),
  }
  return { release, files, deliveries: all.map(deliveryKey), parent }
}

/** Two releases that differ only in where they are written count as one. */
export function withoutPlaces(release: ChartRelease): string {
  return JSON.stringify(release, (key, value: unknown) => (key === 'place' ? undefined : value))
}

function pathOf(release: DeployedRelease): string {
  return inFolder(deployerFolder(release), release.name)
}

function freePath(path: string, taken: ReadonlyMap<string, unknown>): string {
  let free = path
  for (let number = 2; taken.has(free); number += 1) free = `${path}-${String(number)}`
  return free
}
