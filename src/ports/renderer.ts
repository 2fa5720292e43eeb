import type { ReleaseBuild } from '../core/chart/release-build.ts'
import type { RenderFailure } from '../core/problem/problem.ts'

/** The outcome of rendering one environment. */
export type RenderResult = { readonly ok: true; readonly yaml: string } | ({ readonly ok: false } & RenderFailure)

/** How an environment is built from its files, by kind of builder. */
export type BuildSource = KustomizeBuild | HelmBuild

/** A kustomize root. */
export interface KustomizeBuild {
  readonly kind: 'kustomize'
  /** The folder, '' for the top. */
  readonly root: string
  /**
   * Files outside of the root may be read too (`--load-restrictor LoadRestrictionsNone`), as Flux has it. Kustomize by itself
   * refuses them.
   */
  readonly readsAbove?: boolean
  /** Charts of the repository are a part of it, which helm renders (`--enable-helm`). */
  readonly hasCharts?: boolean
}

/** A release of a chart. */
export interface HelmBuild extends Omit<ReleaseBuild, 'files' | 'postRenderers'> {
  readonly kind: 'helm'
}

/** Renders environments as their deployers do. */
export interface Renderer {
  /** Builds from exactly these files: path in the repository → text. */
  render(files: ReadonlyMap<string, string>, source: BuildSource): Promise<RenderResult>
  /** Name and version of kustomize, e.g. `kustomize v5.5.0`, or of helm; undefined where there is none. */
  tool(kind?: BuildSource['kind']): Promise<string | undefined>
}
