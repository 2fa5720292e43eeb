import { isPackedChart } from '../../core/chart/packed.ts'
import { inNamespace, nestedReleases } from '../../core/chart/nested-releases.ts'
import { POST_RENDERED, releaseBuild, unknownParameter } from '../../core/chart/release-build.ts'
import { additionsAt } from '../../core/delivery/additions-at.ts'
import type { EnvironmentRelease } from '../../core/environment/released.ts'
import { TRAFFIC_OBJECT } from '../../core/environment/traffic-text.ts'
import {
  type KnownDocuments,
  type LeavesOut,
  parseRendered,
  type PlainRender,
  readPlain,
} from '../../core/diff/objects.ts'
import { redact, redactor } from '../../core/diff/redact.ts'
import { buildWithAdditions } from '../../core/environment/deployed-build.ts'
import { failurePlace } from '../../core/environment/failure-place.ts'
import { renderPlain } from '../../core/environment/plain.ts'
import type { Location } from '../../core/manifest/parse.ts'
import { refusalProblem, renderProblem } from '../../core/problem/files.ts'
import type { RenderFailure } from '../../core/problem/problem.ts'
import { type ConfigProblem, CONFIG_FILE, readConfig } from '../../core/config/read.ts'
import type { Config } from '../../core/config/schema.ts'
import { readOnce } from '../../core/environment/file-cache.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { looksLikeObjects } from '../../core/environment/plain.ts'
import { type Environment, inputsOf } from '../../core/environment/environment.ts'
import { filesToRead, targetAt } from '../../core/rollout/read-target.ts'
import { environmentOf, isOfChart, releaseAt, releasedTarget } from '../../core/chart/released-target.ts'
import {
  type EnvironmentProblem,
  isBystander,
  isManifestPath,
  readSnapshot,
  type Snapshot,
  targetInBuild,
  withReleases,
} from '../../core/rollout/snapshot.ts'
import type { Target } from '../../core/rollout/target.ts'
import type { Result } from '../../core/result.ts'
import { type KnownTexts, knownBefore } from '../../core/config/known-texts.ts'
import type { Mirror } from '../../ports/mirror.ts'
import type { Renderer, RenderResult } from '../../ports/renderer.ts'

/** Where files are read: a mirror, or a folder. */
export interface FileSource {
  readonly mirror: Pick<Mirror, 'entries' | 'read'>
  /** Whose files they are, where that is known. */
  readonly repo?: { readonly name: string; readonly defaultBranch?: string }
  /** What was read of them already. */
  readonly known?: KnownTexts
}

/** The config of a branch: authority comes from the base branch, never from what a pull request brings. */
export async function loadConfig(context: FileSource, base: Sha): Promise<Result<Config, readonly ConfigProblem[]>> {
  const texts = await context.mirror.read(base, [CONFIG_FILE])
  const text = texts.get(CONFIG_FILE)
  if (text === undefined || context.known === undefined) return readConfig(text)
  return readOnce(context.known.configs, { file: CONFIG_FILE, text }, readConfig)
}

export interface SnapshotOptions {
  readonly config: Config
  /** Which releases of charts are to be rendered; all that may say something about traffic, where nobody says it. */
  readonly isWanted?: (environment: Environment) => boolean
  /** Of which environments routes are read; of all, where nobody says it. */
  readonly chooseRead?: ((environments: readonly Environment[]) => readonly Environment[]) | undefined
}

/** What the files of a commit or tree say, under a config; of charts, what they render to. */
export async function loadSnapshot(
  context: FileSource & ReleaseSource,
  treeish: Sha,
  { config, isWanted = () => true, chooseRead }: SnapshotOptions,
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
  for (;;) {
    const read = await context.mirror.read(treeish, wanted, texts.size === 0 ? keeps : undefined)
    for (const path of wanted) texts.set(path, read.get(path))
    const { snapshot, needs } = readSnapshot({
      entries,
      texts,
      bystanders,
      config,
      repository: context.repo,
      known,
      chooseRead,
    })
    if (needs.length === 0) return withRenderedReleases(context, { treeish, snapshot }, isWanted)
    wanted = needs
  }
}

/** A target as another commit or tree has it, from its own files only; undefined where its route is not there. */
export async function readTargetAt(
  context: FileSource & ReleaseSource,
  treeish: Sha,
  target: Target,
): Promise<Target | undefined> {
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

/** The same of a target that a chart makes: rendered as it was then. */
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

/** The same of a target that charts bring to another build, from the files that make it today. */
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

/** What releases are rendered with. */
interface ReleaseSource {
  readonly renderer: Pick<Renderer, 'render'>
}

/** Renders one release from the texts of its files. */
async function renderRelease(
  { renderer }: ReleaseSource,
  { release, copies }: Pick<EnvironmentRelease, 'release' | 'copies'>,
  texts: ReadonlyMap<string, string>,
): Promise<RenderResult> {
  const build = releaseBuild(release, copies, texts)
  const { files, postRenderers, ...source } = build
  let rendered = await renderer.render(files, { kind: 'helm', ...source })
  const unknown = rendered.ok || rendered.code !== 'build-failed' ? undefined : unknownParameter(build, release, texts)
  if (unknown !== undefined) return { ok: false, code: 'values-unknown', detail: unknown }
  for (const kustomization of postRenderers) {
    if (!rendered.ok) return rendered
    const own = new Map([
      [POST_RENDERED, rendered.yaml],
      ['kustomization.yaml', JSON.stringify(kustomization)],
    ])
    rendered = await renderer.render(own, { kind: 'kustomize', root: '' })
  }
  return rendered
}

/**
 * A snapshot with what the releases of charts render to that may say something about traffic: their files alone do not. Those that
 * cannot be rendered have no routes.
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

/** What comes of a build, and the releases that are left out of it. */
type BuildResult =
  | (Extract<RenderResult, { ok: true }> & { readonly skipped?: readonly SkippedRelease[] })
  | Extract<RenderResult, { ok: false }>

/** Why the release of a HelmRelease is not part of a build: a value that is not here, or what helm says, which may quote a Secret. */
interface SkippedRelease {
  readonly environment: string
  readonly place: Location
  readonly why: { readonly missing: string } | { readonly rendered: RenderFailure }
}

export function skippedProblem(
  { environment, place, why }: SkippedRelease,
  hide: (text: string) => string,
): EnvironmentProblem {
  const { file, line } = place
  const problem =
    'missing' in why
      ? refusalProblem({ code: 'helm-values', file, line, entry: why.missing })
      : renderProblem({ environment, file, line, rendered: { ...why.rendered, detail: hide(why.rendered.detail) } })
  return { ...problem, environments: [environment] }
}

/** What an environment renders to, with what its deployer adds. */
async function buildEnvironment(
  context: ReleaseSource,
  environment: Environment,
  texts: ReadonlyMap<string, string>,
): Promise<BuildResult> {
  const { kind, root, readsAbove, release, charts = [], nested = [] } = environment
  if (kind === 'plain') return { ok: true, yaml: renderPlain(environment.files, texts) }
  if (release !== undefined) return renderRelease(context, release, texts)
  const { files, finish } = buildWithAdditions(environment, texts)
  const isOwn = (chart: string): boolean => !nested.some((one) => one.chart === chart)
  const hasCharts = charts.some(isOwn) ? { hasCharts: true } : {}
  const rendered = await context.renderer.render(files, { kind: 'kustomize', root, readsAbove, ...hasCharts })
  return rendered.ok ? withNested(context, { environment, yaml: finish(rendered.yaml), texts }) : rendered
}

export interface BuildInput {
  readonly environment: Environment
  readonly texts: ReadonlyMap<string, string>
  /** What was read of other renders of the environment: most documents are the same. */
  readonly documents: KnownDocuments
  readonly leavesOut?: LeavesOut | undefined
  /** The kinds that the config says hold secrets. */
  readonly secrets: readonly string[]
}

/** What an environment renders to, read as objects. */
export async function buildObjects(
  context: ReleaseSource,
  { environment, texts, ...reading }: BuildInput,
): Promise<
  | ({ readonly ok: true; readonly skipped: readonly SkippedRelease[] } & PlainRender)
  | Extract<RenderResult, { ok: false }>
> {
  if (environment.kind === 'plain') {
    const { isLoose } = environment
    return { ok: true, ...readPlain(environment.files, texts, { ...reading, isLoose }), skipped: [] }
  }
  const built = await buildEnvironment(context, environment, texts)
  if (!built.ok) return built
  const { yaml, skipped = [] } = built
  // Argo CD applies what helm renders. What kustomize builds is strict already.
  const lenient = environment.release === undefined ? undefined : reading
  return { ok: true, yaml, parsed: parseRendered(yaml, reading.documents, lenient), skipped, leftOut: [] }
}

/** A build with what helm makes of the HelmReleases in it. One that cannot be rendered is left out, and leaves the others as they are. */
async function withNested(
  context: ReleaseSource,
  {
    environment: { name: environment, nested = [] },
    yaml: own,
    texts,
  }: {
    readonly environment: Environment
    readonly yaml: string
    readonly texts: ReadonlyMap<string, string>
  },
): Promise<BuildResult> {
  if (nested.length === 0) return { ok: true, yaml: own }
  const parts = [own]
  const skipped: SkippedRelease[] = []
  for (const { nested: chart, release, missing, texts: all } of nestedReleases(own, nested, texts)) {
    const { copies, place } = chart
    if (missing !== undefined) {
      skipped.push({ environment, place, why: { missing } })
      continue
    }
    const rendered = await renderRelease(context, { release, copies }, all)
    if (rendered.ok) parts.push(inNamespace(rendered.yaml, release.namespace))
    else if (rendered.code === 'build-failed') skipped.push({ environment, place, why: { rendered } })
    else return rendered
  }
  // What a post-renderer leaves begins without a marker.
  const isApart = (part: string, index: number): boolean => index === 0 || part.startsWith('---')
  const yaml = parts.map((part, index) => (isApart(part, index) ? part : `---\n${part}`)).join('\n')
  return { ok: true, yaml, skipped }
}
