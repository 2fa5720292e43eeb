import type { ReleaseBuild } from '../core/chart/release-build.ts'
import type { RenderFailure } from '../core/problem/problem.ts'

/** The outcome of rendering one environment. */
export type RenderResult = { readonly ok: true; readonly yaml: string } | ({ readonly ok: false } & RenderFailure)

/** How to build an environment from its files, by the kind of tool. */
export type BuildSource = KustomizeBuild | HelmBuild

/** A kustomize root. */
export interface KustomizeBuild {
  readonly kind: 'kustomize'
  /** The folder; '' for the top of the repository. */
  readonly root: string
  /**
   * Files outside of the root may be read too (`--load-restrictor LoadRestrictionsNone`), as Flux allows. Kustomize refuses them
   * by default.
   */
  readonly readsAbove?: boolean
  /** The build contains charts from the repository, which helm renders (`--enable-helm`). */
  readonly hasCharts?: boolean
}

/** A release of a chart. */
export interface HelmBuild extends Omit<ReleaseBuild, 'files' | 'postRenderers'> {
  readonly kind: 'helm'
}

/** Renders environments the way that their deployers do. */
export interface Renderer {
  /** Builds from exactly these files: path in the repository → text. */
  render(files: ReadonlyMap<string, string>, source: BuildSource): Promise<RenderResult>
  /** Name and version of kustomize (e.g. `kustomize v5.5.0`) or of helm; undefined if it is not installed. */
  tool(kind?: BuildSource['kind']): Promise<string | undefined>
}
