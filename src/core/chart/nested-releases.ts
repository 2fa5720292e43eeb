/** The releases of charts of this repository in a kustomize build, as kustomize renders them. */
import { folderIndex } from '../delivery/folder-index.ts'
import { fluxRelease, type ValuesHolder } from '../delivery/flux/flux-release.ts'
import { recordOf } from '../manifest/data.ts'
import { deployedTo } from '../manifest/identity.ts'
import { editManifest, type SetValue } from '../manifest/edit/edit.ts'
import type { Location, ManifestObject } from '../manifest/parse.ts'
import { parseManifest } from '../manifest/parse.ts'
import type { ChartRelease } from './release.ts'
import { VALUES_OBJECT } from './release-build.ts'
import type { ChartCopy } from './release-files.ts'

/** A chart that the HelmReleases of an environment may use. */
export interface NestedChart {
  readonly chart: string
  readonly copies: readonly ChartCopy[]
  /** The HelmRelease in the files. */
  readonly name: string
  readonly place: Location
}

/** A release, and the texts from which it is rendered. */
export interface NestedRelease {
  readonly nested: NestedChart
  readonly release: ChartRelease
  readonly texts: ReadonlyMap<string, string>
  /** Something that its values depend on, but that is not in this repository. */
  readonly missing: string | undefined
}

/** No path of a file contains this character. */
const RENDERED = '\0rendered'

/** The releases in a render whose charts are known. */
export function nestedReleases(
  yaml: string,
  charts: readonly NestedChart[],
  texts: ReadonlyMap<string, string>,
): readonly NestedRelease[] {
  const manifest = parseManifest(RENDERED, yaml, VALUES_OBJECT)
  if (!manifest.ok) return []
  const { objects } = manifest.value
  const holders = folderIndex(objects.flatMap(holderOf), ({ name }) => name)
  const known = new Map([...texts, [RENDERED, yaml]])
  return objects.flatMap((object): NestedRelease[] => {
    if (object.kind !== 'HelmRelease' || !object.apiVersion.startsWith('helm.toolkit.fluxcd.io/')) return []
    const { document, at, name, namespace, data } = object
    const spec = recordOf(data['spec'])
    const line = (): number => object.line
    const release = fluxRelease({ file: RENDERED, document, at, name, namespace, spec, line, holders, patches: [] })
    const nested = chartOf(
      name,
      charts.filter(({ chart }) => chart === release?.chart),
    )
    return release === undefined || nested === undefined
      ? []
      : [{ nested, release, texts: known, missing: missingIn(release, texts) }]
  })
}

/** The chart of a rendered HelmRelease. A prefix may have changed its name, and `web` is also a part of `web-admin`. */
function chartOf(name: string, same: readonly NestedChart[]): NestedChart | undefined {
  const fitting = same.filter((one) => name.includes(one.name)).toSorted((a, b) => b.name.length - a.name.length)
  return fitting[0] ?? same[0]
}

function holderOf({ kind, name, namespace, file, document, data }: ManifestObject): readonly ValuesHolder[] {
  if (kind !== 'ConfigMap' && kind !== 'Secret') return []
  return [{ kind, name, namespace, file, document, data, generated: undefined }]
}

function missingIn({ values }: ChartRelease, texts: ReadonlyMap<string, string>): string | undefined {
  for (const source of values) {
    if (source.from === 'elsewhere') return source.name
    if (source.from === 'file' && !source.isOptional && !texts.has(source.path)) return source.path
  }
  return undefined
}

/** The output of helm, with the namespace of its release added to objects that have none. */
export function inNamespace(yaml: string, namespace: string | undefined): string {
  const manifest = namespace === undefined ? undefined : parseManifest('', yaml)
  if (manifest?.ok !== true) return yaml
  const edits = manifest.value.objects
    .filter((object) => deployedTo(namespace, object) !== object)
    .map(({ document, at }): SetValue => {
      return { kind: 'set', document, path: [...at, 'metadata', 'namespace'], value: namespace }
    })
  const edited = editManifest(manifest.value, edits)
  return edited.ok ? edited.value : yaml
}
