/** The release that a Flux HelmRelease defines for a chart in this repository. */
import { type ChartRelease, NO_OPTIONS, type SettingSource, type ValuesSource } from '../../chart/release.ts'
import { join } from '../../environment/tree.ts'
import { isRecord, listOf, type Path, recordOf, textOf } from '../../manifest/data.ts'
import type { Location } from '../../manifest/parse.ts'
import { folderOf, isTemplate } from '../delivery-source.ts'
import type { FolderIndex } from '../folder-index.ts'

/** A ConfigMap or Secret with values, from a file or a generator of this repository. */
export interface ValuesHolder {
  readonly kind: string
  readonly name: string
  /** '' if its file names none. */
  readonly namespace: string
  readonly file: string
  readonly document: number
  /** The data of the object by key. With a generator, the files that it puts into the object. */
  readonly data: Readonly<Record<string, unknown>>
  readonly generated: ReadonlyMap<string, string> | undefined
}

export interface FluxRelease {
  readonly file: string
  readonly document: number
  readonly at: Path
  readonly name: string
  readonly namespace: string
  readonly spec: Readonly<Record<string, unknown>>
  readonly line: (path: Path) => number
  readonly holders: FolderIndex<ValuesHolder>
  /** The patches of the object in kustomizations. They have its name. */
  readonly patches: readonly Location[]
}

/** The release of a HelmRelease. Undefined if its chart is not a folder of a repository. */
export function fluxRelease(object: FluxRelease): ChartRelease | undefined {
  const { spec, file, document, at, line } = object
  const chart = recordOf(recordOf(spec['chart'])['spec'])
  const written = textOf(chart['chart'])
  const path = written === undefined ? undefined : folderOf(written)
  if (path === undefined || recordOf(chart['sourceRef'])['kind'] === 'HelmRepository') return undefined
  const placeOf = (own: Path): Location => ({ file, line: line([...at, 'spec', ...own]) })
  const listed = listOf(chart['valuesFiles']).filter((entry) => typeof entry === 'string')
  const files = listed.map((entry, index): ValuesSource => {
    const place = placeOf(['chart', 'spec', 'valuesFiles', index])
    const found = isTemplate(entry) ? undefined : join('', entry)
    if (found === undefined) return { from: 'elsewhere', name: entry, place }
    return { from: 'file', path: found, isOptional: chart['ignoreMissingValuesFiles'] === true, place }
  })
  const from = listOf(spec['valuesFrom']).map((entry, index) =>
    valuesFrom(object, recordOf(entry), placeOf(['valuesFrom', index])),
  )
  const own: readonly ValuesSource[] = isRecord(spec['values'])
    ? [
        {
          from: 'object',
          value: { file, document, path: [...at, 'spec', 'values'], isEncoded: false },
          place: placeOf(['values']),
        },
      ]
    : []
  const target = textOf(spec['targetNamespace'])
  const renderers = listOf(spec['postRenderers'])
  const unread = renderers.every(isByKustomize) ? [] : ['postRenderers']
  const others = [
    ...object.patches.map((place): ValuesSource => ({ from: 'elsewhere', name: place.file, place })),
    ...unread.map((field): ValuesSource => ({ from: 'elsewhere', name: field, place: placeOf([field]) })),
  ]
  return {
    chart: path,
    name: textOf(spec['releaseName']) ?? (target === undefined ? object.name : `${target}-${object.name}`),
    namespace: target ?? (object.namespace === '' ? undefined : object.namespace),
    values: [...files, ...from.flatMap(({ values }) => values), ...own, ...others],
    settings: from.flatMap(({ settings }) => settings),
    isWithoutDefaults: listed.length > 0 && !listed.some((entry) => join('', entry) === join(path, 'values.yaml')),
    options: { ...NO_OPTIONS, skipsTests: true },
    postRenderers: { file, document, path: [...at, 'spec', 'postRenderers'], isEncoded: false },
  }
}

const POST_RENDERER_FIELDS = ['patches', 'patchesStrategicMerge', 'patchesJson6902', 'images']

function isByKustomize(renderer: unknown): boolean {
  const { kustomize, ...others } = recordOf(renderer)
  const isKnown = isRecord(kustomize) && Object.keys(kustomize).every((field) => POST_RENDERER_FIELDS.includes(field))
  return isKnown && Object.keys(others).length === 0
}

interface FoundValues {
  readonly values: readonly ValuesSource[]
  readonly settings: readonly SettingSource[]
}

const NOTHING: FoundValues = { values: [], settings: [] }

function valuesFrom(
  { holders, namespace, file }: FluxRelease,
  entry: Readonly<Record<string, unknown>>,
  place: Location,
): FoundValues {
  const { kind, name } = entry
  const isMeant = (one: ValuesHolder): boolean =>
    one.kind === kind && (one.namespace === namespace || one.namespace === '' || namespace === '')
  const { found } = holders.near(textOf(name) ?? '', file, isMeant)
  const [only, ...others] = found
  if (entry['optional'] === true && only === undefined) return NOTHING
  const values = only === undefined || others.length > 0 ? undefined : valuesIn(only, entry, place)
  return values ?? { values: [{ from: 'elsewhere', name: `${String(kind)} ${String(name)}`, place }], settings: [] }
}

/** The values or setting that a release takes from an object. Undefined if the object does not contain them. */
function valuesIn(
  holder: ValuesHolder,
  entry: Readonly<Record<string, unknown>>,
  place: Location,
): FoundValues | undefined {
  const key = textOf(entry['valuesKey']) ?? 'values.yaml'
  const target = textOf(entry['targetPath'])
  const { kind, file, document, data, generated } = holder
  if (generated !== undefined) {
    const path = generated.get(key)
    if (path === undefined || target !== undefined) return undefined
    return { values: [{ from: 'file', path, isOptional: false, place }], settings: [] }
  }
  const field = ['stringData', 'data'].find((one) => textOf(recordOf(data[one])[key]) !== undefined)
  // Values that sops has encrypted cannot be read.
  if (field === undefined || 'sops' in data) return undefined
  const value = { file, document, path: [field, key], isEncoded: kind === 'Secret' && field === 'data' }
  return target === undefined
    ? { values: [{ from: 'object', value, place }], settings: [] }
    : { values: [], settings: [{ from: 'object', name: target, value }] }
}
