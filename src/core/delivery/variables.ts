/** The values that a Flux Kustomization substitutes after the build (`postBuild`), if the repository contains them. */
import type { ManifestObject } from '../manifest/parse.ts'
import { listOf, type Path, recordOf, textOf, sameData } from '../manifest/data.ts'
import { splitPieces } from '../manifest/pieces.ts'
import { titleOf } from '../manifest/identity.ts'
import { buildOf } from '../chart/rendered-parts.ts'
import { CONFIG_MAPS, DEPLOYERS } from './documents.ts'
import type { FolderIndex } from './folder-index.ts'
import { substituteText, type VariableLookup } from './substitute.ts'

export interface Variables {
  readonly known: ReadonlyMap<string, string>
  /** There are no other variables, so an unknown one has no value. */
  readonly isWhole: boolean
  /** The places of the values. */
  readonly places: ReadonlyMap<string, VariablePlace>
}

export interface VariablePlace {
  readonly file: string
  /** The index among the documents that match `wanted`. */
  readonly document: number
  readonly wanted: RegExp
  readonly path: Path
}

export interface VariableScene {
  /** ConfigMaps by name. */
  readonly maps: FolderIndex<ManifestObject>
  /** Kustomizations by title. */
  readonly kustomizations: FolderIndex<ManifestObject>
}

/**
 * The variables of a Kustomization, and the files that contain them. Those of a Secret are unknown, because a render must not
 * show them.
 */
export function variablesOf(
  object: ManifestObject,
  scene: VariableScene,
): { readonly variables: Variables | undefined; readonly files: readonly string[] } {
  const spec = recordOf(object.data['spec'])
  const postBuild = recordOf(spec['postBuild'])
  const sources = listOf(postBuild['substituteFrom']).map(recordOf)
  const found: FoundVariables = { known: new Map(), places: new Map() }
  const files: string[] = []
  let isWhole = REQUIRED.some((field) => spec[field] !== undefined)
  for (const source of sources) {
    const maps = source['kind'] === 'ConfigMap' ? settingsFor(object, textOf(source['name']) ?? '', scene) : undefined
    const [map] = maps ?? []
    if (maps === undefined || map === undefined) {
      // This source may override any earlier value.
      found.known.clear()
      isWhole = false
      continue
    }
    files.push(...maps.map(({ file }) => file))
    // With several ConfigMaps, it is unknown which one is used.
    setAll(found, recordOf(map.data['data']), maps.length > 1 ? undefined : placeIn(map, ['data'], CONFIG_MAPS))
  }
  setAll(found, recordOf(postBuild['substitute']), placeIn(object, ['spec', 'postBuild', 'substitute'], DEPLOYERS))
  return { variables: found.known.size === 0 && isWhole ? undefined : { ...found, isWhole }, files }
}

/**
 * Fields that the API server requires. An object without any of them is a patch of another one, which may have more variables.
 */
const REQUIRED = ['interval', 'prune', 'sourceRef']

interface FoundVariables {
  readonly known: Map<string, string>
  readonly places: Map<string, VariablePlace>
}

function placeIn({ file, document, at }: ManifestObject, path: Path, wanted: RegExp): VariablePlace {
  return { file, document, wanted, path: [...at, ...path] }
}

function setAll(
  { known, places }: FoundVariables,
  values: Readonly<Record<string, unknown>>,
  place: VariablePlace | undefined,
): void {
  for (const [name, value] of Object.entries(values)) {
    known.set(name, String(value).replaceAll('\n', ''))
    if (place === undefined) places.delete(name)
    else places.set(name, { ...place, path: [...place.path, name] })
  }
}

/**
 * The ConfigMaps with a name that a Kustomization reads. One in the same build counts before others. Several count only if their data
 * is equal. A fleet has one for each cluster: the one of the same cluster is in the nearest folder, and no other Kustomization with the
 * same title is nearer to it. Undefined if there is none.
 */
function settingsFor(
  object: ManifestObject,
  name: string,
  { maps, kustomizations }: VariableScene,
): readonly ManifestObject[] | undefined {
  const isNamed = ({ namespace }: ManifestObject): boolean => mayBeIn(namespace, object.namespace)
  const build = buildOf(object.file)
  const built =
    build === undefined ? [] : maps.near(name, object.file, (one) => isNamed(one) && buildOf(one.file) === build).found
  if (built.length > 0) return built
  const { found, depth } = maps.near(name, object.file, (one) => isNamed(one) && buildOf(one.file) === undefined)
  const [first, ...others] = found
  if (first === undefined) return undefined
  const isOfAnother = kustomizations.near(titleOf(object), first.file).depth > depth
  const isOne = others.every(({ data }) => sameData(data['data'], first.data['data']))
  return !isOne || isOfAnother ? undefined : found
}

/** Whether two objects may be in the same namespace. A kustomization may set any namespace for one that names none. */
function mayBeIn(a: string, b: string): boolean {
  return a === '' || b === '' || a === b
}

export function lookupIn({ known, isWhole }: Variables): VariableLookup {
  return (name) => known.get(name) ?? (isWhole ? '' : undefined)
}

/** In characters, like the limit of a render. */
const MAX_LENGTH = 20 * 1024 * 1024

/** Stops replacing after a total length, because a long value in many places would fill the memory. */
function bounded(lookup: VariableLookup): VariableLookup {
  let left = MAX_LENGTH
  return (name) => {
    const value = lookup(name)
    left -= (value ?? '').length
    return left < 0 ? undefined : value
  }
}

const DISABLED = /^ {4}kustomize\.toolkit\.fluxcd\.io\/substitute: ["']?disabled["']?$/m

/** The output of kustomize with the variables of each object replaced, like Flux does. Unknown variables stay. */
export function withVariables(yaml: string, variables: Variables): string {
  const lookup = bounded(lookupIn(variables))
  return splitPieces(yaml)
    .map(({ text }) => (!text.includes('$') || DISABLED.test(text) ? text : (substituteText(text, lookup) ?? text)))
    .join('')
}
