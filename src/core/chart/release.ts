/** One release of a chart in this repository, which `helm template` renders. */
import type { Filling } from '../delivery/generators/elements.ts'
import type { Parent } from '../delivery/parent.ts'
import type { Path } from '../manifest/data.ts'
import type { Location } from '../manifest/parse.ts'

export interface ChartRelease {
  /** The chart's folder, '' for the top. */
  readonly chart: string
  /** The name of the release. Undefined for the name of its chart. */
  readonly name: string | undefined
  readonly namespace: string | undefined
  /** Later ones win. The chart's own `values.yaml` comes before them. */
  readonly values: readonly ValuesSource[]
  /** Where single values are set, which take precedence over all others. */
  readonly settings: readonly SettingSource[]
  /** The chart's own `values.yaml` does not count. */
  readonly isWithoutDefaults: boolean
  readonly options: ReleaseOptions
  /** Patches of the output (`postRenderers` of a HelmRelease). */
  readonly postRenderers?: ObjectValue | undefined
}

/** A release, and what deploys it. */
export interface DeployedRelease {
  readonly release: ChartRelease
  /** `Application argocd/web`, `HelmRelease flux-system/web`. */
  readonly title: string
  /** The deployer's own name, and its file. */
  readonly name: string
  readonly file: string
  /** The files that define it: its own, and those that a generator reads. */
  readonly sources: readonly string[]
  /** The release that renders the deployer. Undefined if a file contains it. */
  readonly parent?: Parent | undefined
}

/** Other options for helm from a deployer. */
export interface ReleaseOptions {
  readonly skipsCrds: boolean
  readonly skipsTests: boolean
  readonly skipsSchema: boolean
  /** The version of the cluster, if it is given. */
  readonly kubeVersion: string | undefined
  readonly apiVersions: readonly string[]
}

export const NO_OPTIONS: ReleaseOptions = {
  skipsCrds: false,
  skipsTests: false,
  skipsSchema: false,
  kubeVersion: undefined,
  apiVersions: [],
}

/** Where values come from. */
export type ValuesSource =
  /** A file with values. `isOptional`: it may be missing. */
  | ({ readonly from: 'file'; readonly path: string; readonly isOptional: boolean } & Said)
  /** A value of an object in this repository: values as YAML, or as a string with YAML. */
  | ({ readonly from: 'object'; readonly value: ObjectValue } & Said)
  /** A source outside this repository. `name`: which one. */
  | ({ readonly from: 'elsewhere'; readonly name: string } & Said)

/** Where single values come from. */
export type SettingSource =
  /** A list of names and values (`parameters` of an Application). */
  | { readonly from: 'list'; readonly value: ObjectValue }
  /** One value of an object, and what it sets. */
  | { readonly from: 'object'; readonly name: string; readonly value: ObjectValue }

interface Said {
  /** Where it is named. */
  readonly place: Location
}

/** A value in a file of objects. It is read from the current text of the file when needed, so that edits count. */
export interface ObjectValue {
  readonly file: string
  readonly document: number
  readonly path: Path
  /** The value is base64, as in a Secret's `data`. */
  readonly isEncoded: boolean
  /** The parameters that an ApplicationSet fills in, if it belongs to one. */
  readonly filling?: Filling
  /** The text with the value if a chart renders the object. The file is then its template, and no edit of it changes the value. */
  readonly rendered?: string
}

/** The files that values come from. */
export function valuesFilesOf({ values, settings }: Pick<ChartRelease, 'values' | 'settings'>): readonly string[] {
  const files = [...values, ...settings].flatMap((source) => {
    if (source.from === 'file') return [source.path]
    return 'value' in source ? [source.value.file] : []
  })
  return [...new Set(files)]
}
