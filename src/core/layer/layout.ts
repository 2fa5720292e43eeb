import { cached } from '../cached.ts'
import type { Config } from '../config/schema.ts'
import type { Texts } from '../environment/closure.ts'
import { emptyFileCache, type FileCache, readKustomizationOnce, readOnce } from '../environment/file-cache.ts'
import { type Environment, environmentNamed, inputsOf } from '../environment/environment.ts'
import { TRAFFIC_OBJECT, TRAFFIC_OR_PODS } from '../environment/traffic-text.ts'
import { inFolder, KUSTOMIZATION_NAMES } from '../environment/tree.ts'
import { isRenderedPart, templateOf } from '../chart/rendered-parts.ts'
import type { Path } from '../manifest/data.ts'
import { type Manifest, type ManifestObject, type ManifestProblem, parseManifest } from '../manifest/parse.ts'
import { ok, type Result } from '../result.ts'
import { deployedLayer } from './deployed.ts'
import { type Kustomization, layerOf } from './kustomization.ts'

/**
 * How the files of a commit form its environments. Each part is read once, when it is first needed, even if many environments use
 * it.
 */
export interface Layout {
  readonly environments: readonly Environment[]
  readonly texts: Texts
  /** Which environments use a file. */
  readonly owners: ReadonlyMap<string, readonly string[]>
  /** Files whose texts are still needed. */
  readonly needs: Set<string>
  readonly kustomizations: Map<string, Kustomization | undefined>
  readonly reached: Map<string, ChainsByFile>
  readonly manifests: Map<string, Result<Manifest | undefined, ManifestProblem>>
  /** Cached results for the files, from this or another commit. */
  readonly known: FileCache
  /** Rendered objects whose files are not enough to tell, by environment and place. */
  readonly rendered: ReadonlyMap<string, Readonly<Record<string, unknown>>>
  /** The environments whose routes are read; undefined: all environments. */
  readonly read?: ReadonlySet<string> | undefined
  /** The config that names the environments. Undefined for a part of a commit. */
  readonly config?: Config | undefined
  /** The rendered charts: for each environment the names of the parts. Their texts are in `texts`. */
  readonly releases: ReadonlyMap<string, readonly string[]>
}

/**
 * The kustomizations between each file of a build and its root, the innermost first. There is one chain for each way to reach the
 * file.
 */
type ChainsByFile = ReadonlyMap<string, readonly Chain[]>
export type Chain = readonly Kustomization[]

export function layoutOf(
  environments: readonly Environment[],
  texts: Texts,
  known: FileCache = emptyFileCache(),
): Layout {
  const owners = new Map<string, string[]>()
  for (const environment of environments) {
    const { name } = environment
    for (const file of inputsOf(environment)) {
      const names = owners.get(file)
      if (names === undefined) owners.set(file, [name])
      else names.push(name)
    }
  }
  return { environments, texts, owners, known, rendered: new Map(), releases: new Map(), ...nothingRead() }
}

function nothingRead(): Pick<Layout, 'needs' | 'kustomizations' | 'reached' | 'manifests'> {
  return { needs: new Set(), kustomizations: new Map(), reached: new Map(), manifests: new Map() }
}

/** The parts of a layout that count for the same environments in another commit. */
export function keptOf({ owners, config }: Layout): Pick<Layout, 'owners' | 'config'> {
  return { owners, config }
}

/** The same environments, with some texts replaced. */
export function withTexts(layout: Layout, changed: ReadonlyMap<string, string>): Layout {
  return { ...layout, ...nothingRead(), texts: new Map([...layout.texts, ...changed]) }
}

/** A file with traffic objects, read once. Undefined if it has none. */
export function manifestIn(layout: Layout, file: string): Result<Manifest | undefined, ManifestProblem> {
  const text = layout.texts.get(file)
  if (!layout.texts.has(file)) layout.needs.add(file)
  return text === undefined ? ok(undefined) : cached(layout.manifests, file, () => readManifest(layout, file, text))
}

function readManifest(layout: Layout, file: string, text: string): Result<Manifest | undefined, ManifestProblem> {
  const isPart = isRenderedPart(file)
  if (!(isPart ? TRAFFIC_OR_PODS : TRAFFIC_OBJECT).test(text)) return ok(undefined)
  const read = readOnce(layout.known.manifests, { file, text }, isPart ? readWithPods : readRelevant)
  return isPart && read.ok ? ok(inTemplate(layout, read.value)) : read
}

/** The rendered output of a template, with the lines of the template. */
function inTemplate({ texts }: Layout, manifest: Manifest): Manifest {
  const lines = (texts.get(templateOf(manifest.file)) ?? '').split('\n')
  const lineOf = (words: RegExp): number => Math.max(1, lines.findIndex((line) => words.test(line)) + 1)
  const kindLine = ({ kind }: Pick<ManifestObject, 'kind'>): number => lineOf(new RegExp(`\\bkind:\\s*["']?${kind}\\b`))
  const objects = manifest.objects.map((object) => ({ ...object, line: kindLine(object) }))
  const line = (document: number, path: Path): number => {
    const object = objects.find((one) => one.document === document)
    return path.includes('weight') ? lineOf(/\bweight:/) : (object?.line ?? 1)
  }
  return { ...manifest, objects, line }
}

function readRelevant(text: string, file: string): Result<Manifest, ManifestProblem> {
  return parseManifest(file, text, TRAFFIC_OBJECT)
}

function readWithPods(text: string, file: string): Result<Manifest, ManifestProblem> {
  return parseManifest(file, text, TRAFFIC_OR_PODS)
}

/** The files with the objects of an environment, without patches and kustomizations. */
export function resourcesOf(layout: Layout, environment: string): readonly string[] {
  const found = environmentNamed(layout.environments, environment)
  const parts = layout.releases.get(environment) ?? []
  if (found?.kind === 'helm') return parts
  return found?.kind === 'kustomize' ? [...filesReached(layout, found).keys(), ...parts] : (found?.files ?? [])
}

/** The chains of kustomizations from an environment to a file. If it uses the file directly, there is one empty chain. */
export function chainsTo(layout: Layout, environment: string, file: string): readonly Chain[] {
  const found = environmentNamed(layout.environments, environment)
  if (found?.kind !== 'kustomize') return [[]]
  return filesReached(layout, found).get(file) ?? []
}

/** Whether a file contains the additions of a deployer of these environments. */
export function isOfDeployer({ environments }: Layout, file: string, names: readonly string[]): boolean {
  return environments.some(({ name, deployer }) => names.includes(name) && deployer?.files.includes(file) === true)
}

/** The kustomization in an environment's folder; undefined if there is none. */
export function rootOf(layout: Layout, environment: string): Kustomization | undefined {
  const found = environmentNamed(layout.environments, environment)
  return found?.kind === 'kustomize' ? kustomizationIn(layout, found.root) : undefined
}

/** The namespace of all objects of an environment: that of its root, which is applied last. */
export function environmentNamespace(layout: Layout, environment: string): string | undefined {
  const found = environmentNamed(layout.environments, environment)
  return found?.kind === 'kustomize' ? builtBy(layout, found)?.namespace : undefined
}

/** The root of an environment's build: the kustomization of its folder, with its deployer's additions. */
function builtBy(layout: Layout, environment: Environment): Kustomization | undefined {
  const { deployer, isGenerated, root, name } = environment
  const own = kustomizationIn(layout, root)
  if (deployer === undefined && isGenerated !== true) return own
  return cached(layout.kustomizations, `${root}\0${name}`, () => {
    for (const file of deployer?.files ?? []) if (!layout.texts.has(file)) layout.needs.add(file)
    return deployedLayer(environment, own, layout.texts)
  })
}

function filesReached(layout: Layout, environment: Environment): ChainsByFile {
  const { deployer, isGenerated, root, name } = environment
  if (deployer === undefined && isGenerated !== true) return reachedFrom(layout, root)
  return cached(layout.reached, `${root}\0${name}`, () => built(layout, builtBy(layout, environment)))
}

function reachedFrom(layout: Layout, folder: string): ChainsByFile {
  const known = layout.reached.get(folder)
  if (known !== undefined) return known
  // Stops at a cycle. Another check refuses the environment because of the cycle.
  layout.reached.set(folder, new Map())
  const reached = built(layout, kustomizationIn(layout, folder))
  layout.reached.set(folder, reached)
  return reached
}

function built(layout: Layout, layer: Kustomization | undefined): ChainsByFile {
  return layer === undefined ? new Map() : build(layout, layer, new Map())
}

/** The objects of a kustomization. A component also changes those of the kustomization that uses it. */
function build(layout: Layout, own: Kustomization, above: ChainsByFile): ChainsByFile {
  let found: Map<string, readonly Chain[]> = new Map(above)
  const add = (file: string, chains: readonly Chain[]): void => {
    found.set(file, some([...(found.get(file) ?? []), ...chains]))
  }
  for (const path of own.resources) {
    // A resource file may have any name. The names of an environment's files are known before their texts.
    if (layout.texts.get(path) !== undefined || layout.owners.has(path)) add(path, [[]])
    else if (isFolder(layout, path)) for (const [file, chains] of reachedFrom(layout, path)) add(file, chains)
    else add(path, [[]])
  }
  for (const path of own.components) {
    const component = kustomizationIn(layout, path)
    if (component !== undefined) found = new Map(build(layout, component, found))
  }
  if (isIdle(own)) return found
  return new Map([...found].map(([file, chains]) => [file, chains.map((chain) => [...chain, own])]))
}

/** Two ways are enough to know that there are several. Each level of a diamond would double them. */
const MAX_CHAINS = 8

/** The first chain. After it, chains that change something come before those that do not. */
function some(chains: readonly Chain[]): readonly Chain[] {
  const [first, ...others] = chains
  if (first === undefined || chains.length <= MAX_CHAINS) return chains
  const ordered = others.toSorted((a, b) => Number(hasPatches(b)) - Number(hasPatches(a)))
  return [first, ...ordered.slice(0, MAX_CHAINS - 1)]
}

/** Whether a kustomization of the chain patches objects. */
export function hasPatches(chain: Chain): boolean {
  return chain.some(({ patches }) => patches.length > 0)
}

function isFolder(layout: Layout, path: string): boolean {
  return !/\.(?:ya?ml|json)$/i.test(path) || kustomizationIn(layout, path) !== undefined
}

/** Whether a kustomization changes no names and no values. */
function isIdle(own: Kustomization): boolean {
  const { patches, replacements, annotations, unfollowed, prefix, suffix, namespace, filler } = own
  const more = Object.keys(annotations).length + Object.keys(unfollowed).length
  const changes = patches.length + replacements.length + more
  return changes === 0 && prefix + suffix === '' && namespace === undefined && filler === undefined
}

function readWhole(text: string, file: string): Result<Manifest, ManifestProblem> {
  return parseManifest(file, text)
}

function kustomizationIn(layout: Layout, folder: string): Kustomization | undefined {
  return cached(layout.kustomizations, folder, () => readLayer(layout, folder))
}

function readLayer(layout: Layout, folder: string): Kustomization | undefined {
  const textOf = (path: string): string | undefined => {
    if (!layout.texts.has(path)) layout.needs.add(path)
    return layout.texts.get(path)
  }
  const readPatch = (file: string): Manifest | undefined => {
    const text = textOf(file)
    const patch = text === undefined ? undefined : readOnce(layout.known.patches, { file, text }, readWhole)
    return patch?.ok === true ? patch.value : undefined
  }
  const files = KUSTOMIZATION_NAMES.map((name) => inFolder(folder, name))
  const file = files.find((path) => layout.texts.get(path) !== undefined)
  if (file === undefined) for (const path of files) textOf(path)
  const text = file === undefined ? undefined : layout.texts.get(file)
  if (file === undefined || text === undefined) return undefined
  return layerOf(readKustomizationOnce(layout.known.kustomizations, { file, text }), readPatch)
}
