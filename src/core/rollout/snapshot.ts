import type { Config } from '../config/schema.ts'
import { redact } from '../diff/redact.ts'
import { addedParts, renderedParts } from '../chart/rendered-parts.ts'
import { loneTemplates } from '../chart/lone-templates.ts'
import { type Deliveries, readDeliveries } from '../delivery/delivery.ts'
import { readReleases } from '../delivery/releases.ts'
import { emptyFileCache, type FileCache } from '../environment/file-cache.ts'
import { type Environment } from '../environment/environment.ts'
import { discoverEnvironments } from '../environment/discover-environments.ts'
import { mentionsTraffic, TRAFFIC_OR_PODS } from '../environment/traffic-text.ts'
import { isKustomization, nameOf, parentOf } from '../environment/tree.ts'
import { manifestProblem, refusalProblem } from '../problem/files.ts'
import type { Problem } from '../problem/problem.ts'
import { type Layout, layoutOf, manifestIn, resourcesOf } from '../layer/layout.ts'
import { type BuiltObject, layeredIn, waysTo } from '../layer/layered.ts'
import { identityKey } from '../manifest/identity.ts'
import { type ManifestObject, type ManifestProblem, parseManifest } from '../manifest/parse.ts'
import type { Result } from '../result.ts'
import { isRoute } from '../traffic/read-route.ts'
import { withOwners } from '../owner/owned-targets.ts'
import { groupsOf, neighboursOf, readTargets, reread, type TargetSources } from './read-target.ts'
import { renderedTitle, type Target } from './target.ts'

/** The facts about traffic in the files of one commit. */
export interface Snapshot extends Omit<Deliveries, 'needs'> {
  readonly config: Config
  readonly environments: readonly Environment[]
  /** Every route with destinations, also one that sends all traffic to a single one, and roots whose delegates are not here. */
  readonly targets: readonly Target[]
  /** Why an environment, or a file in one, cannot be read; each names its file. */
  readonly problems: readonly EnvironmentProblem[]
  /** Why routes are not seen: releases of charts that should have been rendered, and templates that no environment renders. */
  readonly unrendered: readonly EnvironmentProblem[]
  readonly layout: Layout
}

/** A problem, and the environments that it is one of. */
export type EnvironmentProblem = Problem & { readonly environments: readonly string[] }

/** Files that can hold manifests or tell kustomize what to build. */
export function isManifestPath(path: string): boolean {
  return /\.ya?ml$/i.test(path) || isKustomization(path)
}

/**
 * Reads the files of one commit. `needs` names files whose texts must be given too before the answer is final: kustomize may
 * read files of any name.
 */
export function readSnapshot(input: {
  readonly entries: readonly { readonly path: string; readonly type: 'file' | 'symlink' | 'submodule' }[]
  readonly texts: ReadonlyMap<string, string | undefined>
  /** Files of objects that do not concern traffic, whose texts are left out. */
  readonly bystanders?: ReadonlySet<string>
  readonly config: Config
  /** The repository's own name and default branch, where they are known. */
  readonly repository?: { readonly name: string; readonly defaultBranch?: string } | undefined
  readonly known?: FileCache | undefined
  /** Of which environments routes are read and files are looked through for problems; of all unless told. */
  readonly chooseRead?: ((environments: readonly Environment[]) => readonly Environment[]) | undefined
}): { readonly snapshot: Snapshot; readonly needs: readonly string[] } {
  const { config, texts, entries, bystanders = new Set(), known = emptyFileCache() } = input
  const configured = config.environments === undefined ? {} : { configured: config.environments }
  const { name, defaultBranch } = input.repository ?? {}
  const branches = config.branches ?? (defaultBranch === undefined ? undefined : [defaultBranch])
  const source = { repository: name, branches, paths: entries.map(({ path }) => path), clusters: config.clusters }
  const { deliveries: own, outsiders, remoteCharts, gaps, needs: wanted } = readDeliveries(texts, source)
  const { releases, deliveries: charts } = readReleases(texts, source)
  const released = new Set(releases.map(({ release }) => release.chart))
  const deliveries = [...own, ...charts]
  const { environments, needs } = discoverEnvironments({
    entries,
    texts,
    bystanders,
    deployed: own.filter(({ path }) => !released.has(path)),
    releases,
    restricted: new Set(deliveries.filter(({ readsAbove }) => !readsAbove).map(({ path }) => path)),
    known,
    ...configured,
  })
  const read = input.chooseRead && new Set(input.chooseRead(environments).map((environment) => environment.name))
  const layout = { ...layoutOf(environments, texts, known), read }
  const targets = targetsIn({ config, layout })
  const paths = new Set(entries.map(({ path }) => path))
  const missing = [...layout.needs].filter((path) => paths.has(path))
  const problems = [...refusalsIn(environments), ...brokenIn({ config, layout })]
  return {
    snapshot: {
      config,
      environments,
      targets: namedApart(targets),
      problems,
      unrendered: loneTemplates(layout).map((problem) => ({ ...manifestProblem(problem), environments: [] })),
      deliveries,
      outsiders,
      remoteCharts,
      // A config that names the environments says what the generators do not.
      gaps: config.environments === undefined ? gaps : [],
      layout,
    },
    needs: [...new Set([...needs, ...wanted, ...missing])],
  }
}

/** The same files, with some routes as their environments render them: `rendered` by environment and place. */
export function withRendered(snapshot: Snapshot, rendered: Layout['rendered']): Snapshot {
  const layout = { ...snapshot.layout, rendered: new Map([...snapshot.layout.rendered, ...rendered]) }
  return { ...snapshot, layout, targets: namedApart(targetsIn({ config: snapshot.config, layout })) }
}

/** The same files, with what releases of charts render to, by environment, and why others do not. */
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
  return {
    ...snapshot,
    unrendered: [...snapshot.unrendered, ...unrendered],
    layout,
    targets: namedApart(targetsIn({ config: snapshot.config, layout })),
  }
}

function refusalsIn(environments: readonly Environment[]): readonly EnvironmentProblem[] {
  // A folder that many environments build on is refused once.
  const all = environments.flatMap(({ name, refusals }) => refusals.map((refusal) => ({ name, refusal })))
  return [...Map.groupBy(all, ({ refusal }) => JSON.stringify(refusal)).values()].flatMap((group) => {
    const [first] = group
    const names = [...new Set(group.map(({ name }) => name))]
    return first === undefined ? [] : [{ ...refusalProblem(first.refusal), environments: names }]
  })
}

/** What a release renders to, or what charts bring to a kustomize root: all that is in none of its files. */
function partsOfRender(layout: Layout, environment: Environment, yaml: string): ReadonlyMap<string, string> {
  const { name, root, release } = environment
  if (release !== undefined) {
    const { copies, release: own } = release
    return renderedParts({ environment: name, release: own, copies, yaml })
  }
  const known = new Set(
    resourcesOf(layout, name).flatMap((file) =>
      objectsOf(layout, file).flatMap((object) => {
        const rendered = layeredIn(layout, name, object)?.rendered
        return rendered === undefined ? [] : [identityKey(rendered)]
      }),
    ),
  )
  const isNew = (text: string): boolean => {
    const manifest = parseManifest('', text)
    return manifest.ok && manifest.value.objects.some((object) => !known.has(identityKey(object)))
  }
  const file = layout.environments
    .find((one) => one.name === name)
    ?.files.find((path) => isKustomization(path) && parentOf(path) === root)
  return addedParts(
    { environment: name, file: file ?? root, yaml },
    (text) => TRAFFIC_OR_PODS.test(text) && isNew(text),
  )
}

/** The same target as another commit's build of its environment has it, with what charts bring. */
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
  const layout = { ...read, texts: new Map([...texts, ...parts]), owners: target.layout.owners, releases }
  return reread({ ...target, layout }, { object: target.object, neighbours: neighboursOf(layout, [name], undefined) })
}

function brokenIn({ config, layout }: TargetSources): readonly EnvironmentProblem[] {
  const refused = new Set(layout.environments.flatMap(({ refusals }) => refusals.map(({ file }) => file)))
  // What helm reads of a chart are templates.
  const charts = new Map(layout.environments.map(({ name, charts: own = [] }) => [name, own]))
  const isOfRelease = (name: string, file: string): boolean =>
    charts.get(name)?.some((chart) => chart === '' || file.startsWith(`${chart}/`)) === true
  const releases = new Set(layout.environments.filter(({ kind }) => kind === 'helm').map(({ name }) => name))
  return [...layout.owners].flatMap(([file, users]) => {
    const names = users.filter((name) => isRead(layout, name) && !releases.has(name) && !isOfRelease(name, file))
    if (refused.has(file) || names.length === 0) return []
    const manifest = bombIn(file, layout.texts.get(file) ?? '') ?? manifestIn(layout, file)
    if (manifest.ok) return []
    // Messages of the parser can quote the file.
    const texts = new Map([[file, layout.texts.get(file) ?? '']])
    const detail = redact(manifest.error.detail, texts, config.secrets)
    return [{ ...manifestProblem({ ...manifest.error, detail }), environments: names }]
  })
}

function objectsOf(layout: Layout, file: string): readonly ManifestObject[] {
  const manifest = manifestIn(layout, file)
  return manifest.ok ? (manifest.value?.objects ?? []) : []
}

function isRead({ read }: Layout, name: string): boolean {
  return read === undefined || read.has(name)
}

/** Whether a large file is only passed on when its environment is rendered, and nothing in it is asked for before. */
export function isBystander(path: string, text: string): boolean {
  return !isKustomization(path) && !mentionsTraffic(text) && !hasManyAliases(text)
}

/** So many aliases may repeat what a build has no memory for. Twenty cannot. */
const MANY_ALIASES = 20
const ALIAS = /(?<=[\s,[:-])\*[\w-]/g

/** A file that multiplies by its aliases, whatever it is about: kustomize would multiply it. */
function bombIn(file: string, text: string): Result<never, ManifestProblem> | undefined {
  if (!hasManyAliases(text)) return undefined
  const manifest = parseManifest(file, text)
  return !manifest.ok && manifest.error.code === 'alias-bomb' ? manifest : undefined
}

function hasManyAliases(text: string): boolean {
  return text.includes('*') && (text.match(ALIAS)?.length ?? 0) > MANY_ALIASES
}

function targetsIn(scene: TargetSources): readonly Target[] {
  const { layout } = scene
  // Files of objects only: kustomize merges a patch into one of them.
  const { files: wanted, names: asked } = readIn(layout)
  const users = new Map<string, string[]>()
  for (const { name } of layout.environments) {
    if (asked?.has(name) === false) continue
    for (const file of resourcesOf(layout, name)) {
      if (wanted?.has(file) === false) continue
      const names = users.get(file)
      if (names === undefined) users.set(file, [name])
      else names.push(name)
    }
  }
  const targets = [...users].flatMap(([file, names]) =>
    objectsOf(layout, file)
      .filter(isRoute)
      .flatMap((object) => waysOf(layout, object, names))
      .flatMap(([object, users]) =>
        groupsOf(layout, object, users).flatMap((group) => readTargets(scene, object, group)),
      ),
  )
  return withOwners(scene, targets)
}

/** The files with routes of the environments that are read, and the environments that may share one of them: together those have a route. */
function readIn(layout: Layout): { readonly files?: ReadonlySet<string>; readonly names?: ReadonlySet<string> } {
  const { read, owners } = layout
  if (read === undefined) return {}
  const hasRoute = (file: string): boolean => objectsOf(layout, file).some(isRoute)
  const files = new Set([...read].flatMap((name) => resourcesOf(layout, name)).filter(hasRoute))
  return { files, names: new Set([...read, ...[...files].flatMap((file) => owners.get(file) ?? [])]) }
}

/** An object with the environments that build it once, and for each way of those that build it several times. */
function waysOf(
  layout: Layout,
  object: ManifestObject,
  environments: readonly string[],
): readonly (readonly [BuiltObject, readonly string[]])[] {
  const known = environments.map((name) => ({ name, ways: waysTo(layout, name, object) }))
  const once = known.filter(({ ways }) => ways.length === 0).map(({ name }) => name)
  const several = [...new Set(known.flatMap(({ ways }) => ways))].map((way) => {
    const users = known.filter(({ ways }) => ways.includes(way)).map(({ name }) => name)
    return [{ ...object, way }, users] as const
  })
  return once.length === 0 ? several : [[object, once], ...several]
}

/** The names of a target, from short to unambiguous. */
const CALLS: readonly ((target: Target) => string)[] = [
  ({ service }) => service,
  ({ route }) => route.name,
  // One of the services of a root, in one of its delegates.
  ({ service, route }) => `${service}/${route.name}`,
  ({ route }) => `${route.namespace}/${route.name}`,
  (target) => renderedTitle(target)?.replace(/^\S+ /, '') ?? target.service,
  ({ route }) => `${route.kind.toLowerCase()}/${route.namespace}/${route.name}`,
]

/** Branches are named after environment and service, so no two rollouts of an environment may share the name. */
function namedApart(targets: readonly Target[]): readonly Target[] {
  const groups = Map.groupBy(targets, (target) => nameKey(target, target.service))
  const named = new Map(
    [...groups].map(([own, group]) => [own, callIn(group, (key) => key === own || !groups.has(key))]),
  )
  const all = targets.map((target) => {
    const key = nameKey(target, target.service)
    return groups.get(key)?.length === 1 ? target : { ...target, ...named.get(key)?.(target) }
  })
  // Routes of one file that are each in other files too were given the name of the file, one by one.
  const taken = Map.groupBy(all, (target) => nameKey(target, target.service))
  return all.map((target) => {
    const isShared = target.choice !== undefined && taken.get(nameKey(target, target.service))?.length !== 1
    return isShared ? { ...target, service: `${target.service}/${target.route.name}` } : target
  })
}

function nameKey({ environment }: Target, service: string): string {
  return JSON.stringify([environment, service])
}

type Call = (target: Target) => Partial<Pick<Target, 'service' | 'choice'>>

/** A name for each of several targets with a common name. Empty if no name distinguishes them from each other and from the others. */
function callIn(group: readonly Target[], isFree: (key: string) => boolean): Call {
  const isCall = (name: (one: Target) => string): boolean =>
    new Set(group.map(name)).size === group.length && group.every((target) => isFree(nameKey(target, name(target))))
  const call = CALLS.find(isCall)
  if (call !== undefined) return (target) => ({ service: call(target) })
  const isChoice = group.every(isLooseTarget) && isCall(fileCall)
  return (target) => (isChoice ? { service: fileCall(target), choice: target.object.file } : {})
}

function isLooseTarget({ layout, environments }: Target): boolean {
  return layout.environments.some(({ name, isLoose }) => isLoose && environments.includes(name))
}

/** Guides keep several files of one route in a folder, and people apply one of them: each is a rollout, called like its file. */
function fileCall({ object: { file } }: Target): string {
  return nameOf(file).replace(/\.[^.]*$/, '')
}

/** The environments of a snapshot, in which files that change come last: of an object that is there several times the last one counts. */
export function changedLast(snapshot: Snapshot, changed: ReadonlySet<string>): Snapshot {
  const environments = snapshot.environments.map((environment) => {
    if (!environment.isLoose || !environment.files.some((file) => changed.has(file))) return environment
    const { files } = environment
    return { ...environment, files: files.toSorted((a, b) => Number(changed.has(a)) - Number(changed.has(b))) }
  })
  return { ...snapshot, environments }
}
