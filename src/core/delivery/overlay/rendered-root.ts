/**
 * Deployers in a kustomize build that changes them: an "app of apps" with a base and overlays, or a Flux Kustomization that patches
 * others. Only the build shows what they deploy, so it is read in place of the written objects.
 */
import { VALUES_OBJECT } from '../../chart/release-build.ts'
import { partName } from '../../chart/rendered-parts.ts'
import { type Environment, inputsOf } from '../../environment/environment.ts'
import { objectOf } from '../../environment/traffic-text.ts'
import { isKustomization } from '../../environment/tree.ts'
import { type Layout, resourcesOf } from '../../layer/layout.ts'
import { type ManifestObject, parseManifest } from '../../manifest/parse.ts'
import { splitPieces } from '../../manifest/pieces.ts'
import { CONFIG_MAPS, DEPLOYERS, documentsIn } from '../documents.ts'
import type { Delivery } from '../delivery.ts'
import type { RenderedPart, WrittenDeployer } from '../rendered-deployers.ts'
import { clusterMaps, mapIndex, mapNames } from './cluster-maps.ts'
import { addsToDeployers, changesDeployers } from './changed-deployers.ts'

/** The deployers of one tool that a file may contain. */
interface DeployerKinds {
  readonly kinds: ReadonlySet<string>
  readonly pattern: RegExp
  /** The documents that count for the index of an object. */
  readonly wanted: RegExp
}

const TOOLS: readonly DeployerKinds[] = [
  {
    kinds: new Set(['Application', 'ApplicationSet']),
    pattern: /\bkind["']?\s*:\s*["']?Application(?:Set)?\b/,
    wanted: VALUES_OBJECT,
  },
  // HelmReleases are read from the render of their own environment.
  {
    kinds: new Set(['Kustomization', 'GitRepository', 'OCIRepository', 'Bucket']),
    pattern: /^apiVersion:\s*["']?kustomize\.toolkit\.fluxcd\.io\//m,
    wanted: DEPLOYERS,
  },
]

/** A build whose deployers are read as they are rendered. */
export interface DeployerRoot {
  /** Distinguishes it from other builds with the same files. */
  readonly name: string
  readonly environment: Environment
  /** Its resources with deployers. */
  readonly holders: ReadonlyMap<string, readonly ManifestObject[]>
  /** The files that are not read as they are written: its resources, and its patches for them. */
  readonly replaced: readonly string[]
  /** Files with ConfigMaps outside of the build, from which its deployers take variables. */
  readonly maps: readonly string[]
}

type BuiltDeployers = Pick<DeployerRoot, 'environment' | 'holders' | 'replaced'>

/** The builds that change deployers, and the others that contain the same files. A build is one for each cluster with other variables. */
export function deployerRoots(layout: Layout, deliveries: readonly Delivery[]): readonly DeployerRoot[] {
  const { environments, texts } = layout
  const found = environments.flatMap((environment) => builtDeployers(layout, environment) ?? [])
  const maps = mapIndex(new Set(found.flatMap(({ holders }) => mapNames([...holders.values()].flat()))), texts)
  const users = Map.groupBy(
    found.flatMap(({ holders }) => [...holders.keys()]),
    (file) => file,
  )
  const isShared = (file: string): boolean => (users.get(file) ?? []).length > 1
  const roots = found.map((built) => {
    const { environment, holders } = built
    const brings = bringsVariables(built, texts, isShared)
    const clusters = brings ? [] : clusterMaps({ environment, written: [...holders.values()].flat() }, maps, deliveries)
    return { built, clusters, isChanging: brings || clusters.length > 0 || changes(built, texts) }
  })
  const changed = new Set(roots.flatMap(({ built, isChanging }) => (isChanging ? [...built.holders.keys()] : [])))
  return roots.flatMap(({ built, clusters }) => {
    const { name } = built.environment
    if (![...built.holders.keys()].some((file) => changed.has(file))) return []
    if (clusters.length === 0) return [{ ...built, name, maps: [] }]
    return clusters.map(({ label, files }) => ({ ...built, name: clusters.length === 1 ? name : label, maps: files }))
  })
}

/** Whether the kustomizations of a build, or its deployer, change deployers in it. */
function changes({ environment, holders }: BuiltDeployers, texts: Layout['texts']): boolean {
  const { files, deployer } = environment
  const written = [...holders.keys()].flatMap((file) => texts.get(file) ?? [])
  return (
    files.some((file) => isKustomization(file) && changesDeployers(file, texts)) || addsToDeployers(deployer, written)
  )
}

/**
 * Whether a build brings variables for its Kustomizations that their files alone do not show: from a generated ConfigMap, or from its
 * own ConfigMap for Kustomizations that other builds contain too.
 */
function bringsVariables(
  { environment, holders }: BuiltDeployers,
  texts: Layout['texts'],
  isShared: (file: string) => boolean,
): boolean {
  const names = mapNames([...holders.values()].flat())
  if (names.length === 0) return false
  const isAnyShared = [...holders.keys()].some(isShared)
  return environment.files.some((file) => {
    const text = holders.has(file) ? undefined : texts.get(file)
    const isSource = isKustomization(file)
      ? text?.includes('configMapGenerator')
      : isAnyShared && text?.includes('ConfigMap')
    return isSource === true && names.some((name) => text?.includes(name))
  })
}

function builtDeployers(layout: Layout, environment: Environment): BuiltDeployers | undefined {
  const { kind, isLoose, refusals, files, name } = environment
  if (kind === 'helm' || isLoose || refusals.length > 0) return undefined
  const found = files.flatMap((file) => {
    const objects = deployersIn(file, layout.texts.get(file))
    return objects.length === 0 ? [] : [[file, objects] as const]
  })
  if (found.length === 0) return undefined
  const resources = new Set(resourcesOf(layout, name))
  const holders = new Map(found.filter(([file]) => resources.has(file)))
  return holders.size === 0 ? undefined : { environment, holders, replaced: found.map(([file]) => file) }
}

/** A source of variables or of values. Deployers name such objects too, but not at the start of a line. */
const HOLDER = /^kind:\s*["']?(?:ConfigMap|Secret)\b/m

/** The deployers of a file that has nothing else. In a file with other objects, they are read as they are written. */
function deployersIn(file: string, text: string | undefined): readonly ManifestObject[] {
  if (text === undefined || isKustomization(file)) return []
  const tool = TOOLS.find(({ pattern }) => pattern.test(text))
  if (tool === undefined || HOLDER.test(text)) return []
  const objects = documentsIn(file, text, tool.wanted)?.objects ?? []
  return objects.every(({ kind }) => tool.kinds.has(kind)) ? objects : []
}

interface RenderedDeployer extends WrittenDeployer {
  readonly text: string
}

/** The deployers of a rendered build, as parts of the files that contain them. */
export function deployerParts(
  { name, environment, holders, maps }: DeployerRoot,
  yaml: string,
  texts: Layout['texts'],
): ReadonlyMap<string, RenderedPart> {
  const all = [...holders.values()].flat()
  const inputs = [...new Set([...inputsOf(environment), ...maps])]
  const parentFor = (file: string): RenderedPart['parent'] => {
    return { name, files: inputs.filter((one) => one === file || !holders.has(one)), charts: [] }
  }
  const parts = [...Map.groupBy(renderedDeployers(yaml, all), ({ own }) => own.file)].map(([file, written]) => {
    return [partName(file, name), { text: joined(written), parent: parentFor(file), written }] as const
  })
  const names = mapNames(all)
  const variables = [yaml, ...maps.map((file) => texts.get(file) ?? '')].flatMap((text) => mapsIn(text, names))
  const [[file] = ['']] = holders
  const own =
    variables.length === 0
      ? []
      : [[partName(partName(file, name), 'maps'), { text: joined(variables), parent: parentFor(file) }] as const]
  return new Map([...parts, ...own])
}

/** The documents with ConfigMaps of these names. */
function mapsIn(text: string, names: readonly string[]): readonly Pick<RenderedDeployer, 'text'>[] {
  if (names.length === 0) return []
  return splitPieces(text).filter(
    (piece) => CONFIG_MAPS.test(piece.text) && names.some((name) => piece.text.includes(name)),
  )
}

function joined(pieces: readonly Pick<RenderedDeployer, 'text'>[]): string {
  return pieces.map(({ text }) => `${text.startsWith('---') ? '' : '---\n'}${text}`).join('')
}

function renderedDeployers(yaml: string, written: readonly ManifestObject[]): readonly RenderedDeployer[] {
  const kinds = new Set(written.map(({ kind }) => kind))
  const wanted = objectOf([...kinds])
  const rendered = splitPieces(yaml).flatMap(({ text }) => {
    const manifest = wanted.test(text) ? parseManifest('', text) : undefined
    const object = manifest?.ok === true ? manifest.value.objects[0] : undefined
    return object === undefined || !kinds.has(object.kind) ? [] : [{ text, object, named: namedLike(object, written) }]
  })
  const known = new Set(rendered.map(({ named }) => named))
  return rendered.flatMap(({ text, object: { data, kind }, named }) => {
    const same = written.filter((one) => one.kind === kind)
    const own = named ?? same.find((one) => !known.has(one)) ?? same[0]
    return own === undefined ? [] : [{ text, data, own }]
  })
}

/** The object in a file, to whose name the build may have added a prefix or suffix. The most similar name counts. */
function namedLike({ kind, name }: ManifestObject, written: readonly ManifestObject[]): ManifestObject | undefined {
  const alike = written.filter((one) => one.kind === kind && name.includes(one.name))
  return alike.toSorted((a, b) => b.name.length - a.name.length)[0]
}
