/** Builds environments with kustomize, with helm, or from plain files, and with their deployers' additions. */
import { inNamespace, nestedReleases } from '../../core/chart/nested-releases.ts'
import { POST_RENDERED, releaseBuild, unknownParameter } from '../../core/chart/release-build.ts'
import type { EnvironmentRelease } from '../../core/environment/released.ts'
import type { KnownDocuments } from '../../core/diff/reading/piece.ts'
import { type LeavesOut, type PlainRender, readPlain } from '../../core/diff/reading/plain-files.ts'
import { parseRendered } from '../../core/diff/objects.ts'
import { buildWithAdditions } from '../../core/environment/deployed-build.ts'
import { renderPlain } from '../../core/environment/plain.ts'
import type { Location } from '../../core/manifest/parse.ts'
import { refusalProblem, renderProblem } from '../../core/problem/files.ts'
import type { RenderFailure } from '../../core/problem/problem.ts'
import { type Environment, namespaceOf } from '../../core/environment/environment.ts'
import type { EnvironmentProblem } from '../../core/rollout/snapshot/unreadable-files.ts'
import type { Renderer, RenderResult } from '../../ports/renderer.ts'

/** The tools that render releases. */
export interface ReleaseSource {
  readonly renderer: Pick<Renderer, 'render'>
}

/** Renders one release from the texts of its files. */
export async function renderRelease(
  { renderer }: ReleaseSource,
  { release, copies, parent }: Pick<EnvironmentRelease, 'release' | 'copies' | 'parent'>,
  texts: ReadonlyMap<string, string>,
): Promise<RenderResult> {
  const build = releaseBuild(release, copies, texts)
  const { files, postRenderers, ...source } = build
  let rendered = await renderer.render(files, { kind: 'helm', ...source })
  const unknown = rendered.ok || rendered.code !== 'build-failed' ? undefined : unknownParameter(build, release, texts)
  if (unknown !== undefined) return { ok: false, code: 'values-unknown', detail: unknown }
  if (!rendered.ok && rendered.code === 'build-failed' && parent?.isGuessed === true)
    return { ...rendered, code: 'values-by-hand' }
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

/** The result of a build, and the releases that are left out of it. */
type BuildResult =
  | (Extract<RenderResult, { ok: true }> & { readonly skipped?: readonly SkippedRelease[] })
  | Extract<RenderResult, { ok: false }>

/**
 * Why the release of a HelmRelease is not part of a build: a missing value, or helm's error message, which may quote a Secret.
 */
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

/** The rendered output of an environment, with its deployer's additions. */
export async function buildEnvironment(
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
  /** Parsed documents from other renders of the environment, which mostly contain the same documents. */
  readonly documents?: KnownDocuments
  readonly leavesOut?: LeavesOut | undefined
  /** The kinds that contain secrets, according to the config. */
  readonly secrets: readonly string[]
}

/** The rendered output of an environment, parsed as objects. */
export async function buildObjects(
  context: ReleaseSource,
  { environment, texts, documents = new Map(), ...rest }: BuildInput,
): Promise<
  | ({ readonly ok: true; readonly skipped: readonly SkippedRelease[] } & PlainRender)
  | Extract<RenderResult, { ok: false }>
> {
  const namespace = namespaceOf(environment)
  const reading = { ...rest, documents, namespace }
  if (environment.kind === 'plain') {
    const { isLoose } = environment
    return { ok: true, ...readPlain(environment.files, texts, { ...reading, isLoose }), skipped: [] }
  }
  const built = await buildEnvironment(context, environment, texts)
  if (!built.ok) return built
  const { yaml, skipped = [] } = built
  // Argo CD applies what helm renders. The output of kustomize is already strict.
  const lenient = environment.release === undefined ? undefined : reading
  return { ok: true, yaml, parsed: parseRendered(yaml, documents, { lenient, namespace }), skipped, leftOut: [] }
}

/** Adds the rendered HelmReleases to a build. One that cannot be rendered is left out, and does not affect the others. */
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
  // The output of a post-renderer begins without a document marker.
  return { ok: true, yaml: parts.join('\n---\n'), skipped }
}
