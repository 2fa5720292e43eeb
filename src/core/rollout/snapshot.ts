import type { Config } from '../config/schema.ts'
import { addedParts, renderedParts } from '../chart/rendered-parts.ts'
import { loneTemplates } from '../chart/lone-templates.ts'
import type { DeployedRelease } from '../chart/release.ts'
import type { Deliveries } from '../delivery/delivery.ts'
import { withGenerated } from '../delivery/flux/generated-folders.ts'
import { NO_RENDERED_DEPLOYERS, readDeployers, type RenderedDeployers } from '../delivery/rendered-deployers.ts'
import { mayChangeDeployers, patchedSources } from '../delivery/overlay/changed-deployers.ts'
import { type DeployerRoot, deployerRoots } from '../delivery/overlay/rendered-root.ts'
import { emptyFileCache, type FileCache } from '../environment/file-cache.ts'
import { type Environment, namespaceOf } from '../environment/environment.ts'
import { discoverEnvironments, type DiscoveryInput } from '../environment/discover-environments.ts'
import { appliedBy } from '../environment/variants.ts'
import { TRAFFIC_OR_PODS } from '../environment/traffic-text.ts'
import { isKustomization, isYaml, parentOf } from '../environment/tree.ts'
import { manifestProblem } from '../problem/files.ts'
import { keptOf, type Layout, layoutOf, resourcesOf } from '../layer/layout.ts'
import { layeredIn } from '../layer/layered.ts'
import { deployedTo, identityKey } from '../manifest/identity.ts'
import { parseManifest } from '../manifest/parse.ts'
import { neighboursOf } from './snapshot/neighbours.ts'
import { reread } from './read-target.ts'
import type { Target } from './target.ts'
import { withUniqueNames } from './snapshot/unique-names.ts'
import { type EnvironmentProblem, brokenFiles, environmentRefusals } from './snapshot/unreadable-files.ts'
import { objectsOfFile, targetsIn } from './snapshot/targets-in.ts'
import { withDeliveredWaves } from '../wave/delivered-waves.ts'

/** The facts about traffic in the files of one commit. */
export interface Snapshot extends Omit<Deliveries, 'needs'> {
  readonly config: Config
  readonly environments: readonly Environment[]
  /**
   * Every route with destinations, including routes that send all traffic to one destination, and roots whose delegates are not
   * in the files.
   */
  readonly targets: readonly Target[]
  /** Why an environment, or one of its files, cannot be read. Each problem names its file. */
  readonly problems: readonly EnvironmentProblem[]
  /** Why routes may be missing: releases of charts that should have been rendered, and templates that no environment renders. */
  readonly unrendered: readonly EnvironmentProblem[]
  readonly layout: Layout
  /** The builds that change deployers, even if the config lists other environments. */
  readonly roots: readonly DeployerRoot[]
}

/** Files that can hold manifests or tell kustomize what to build. */
export function isManifestPath(path: string): boolean {
  return isYaml(path) || isKustomization(path)
}

/** A snapshot, and the deployed charts. */
export interface SnapshotRead {
  readonly snapshot: Snapshot
  readonly releases: readonly DeployedRelease[]
  readonly needs: readonly string[]
}

/**
 * Reads the files of one commit. `needs`: files whose texts are needed too before the answer is final, because kustomize may read
 * files of any name.
 */
export function readSnapshot(input: {
  readonly entries: readonly { readonly path: string; readonly type: 'file' | 'symlink' | 'submodule' }[]
  readonly texts: ReadonlyMap<string, string | undefined>
  /** Files that do not concern traffic. Their texts are left out. */
  readonly bystanders?: ReadonlySet<string>
  readonly config: Config
  /** The repository's name and default branch, if known. */
  readonly repository?: { readonly name: string; readonly defaultBranch?: string } | undefined
  readonly known?: FileCache | undefined
  /** Selects the environments whose routes are read and whose files are checked for problems. The default is all. */
  readonly chooseRead?: ((environments: readonly Environment[]) => readonly Environment[]) | undefined
  /** The base branch, for a pull request that is compared with it. */
  readonly base?: Pick<Snapshot, 'environments'> | undefined
  /** The deployers that charts of this commit render. */
  readonly rendered?: RenderedDeployers | undefined
}): SnapshotRead {
  const {
    config,
    texts,
    entries,
    bystanders = new Set(),
    known = emptyFileCache(),
    rendered = NO_RENDERED_DEPLOYERS,
  } = input
  const configured = config.environments === undefined ? {} : { configured: config.environments }
  const { name, defaultBranch } = input.repository ?? {}
  const branches = config.branches ?? (defaultBranch === undefined ? undefined : [defaultBranch])
  const source = { repository: name, branches, paths: entries.map(({ path }) => path), clusters: config.clusters }
  const deployers = readDeployers(texts, source, rendered)
  const { outsiders, remoteCharts, gaps, needs: wanted, releases, charts } = deployers
  const own = withGenerated(deployers.deliveries, source.paths)
  const released = new Set(releases.map(({ release }) => release.chart))
  const deliveries = [...own, ...charts]
  const found = {
    entries,
    texts,
    bystanders,
    deployed: own.filter(({ path }) => !released.has(path)),
    releases,
    applied: appliedBy(deliveries),
    restricted: new Set(deliveries.filter(({ readsAbove }) => !readsAbove).map(({ path }) => path)),
    known,
    base: input.base?.environments,
  }
  const { environments, needs } = discoverEnvironments({ ...found, ...configured })
  const read = input.chooseRead && new Set(input.chooseRead(environments).map((environment) => environment.name))
  const layout = { ...layoutOf(environments, texts, known), read, config }
  const problems = [...environmentRefusals(environments), ...brokenFiles({ config, layout })]
  const lone = loneTemplates(layout).map((problem) => ({ ...manifestProblem(problem), environments: [] }))
  const unrendered = [...rendered.unrendered, ...lone]
  const { roots, needs: needed } = rootsIn({ layout, deliveries }, found)
  const commit = { config, environments, problems, unrendered, deliveries, layout, roots }
  const targets = targetsOf(commit)
  const paths = new Set(entries.map(({ path }) => path))
  const missing = [...layout.needs].filter((path) => paths.has(path))
  return {
    snapshot: { ...commit, targets, outsiders, remoteCharts, gaps: gapsIn(commit, gaps, texts) },
    releases,
    needs: [...new Set([...needs, ...needed, ...wanted, ...missing])],
  }
}

/** A config decides what is rendered and judged, but not what its deployers deploy. */
function rootsIn(
  { layout, deliveries }: Pick<Snapshot, 'layout' | 'deliveries'>,
  found: DiscoveryInput,
): Pick<Snapshot, 'roots'> & Pick<SnapshotRead, 'needs'> {
  const { config, texts, known } = layout
  if (config?.environments === undefined || !mayChangeDeployers(deliveries, texts))
    return { roots: deployerRoots(layout, deliveries), needs: [] }
  const { environments, needs } = discoverEnvironments(found)
  return { roots: deployerRoots(layoutOf(environments, texts, known), deliveries), needs }
}

/** What is unknown about deployers. If the config names the environments, that does not matter. */
function gapsIn(
  { config, deliveries, environments }: Pick<Snapshot, 'config' | 'deliveries' | 'environments'>,
  gaps: Snapshot['gaps'],
  texts: ReadonlyMap<string, string | undefined>,
): Snapshot['gaps'] {
  if (config.environments !== undefined) return []
  return [...gaps, ...patchedSources(deliveries, { builds: environments, texts })]
}

/** The same files, with some routes as their environments render them. `rendered`: by environment and place. */
export function withRendered(snapshot: Snapshot, rendered: Layout['rendered']): Snapshot {
  const layout = { ...snapshot.layout, rendered: new Map([...snapshot.layout.rendered, ...rendered]) }
  return { ...snapshot, layout, targets: targetsOf({ ...snapshot, layout }) }
}

/** The same files with the renders of releases of charts, by environment, and the reasons why other releases are not rendered. */
export function withReleases(
  snapshot: Snapshot,
  { renders, unrendered }: { readonly renders: ReadonlyMap<string, string> } & Pick<Snapshot, 'unrendered'>,
): Snapshot {
  const parts = snapshot.environments.flatMap((environment) => {
    const yaml = renders.get(environment.name)
    return yaml === undefined ? [] : [[environment.name, partsOfRender(snapshot.layout, environment, yaml)] as const]
  })
  const { texts, releases } = snapshot.layout
  const layout = {
    ...snapshot.layout,
    texts: new Map([...texts, ...parts.flatMap(([, found]) => [...found])]),
    releases: new Map([...releases, ...parts.map(([name, found]) => [name, [...found.keys()]] as const)]),
  }
  const commit = { ...snapshot, unrendered: [...snapshot.unrendered, ...unrendered], layout }
  return { ...commit, targets: targetsOf(commit) }
}

/** The routes of a commit. Waves that an ApplicationSet orders are known only if all of its environments have been read. */
function targetsOf(snapshot: Omit<Snapshot, 'targets' | 'gaps' | 'outsiders' | 'remoteCharts'>): readonly Target[] {
  const { config, layout, problems, unrendered } = snapshot
  const targets = withUniqueNames(targetsIn({ config, layout }))
  if (layout.read !== undefined) return targets
  const hidden = new Set([...problems, ...unrendered].flatMap(({ environments }) => environments))
  return withDeliveredWaves(targets, { ...snapshot, hidden })
}

/** The parts of a render that are in no file: everything in the render of a release, or what charts add to a kustomize root. */
function partsOfRender(layout: Layout, environment: Environment, yaml: string): ReadonlyMap<string, string> {
  const { name, root, release } = environment
  if (release !== undefined) {
    const { copies, release: own } = release
    return renderedParts({ environment: name, release: own, copies, yaml })
  }
  const known = new Set(
    resourcesOf(layout, name).flatMap((file) =>
      objectsOfFile(layout, file).flatMap((object) => {
        const rendered = layeredIn(layout, name, object)?.rendered
        return rendered === undefined ? [] : [identityKey(rendered)]
      }),
    ),
  )
  const isNew = (text: string): boolean => {
    const manifest = parseManifest('', text)
    return (
      manifest.ok &&
      manifest.value.objects.some((object) => !known.has(identityKey(deployedTo(namespaceOf(environment), object))))
    )
  }
  const file = layout.environments
    .find((one) => one.name === name)
    ?.files.find((path) => isKustomization(path) && parentOf(path) === root)
  return addedParts(
    { environment: name, file: file ?? root, yaml },
    (text) => TRAFFIC_OR_PODS.test(text) && isNew(text),
  )
}

/** The same target in another commit's build of its environment, with the parts that charts add. */
export function targetInBuild(
  target: Target,
  {
    environment,
    texts,
    yaml,
  }: { readonly environment: Environment; readonly texts: Layout['texts']; readonly yaml: string },
): Target | undefined {
  const { name } = environment
  const read = layoutOf([environment], texts)
  const parts = partsOfRender(read, environment, yaml)
  const releases = new Map([[name, [...parts.keys()]]])
  const layout = { ...read, texts: new Map([...texts, ...parts]), ...keptOf(target.layout), releases }
  return reread({ ...target, layout }, { object: target.object, neighbours: neighboursOf(layout, [name], undefined) })
}

/** Puts changed files last in each loose environment. If such an environment has an object several times, the last one counts. */
export function changedLast(snapshot: Snapshot, changed: ReadonlySet<string>): Snapshot {
  const environments = snapshot.environments.map((environment) => {
    if (!environment.isLoose || !environment.files.some((file) => changed.has(file))) return environment
    const { files } = environment
    return { ...environment, files: files.toSorted((a, b) => Number(changed.has(a)) - Number(changed.has(b))) }
  })
  return { ...snapshot, environments }
}
