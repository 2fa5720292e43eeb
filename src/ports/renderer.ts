/** The outcome of rendering one environment. */
export type RenderResult =
  | { readonly ok: true; readonly yaml: string }
  | {
      readonly ok: false
      readonly code: 'tool-missing' | 'tool-busy' | 'build-failed' | 'timed-out' | 'too-large' | 'out-of-memory'
      /** What the tool said, with no path of this machine in it; empty when it said nothing. */
      readonly detail: string
    }

export interface BuildOptions {
  /**
   * Files outside of the root may be read too (`--load-restrictor LoadRestrictionsNone`), as Flux has it. Kustomize by itself
   * refuses them.
   */
  readonly readsAbove?: boolean
}

/** Renders kustomize roots. */
export interface Renderer {
  /** Builds the root (a folder path, '' for the top) from exactly these files: path in the repository → text. */
  render(files: ReadonlyMap<string, string>, root: string, options?: BuildOptions): Promise<RenderResult>
  /** Name and version of the tool, e.g. `kustomize v5.5.0`; undefined where there is none. */
  tool(): Promise<string | undefined>
}
