/** The release that an Argo CD Application defines for a chart in this repository. */
import {
  type ChartRelease,
  NO_OPTIONS,
  type ObjectValue,
  type SettingSource,
  type ValuesSource,
} from '../../chart/release.ts'
import { isRecord, listOf, type Path, recordOf, textOf } from '../../manifest/data.ts'
import type { Location } from '../../manifest/parse.ts'
import { join } from '../../environment/tree.ts'
import { folderOf, isTemplate } from '../delivery-source.ts'
import { overridden, type SourceOverride } from './source-override.ts'

type Data = Readonly<Record<string, unknown>>

/** One source of an Application, and the facts about the Application that it depends on. */
export interface ArgoSource {
  readonly application: {
    readonly file: string
    readonly document: number
    readonly name: string
    /** The namespace for objects without one. */
    readonly namespace: string | undefined
    readonly line: (path: Path) => number
    /** The file is a template of a chart, so `{{ … }}` in it stands for something that only helm knows. */
    readonly isTemplated: boolean
  }
  readonly source: Data
  readonly overrides: readonly SourceOverride[]
  /** The path of the source in its document. */
  readonly at: Path
  /** The names (`ref`) of the sources that are this repository. */
  readonly refs: ReadonlySet<string>
  /** The parameters from an ApplicationSet. */
  readonly filling?: ObjectValue['filling']
}

/** The release for one source of an Application whose path is a chart. */
export function argoRelease(from: ArgoSource): ChartRelease {
  const { application, at, refs } = from
  const source = overridden(from.source, from.overrides)
  const helm = recordOf(source['helm'])
  const chart = folderOf(textOf(source['path']) ?? '') ?? ''
  const { file, line } = application
  const placeOf = (path: Path): Location => ({ file, line: line(path) })
  const own = [...at, 'helm']
  const isOptional = helm['ignoreMissingValueFiles'] === true
  const files = listOf(helm['valueFiles']).map((entry, index): ValuesSource => {
    const place = placeOf([...own, 'valueFiles', index])
    const path = typeof entry === 'string' ? valuesPath(entry, { chart, refs }) : undefined
    if (path === undefined) return { from: 'elsewhere', name: entryText(entry), place }
    return { from: 'file', path, isOptional, place }
  })
  const key = isFilled(helm['valuesObject']) ? 'valuesObject' : 'values'
  const inline = valuesAt(key, from).map((value): ValuesSource => {
    const place = value.file === file ? placeOf(value.path) : { file: value.file, line: 1 }
    return { from: 'object', value, place }
  })
  const settings = valuesAt('parameters', from).map((value): SettingSource => ({ from: 'list', value }))
  const filledIn = (keys: readonly string[]): readonly ValuesSource[] =>
    keys.flatMap((field) => {
      const name = tagIn(helm[field])
      return name === undefined ? [] : [{ from: 'elsewhere', name, place: placeOf([...own, field]) }]
    })
  const unread = ['fileParameters'].filter((field) => isFilled(helm[field]))
  return {
    chart,
    name: textOf(helm['releaseName']) ?? application.name,
    namespace: textOf(helm['namespace']) ?? application.namespace,
    values: [
      ...files,
      ...inline,
      ...(application.isTemplated ? filledIn([key, 'parameters']) : []),
      ...unread.map((name): ValuesSource => ({ from: 'elsewhere', name, place: placeOf([...own, name]) })),
    ],
    settings,
    isWithoutDefaults: false,
    options: {
      ...NO_OPTIONS,
      skipsCrds: helm['skipCrds'] === true,
      skipsTests: helm['skipTests'] === true,
      skipsSchema: helm['skipSchemaValidation'] === true,
      kubeVersion: textOf(helm['kubeVersion']),
      apiVersions: listOf(helm['apiVersions']).filter((one) => typeof one === 'string'),
    },
  }
}

/**
 * Where a field of `helm` is set: in the Application, and in its overrides. Argo CD merges maps, so all of them count, and only the
 * last value of any other field.
 */
function valuesAt(key: string, { application, source, overrides, at, filling }: ArgoSource): readonly ObjectValue[] {
  if (!isFilled(recordOf(overridden(source, overrides)['helm'])[key])) return []
  const { file, document } = application
  const inFilling = filling === undefined ? {} : { filling }
  const own: ObjectValue = { file, document, path: [...at, 'helm', key], isEncoded: false, ...inFilling }
  const places = [
    { data: source, value: own },
    ...overrides.map((one) => {
      const value: ObjectValue = { file: one.file, document: 0, path: ['helm', key], isEncoded: false }
      return { data: one.data, value }
    }),
  ].filter(({ data }) => Object.hasOwn(recordOf(data['helm']), key))
  const isMerged = places.every(({ data }) => isRecord(recordOf(data['helm'])[key]))
  return (isMerged ? places : places.slice(-1)).map(({ value }) => value)
}

/**
 * The path of a values file, which is relative to the chart, to the top of the repository (`/values/a.yaml`), or to a named
 * source (`$values/a.yaml`). Undefined if it is unknown.
 */
function valuesPath(
  entry: string,
  { chart, refs }: { readonly chart: string; readonly refs: ReadonlySet<string> },
): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(entry)) return undefined
  const [, ref = '', rest = ''] = /^\$([^/]+)(\/.*)$/.exec(entry) ?? []
  const path = refs.has(ref) ? rest : entry
  // Argo CD replaces its own variables, such as `$ARGOCD_APP_NAME`.
  if (isTemplate(path) || path.includes('$')) return undefined
  return join(path.startsWith('/') ? '' : chart, path)
}

/** `{{ .Values.file }}` without quotes is valid YAML: a mapping with a mapping as a key. */
function entryText(entry: unknown): string {
  const [key = ''] = Object.keys(recordOf(entry))
  const tag = /\{"(.*)":/.exec(key)?.[1]
  return tag === undefined ? String(entry) : `{{ ${tag.replaceAll('\\"', '"')} }}`
}

/** The first `{{ … }}` in a value. */
function tagIn(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? '')
  return /\{\{.*?\}\}/s.exec(text)?.[0]
}

function isFilled(value: unknown): boolean {
  return isRecord(value) ? Object.keys(value).length > 0 : Array.isArray(value) ? value.length > 0 : Boolean(value)
}
