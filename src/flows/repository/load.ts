import { isPackedChart } from '../../core/chart/packed.ts'
import { additionsAt } from '../../core/delivery/additions-at.ts'
import type { RenderedDeployers } from '../../core/delivery/rendered-deployers.ts'
import { TRAFFIC_OBJECT } from '../../core/environment/traffic-text.ts'
import { redact, redactor } from '../../core/diff/redact.ts'
import { failurePlace } from '../../core/environment/failure-place.ts'
import { renderProblem } from '../../core/problem/files.ts'
import { CONFIG_FILE, type ConfigResult } from '../../core/config/read.ts'
import type { Config } from '../../core/config/schema.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { looksLikeObjects } from '../../core/environment/plain.ts'
import {
  type Environment,
  environmentNamed,
  inputsOf,
  parentOfEnvironment,
} from '../../core/environment/environment.ts'
import { keptOf, layoutOf } from '../../core/layer/layout.ts'
import { filesToRead, targetAt } from '../../core/rollout/read-target.ts'
import { environmentOf, isOfChart, releaseAt, releasedTarget } from '../../core/chart/released-target.ts'
import { type EnvironmentProblem, isBystander } from '../../core/rollout/snapshot/unreadable-files.ts'
import {
  isManifestPath,
  readSnapshot,
  type Snapshot,
  type SnapshotRead,
  targetInBuild,
  withReleases,
} from '../../core/rollout/snapshot.ts'
import type { Target } from '../../core/rollout/target.ts'
import { type KnownTexts, knownBefore, readConfigOnce } from '../../core/config/known-texts.ts'
import type { Mirror } from '../../ports/mirror.ts'
import { buildEnvironment, type ReleaseSource, renderRelease, skippedProblem } from '../build/build-environment.ts'
import { snapshotWithParents } from './render-parents.ts'

/** Where files are read from: a mirror, or a folder. */
export interface FileSource {
  readonly mirror: Pick<Mirror, 'entries' | 'read'>
  /** The repository that the files belong to, if known. */
  readonly repo?: { readonly name: string; readonly defaultBranch?: string }
  /** Cached results of reading them. */
  readonly known?: KnownTexts
}

/** The config of a branch. Authority comes from the base branch, never from a pull request. */
export async function loadConfig(context: FileSource, base: Sha): Promise<ConfigResult> {
  const texts = await context.mirror.read(base, [CONFIG_FILE])
  return readConfigOnce(context.known, texts.get(CONFIG_FILE))
}

export interface SnapshotOptions {
  readonly config: Config
  /** Which environments with charts are rendered; default: all that may affect traffic. */
  readonly isWanted?: (environment: Environment) => boolean
  /** The environments whose routes are read; default: all. */
  readonly chooseRead?: ((environments: readonly Environment[]) => readonly Environment[]) | undefined
  /** The base branch, for a pull request that is compared with it. Environments keep their names there. */
  readonly base?: Pick<Snapshot, 'environments'> | undefined
}

/** The snapshot of a commit or tree under a config, with rendered charts. */
export async function loadSnapshot(
  context: FileSource & ReleaseSource,
  treeish: Sha,
  { config, isWanted = () => true, chooseRead, base }: SnapshotOptions,
): Promise<Snapshot> {
  const entries = await context.mirror.entries(treeish)
  const texts = new Map<string, string | undefined>()
  const known = context.known ?? knownBefore()
  let wanted: readonly string[] = entries
    .filter(({ path, type }) => type === 'file' && isManifestPath(path))
    .map(({ path }) => path)
  const bystanders = new Set<string>()
  const keeps = (path: string, text: string): boolean => {
    if (!isBystander(path, text)) return true
    if (looksLikeObjects(text)) bystanders.add(path)
    return false
  }
  const commit = { entries, texts, bystanders, config, repository: context.repo, known, chooseRead, base }
  const read = async (rendered: RenderedDeployers): Promise<SnapshotRead> => {
    for (;;) {
      const found = await context.mirror.read(treeish, wanted, texts.size === 0 ? keeps : undefined)
      for (const path of wanted) texts.set(path, found.get(path))
      const result = readSnapshot({ ...commit, rendered })
      wanted = result.needs
      if (wanted.length === 0) return result
    }
  }
  const snapshot = await snapshotWithParents(context, { treeish, entries, texts, read })
  return withRenderedReleases(context, { treeish, snapshot }, isWanted)
}

/** A target at another commit or tree, read from its own files only; undefined if its route is not there. */
export async function readTargetAt(
  context: FileSource & ReleaseSource,
  treeish: Sha,
  now: Target,
): Promise<Target | undefined> {
  const target = await deployedAt(context, treeish, now)
  if (target === undefined) return undefined
  const environment = isOfChart(target) ? environmentOf(target) : undefined
  if (environment?.release !== undefined) return readReleaseAt(context, treeish, target)
  if (environment !== undefined) return readBuildAt(context, treeish, { target, environment })
  const texts = new Map<string, string | undefined>()
  let wanted = filesToRead(target)
  for (;;) {
    const read = await context.mirror.read(treeish, wanted)
    for (const path of wanted) texts.set(path, read.get(path))
    const then = targetAt(target, texts)
    if (then.needs.length === 0) return then.target
    wanted = then.needs
  }
}

/**
 * A target with its environments as they are deployed in another commit, which matters only if a chart renders their deployers.
 * Undefined if one of them is not there.
 */
export async function deployedAt(
  context: FileSource & ReleaseSource,
  treeish: Sha,
  target: Target,
): Promise<Target | undefined> {
  const { layout } = target
  const own = layout.environments.filter(
    (one) => target.environments.includes(one.name) && parentOfEnvironment(one) !== undefined,
  )
  if (own.length === 0) return target
  if (layout.config === undefined) return undefined
  const reading = { config: layout.config, isWanted: () => false, chooseRead: () => [], base: layout }
  const { environments, layout: then } = await loadSnapshot(context, treeish, reading)
  const found = new Map(own.map(({ name }) => [name, environmentNamed(environments, name)]))
  if ([...found.values()].includes(undefined)) return undefined
  const all = layout.environments.map((one) => found.get(one.name) ?? one)
  const { releases, known } = layout
  return { ...target, layout: { ...layoutOf(all, then.texts, known), ...keptOf(layout), releases } }
}

/** The same for a target of a chart, rendered at that commit. */
async function readReleaseAt(
  context: FileSource & ReleaseSource,
  treeish: Sha,
  target: Target,
): Promise<Target | undefined> {
  const entries = await context.mirror.entries(treeish)
  const texts = new Map<string, string>()
  for (;;) {
    const { release, needs } = releaseAt(target, { entries, texts })
    const missing = needs.filter((path) => !texts.has(path))
    const read = await context.mirror.read(treeish, missing)
    if (release !== undefined && read.size === 0) {
      const rendered = await renderRelease(context, release, texts)
      return rendered.ok ? releasedTarget(target, { release, texts, yaml: rendered.yaml }) : undefined
    }
    if (read.size === 0) return undefined
    for (const [path, text] of read) texts.set(path, text)
  }
}

/** The same for a target from charts in another build, read from the files that form the build today. */
async function readBuildAt(
  context: FileSource & ReleaseSource,
  treeish: Sha,
  { target, environment }: { readonly target: Target; readonly environment: Environment },
): Promise<Target | undefined> {
  const texts = await context.mirror.read(treeish, inputsOf(environment))
  const { deployer } = environment
  if (deployer !== undefined && additionsAt(deployer, texts) === 'unknown') return undefined
  const built = await buildEnvironment(context, environment, texts)
  return built.ok ? targetInBuild(target, { environment, texts, yaml: built.yaml }) : undefined
}

/**
 * A snapshot with the rendered charts that may affect traffic, because the files of charts alone do not show their routes. A
 * chart that cannot be rendered has no routes.
 */
async function withRenderedReleases(
  context: FileSource & ReleaseSource,
  { treeish, snapshot }: { readonly treeish: Sha; readonly snapshot: Snapshot },
  isWanted: (environment: Environment) => boolean,
): Promise<Snapshot> {
  const renders = new Map<string, string>()
  const unrendered: EnvironmentProblem[] = []
  const wanted = snapshot.environments.filter(
    (one) => (one.charts ?? []).length > 0 && one.refusals.length === 0 && isWanted(one),
  )
  await Promise.all(
    wanted.map(async (environment) => {
      const { name } = environment
      const texts = await context.mirror.read(treeish, inputsOf(environment))
      if (![...texts].some(([path, text]) => TRAFFIC_OBJECT.test(text) || isPackedChart(path))) return
      const rendered = await buildEnvironment(context, environment, texts)
      if (rendered.ok) {
        renders.set(name, rendered.yaml)
        const hide = redactor(texts, snapshot.config.secrets)
        unrendered.push(...(rendered.skipped ?? []).map((one) => skippedProblem(one, hide)))
      } else {
        const detail = redact(rendered.detail, texts, snapshot.config.secrets)
        const place = failurePlace(environment, texts, rendered.detail)
        const failure = { environment: name, ...place, file: place?.file, rendered: { code: rendered.code, detail } }
        unrendered.push({ ...renderProblem(failure), environments: [name] })
      }
    }),
  )
  const isNothing = renders.size === 0 && unrendered.length === 0
  return isNothing ? snapshot : withReleases(snapshot, { renders, unrendered })
}
