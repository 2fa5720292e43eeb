/** Finds the environments of a commit, and the files of each. */
import { type Closure, type Survey, type Texts, closureOf, foldersUsedBy, kustomizationAt } from './closure.ts'
import { brokenOverrides } from '../delivery/argo/source-override.ts'
import { type DirectoryOptions, takesFile } from '../delivery/directory.ts'
import { mergedReleases, withCharts } from '../chart/nested-charts.ts'
import type { DeployedRelease } from '../chart/release.ts'
import { CONFIG_FILE } from '../config/read.ts'
import type { EnvironmentDraft, Environment } from './environment.ts'
import { emptyFileCache, type FileCache } from './file-cache.ts'
import { readKustomization } from './kustomization.ts'
import { namesOfFolders, nameRootsAsBefore } from './names.ts'
import { plainFolder, undeployed, yamlBelow } from './plain.ts'
import type { EnvironmentRefusal } from './refusal.ts'
import { type ConfiguredPlace, configuredRelease, released, releasedAs, valuesOfAll } from './released.ts'
import { type Entry, foldersBelow, inFolder, isHidden, join, treeOf } from './tree.ts'
import {
  appliedBy,
  contesting,
  deliveryKey,
  type DeployedFolder,
  type FolderVariant,
  isDeployer,
  variantsOf,
} from './variants.ts'

export interface Discovery {
  readonly environments: readonly Environment[]
  /**
   * Files whose texts are needed but not given yet. As long as there are any, `environments` is not final: read them (undefined
   * for a file that is not text), and discover again. Two or three rounds are enough.
   */
  readonly needs: readonly string[]
}

export interface DiscoveryInput {
  readonly entries: Iterable<Entry>
  readonly texts: Texts
  /** Files with objects that do not affect traffic, whose texts are not kept in memory. */
  readonly bystanders?: ReadonlySet<string>
  /** The configured environments, by name. If set, there are no others. */
  readonly configured?: Readonly<Record<string, ConfiguredPlace>>
  /** The deployed charts. */
  readonly releases?: readonly DeployedRelease[]
  /** Folders that something deploys. They are environments even if others build on them. Missing folders are not. */
  readonly deployed?: readonly DeployedFolder[]
  /** Folders whose deployer refuses to read files above them (Argo CD, unless its kustomize.buildOptions say otherwise). */
  readonly restricted?: ReadonlySet<string>
  /** Where the deployers of an environment put its objects. */
  readonly applied?: ReturnType<typeof appliedBy>
  /** The environments of the base branch, for a pull request. Their folders keep their names, unless nothing deploys them any more. */
  readonly base?: readonly Environment[] | undefined
  /** Cached results of reading files. */
  readonly known?: FileCache
}

/** Finds the environments of a commit, sorted by name. */
export function discoverEnvironments(input: DiscoveryInput): Discovery {
  const { entries, texts, configured, deployed = [], restricted = new Set(), releases = [] } = input
  const { bystanders = new Set(), known = emptyFileCache(), base = [], applied: placeOf = appliedBy([]) } = input
  const survey: Survey = { tree: treeOf(entries), texts, bystanders, known, needs: new Set() }
  const found =
    configured === undefined
      ? discoveredAsBefore(survey, { deployed, releases }, base)
      : listed(survey, configured, { deployed, releases })
  const released = releases.map(({ release, sources }) => ({ path: release.chart, sources }))
  const broken = brokenOverrides([...deployed, ...released], texts)
  const environments = found
    .map((draft): Environment => {
      const applied = placeOf(draft)
      const refusals = [...draft.refusals, ...(broken.get(draft.root) ?? [])]
      const added = applied === undefined ? {} : { applied }
      return { ...draft, refusals, readsAbove: !restricted.has(draft.root), ...added }
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return { environments, needs: [...survey.needs].sort() }
}

/** The known deployers. */
type Deployed = Required<Pick<DiscoveryInput, 'deployed' | 'releases'>>

/** The environments with their names on the base branch. Each also tells its name after the merge, if that is another one. */
function discoveredAsBefore(
  survey: Survey,
  deployed: Deployed,
  base: readonly Environment[],
): readonly EnvironmentDraft[] {
  const merged = discovered(survey, deployed, [])
  const names = namesOfFolders(base)
  if (merged.every(({ root, name }) => (names.get(root) ?? name) === name)) return merged
  return discovered(survey, deployed, base).map((draft, place) => {
    const renamedTo = merged[place]?.name
    return renamedTo === draft.name ? draft : { ...draft, renamedTo }
  })
}

function discovered(
  survey: Survey,
  { deployed, releases }: Deployed,
  base: readonly Environment[],
): readonly EnvironmentDraft[] {
  const { tree, texts } = survey
  const files = [...tree.kustomizations.values()].flat()
  const unread = files.filter((file) => !texts.has(file))
  for (const file of unread) survey.needs.add(file)
  // Unused roots can be found only when all kustomizations are known.
  if (unread.length > 0) return []
  const found = rootsOf(survey)
  const { used } = found
  // kustomize builds a component by itself, but no component among the resources of a generated kustomization.
  const isBuilt = ({ path, named = path }: DeployedFolder): boolean => named === path || !isComponent(survey, path)
  const known = deployed
    .filter(isBuilt)
    .map(({ path }) => path)
    .filter((path) => tree.folders.has(path) && !isHidden(path))
  const roots = [...new Set([...found.roots, ...known.filter((path) => tree.kustomizations.has(path))])]
  const builds = roots.map((root) => kustomize(survey, root, root))
  const reached = new Set(builds.flatMap(({ files: own }) => own))
  const bare = [...new Set(known)].filter((path) => path !== '' && !tree.kustomizations.has(path))
  const names = nameRootsAsBefore([...roots, ...bare], new Set(), namesOfFolders(base))
  const plains = bare
    .map((root) => {
      const taken = isForFlux(deployed, root) ? besideKustomizations(survey, root) : yamlBelow(tree, root)
      const candidates = taken.filter((path) => !reached.has(path) && !used.has(path) && !files.includes(path))
      return plainFolder(survey, { name: names.get(root) ?? root, root, candidates })
    })
    .flatMap((draft) => asDeployed(survey, draft, deployed))
    .filter((environment) => environment.files.length > 0 || environment.refusals.length > 0)
  const built = builds.map((build) => ({ ...build, name: names.get(build.root) ?? build.root }))
  const drafts = withUniqueDraftNames([...built.flatMap((draft) => asDeployed(survey, draft, deployed)), ...plains])
  const folders = drafts.map((draft) => withCharts(survey, draft, mergedReleases(survey, draft, { drafts, releases })))
  const isNested = ({ file, release }: DeployedRelease): boolean =>
    folders.some(
      ({ files, nested = [] }) => files.includes(file) && nested.some(({ chart }) => chart === release.chart),
    )
  const alone = releases.filter((one) => !isNested(one))
  const environments = [...folders, ...released(survey, alone, new Set(folders.map(({ name }) => name)))]
  const taken = new Set([...files, ...used, ...folders.flatMap((environment) => environment.files)])
  return [...environments, ...undeployed(survey, { environments, taken, base })]
}

/** A deployer-specific name may already be the name of another folder. */
function withUniqueDraftNames(drafts: readonly EnvironmentDraft[]): readonly EnvironmentDraft[] {
  const taken = new Set(drafts.filter(({ deliveries }) => deliveries === undefined).map(({ name }) => name))
  return drafts.map((draft) => {
    if (draft.deliveries === undefined) return draft
    let { name } = draft
    for (let count = 2; taken.has(name); count += 1) name = `${draft.name}-${count}`
    taken.add(name)
    return { ...draft, name }
  })
}

/**
 * Environments with the names from the config. If a folder's deployers add different things, and the config names none of them,
 * their additions are left out.
 */
function listed(
  survey: Survey,
  configured: NonNullable<DiscoveryInput['configured']>,
  { deployed, releases }: Deployed,
): readonly EnvironmentDraft[] {
  const { tree } = survey
  const only = (draft: EnvironmentDraft, { deployer }: ConfiguredPlace): EnvironmentDraft => {
    const meant = deployed.filter((one) => deployer === undefined || isDeployer(one, deployer))
    const own = meant.filter(({ path }) => path === draft.root)
    if (deployer !== undefined && own.length === 0) return refusedDeployer(draft, deployer)
    const [first = draft, ...others] = asDeployed(survey, draft, meant)
    if (others.length > 0) return { ...draft, contested: contesting(own) }
    return deployer === undefined ? first : { ...first, name: draft.name, deliveries: own.map(deliveryKey) }
  }
  const others = valuesOfAll(releases, configured)
  return Object.entries(configured).map(([name, place]) => {
    const release = configuredRelease(place, { tree, releases })
    if (release !== undefined) return releasedAs(survey, name, { ...release, others })
    const path = place.path ?? ''
    const root = join('', path)
    if (root !== undefined && tree.kustomizations.has(root))
      return withCharts(survey, only(kustomize(survey, name, root), place), releases)
    if (root !== undefined && tree.folders.has(root)) {
      const isFlux = isForFlux(deployed, root)
      const built = isFlux ? generatedBuild(survey, name, root) : undefined
      if (built !== undefined) return withCharts(survey, only(built, place), releases)
      return only(plainFolder(survey, { name, root, candidates: yamlBelow(tree, root) }), place)
    }
    const refusal: EnvironmentRefusal = { code: 'no-such-folder', file: path, line: 1, entry: path }
    return { name, kind: 'plain', root: path, files: [], refusals: [refusal], isLoose: false }
  })
}

function isForFlux(deployed: readonly DeployedFolder[], root: string): boolean {
  return deployed.some((one) => one.path === root && one.directory === undefined)
}

/** The YAML files below a folder that Flux takes: folders with a kustomization only hold what that names. */
function besideKustomizations({ tree }: Survey, root: string): readonly string[] {
  const below = foldersBelow(root, tree.kustomizations.keys())
  return yamlBelow(tree, root).filter((file) => !below.some((folder) => file.startsWith(inFolder(folder, ''))))
}

/** What Flux builds of a folder that has no kustomization, but folders with one. Undefined if there are none. */
function generatedBuild(survey: Survey, name: string, root: string): EnvironmentDraft | undefined {
  const { tree } = survey
  const below = foldersBelow(root, tree.kustomizations.keys())
  if (below.length === 0) return undefined
  const own = plainFolder(survey, { name, root, candidates: besideKustomizations(survey, root) })
  const closures = below.map((folder) => closureOf(survey, folder))
  const files = [...new Set([...own.files, ...closures.flatMap((one) => [...one.files])])].sort()
  const refusals = [...own.refusals, ...closures.flatMap((one) => one.refusals)]
  const charts = closures.flatMap((one) => one.charts)
  return { ...own, kind: 'kustomize', isGenerated: true, files, refusals, charts }
}

function refusedDeployer(draft: EnvironmentDraft, deployer: string): EnvironmentDraft {
  return {
    ...draft,
    refusals: [...draft.refusals, { code: 'no-such-deployer', file: CONFIG_FILE, line: 1, entry: deployer }],
  }
}

/**
 * Folders with a kustomization that no other one uses, and the files of folders that are not environments (components). In a
 * cycle of folders, none is unused. Then the first one stands for the cycle, so that it does not go unnoticed.
 */
function rootsOf(survey: Survey): { readonly roots: readonly string[]; readonly used: ReadonlySet<string> } {
  const folders = [...survey.tree.kustomizations.keys()].sort()
  const uses = new Map(folders.map((folder) => [folder, foldersUsedBy(survey, folder)]))
  const inUse = new Set([...uses.values()].flat())
  const reached = new Set<string>()
  const tops = folders.filter((folder) => !inUse.has(folder))
  for (const top of tops) reach(uses, top, reached)
  for (const folder of folders) {
    if (reached.has(folder)) continue
    tops.push(folder)
    reach(uses, folder, reached)
  }
  const isRoot = (folder: string) => !isHidden(folder) && !isComponent(survey, folder)
  const others = tops.filter((folder) => !isRoot(folder)).map((folder) => closureOf(survey, folder))
  return { roots: tops.filter(isRoot), used: new Set(others.flatMap(({ files }) => [...files])) }
}

function reach(uses: ReadonlyMap<string, readonly string[]>, from: string, reached: Set<string>): void {
  const waiting = [from]
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (reached.has(folder)) continue
    reached.add(folder)
    waiting.push(...(uses.get(folder) ?? []))
  }
}

function isComponent(survey: Survey, folder: string): boolean {
  const files = survey.tree.kustomizations.get(folder) ?? []
  return files.some((file) => kustomizationAt(survey, file).isComponent)
}

function kustomize(survey: Survey, name: string, root: string): EnvironmentDraft {
  const { files, refusals, charts }: Closure = closureOf(survey, root)
  const own = { name, kind: 'kustomize', root, files: [...files].sort(), refusals, isLoose: false } as const
  return charts.length === 0 ? own : { ...own, charts }
}

/** The folder as one draft for each of its deployers, if they differ. */
function asDeployed(
  survey: Survey,
  draft: EnvironmentDraft,
  deployed: readonly DeployedFolder[],
): readonly EnvironmentDraft[] {
  const isPlain = draft.kind === 'plain'
  const own = deployed
    .filter(({ path }) => path === draft.root)
    .map((one) => (isPlain ? one : { ...one, directory: undefined }))
  if (own.every(({ additions, directory }) => additions === undefined && directory === undefined)) return [draft]
  const texts = draft.files.flatMap((file) => survey.texts.get(file) ?? [])
  const variants = variantsOf(draft.name, { deployed: own, texts, known: survey.texts })
  const isOne = variants.length === 1
  return variants.map((variant) => ({
    ...withAdditions(survey, draft, variant),
    name: variant.name,
    deliveries: isOne ? undefined : variant.deliveries,
  }))
}

/** For a folder without a kustomization, Flux generates one. Argo CD uses the folder as it is, or refuses it. */
function withAdditions(
  survey: Survey,
  whole: EnvironmentDraft,
  { additions, deployer, directory }: FolderVariant,
): EnvironmentDraft {
  const draft = directory === undefined ? whole : { ...whole, files: filesTaken(whole, directory) }
  if (additions === undefined || deployer === undefined) return draft
  if (draft.kind === 'plain' && (!additions.generates || draft.files.length === 0)) return draft
  const { components, patches } = additions.fields
  const page = {
    file: deployer.file,
    contents: readKustomization(JSON.stringify({ components, patches }), deployer.file),
  }
  const added = closureOf(survey, draft.root, page)
  const files = [...new Set([...draft.files, ...added.files])].sort()
  return { ...draft, kind: 'kustomize', files, refusals: [...draft.refusals, ...added.refusals], deployer }
}

function filesTaken({ root, files }: EnvironmentDraft, directory: DirectoryOptions): readonly string[] {
  const start = root === '' ? 0 : root.length + 1
  return files.filter((file) => takesFile(directory, file.slice(start)))
}
