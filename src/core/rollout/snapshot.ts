import type { Config } from '../config/schema.ts'
import { redact } from '../diff/redact.ts'
import { deliveriesIn, type Delivery } from '../delivery/delivery.ts'
import { discoverEnvironments, type Environment } from '../environment/graph.ts'
import type { Problem } from '../gate/review.ts'
import { type Manifest, type ManifestObject, parseManifest } from '../manifest/parse.ts'
import { manifestProblem, refusalProblem } from '../message/problem.ts'
import { isRoute, readRoute, rootsOf } from '../traffic/read-route.ts'
import type { Route, RouteName } from '../traffic/route.ts'
import { type Patches, patchesOf } from './patches.ts'
import { namespaceOf, placed } from './placement.ts'
import { serviceOf, settingsOf, type Target } from './target.ts'

/** What the files of one commit say about traffic. */
export interface Snapshot {
  readonly config: Config
  readonly environments: readonly Environment[]
  /** Every route with destinations, also one that sends all traffic to a single one, and roots whose delegates are not here. */
  readonly targets: readonly Target[]
  /** Why an environment, or a file in one, cannot be read; each names its file. */
  readonly problems: readonly EnvironmentProblem[]
  /** What Argo CD and Flux deploy of these files, as their own objects in them say. */
  readonly deliveries: readonly Delivery[]
}

export type EnvironmentProblem = Problem & { readonly environments: readonly string[] }

/** Files that can hold manifests or tell kustomize what to build. */
export function isManifestPath(path: string): boolean {
  return /\.ya?ml$/i.test(path) || /(^|\/)Kustomization$/.test(path)
}

/** Kinds that say where traffic goes or which version is behind a name; other files need no parsing. */
const RELEVANT = /\b(VirtualService|DestinationRule|Service|HTTPRoute|GRPCRoute|TLSRoute|TCPRoute)\b/

/**
 * Reads the files of one commit. `needs` names files whose texts must be given too before the answer is final: kustomize may
 * read files of any name.
 */
export function readSnapshot(input: {
  readonly entries: readonly { readonly path: string; readonly type: 'file' | 'symlink' | 'submodule' }[]
  readonly texts: ReadonlyMap<string, string | undefined>
  readonly config: Config
  /** The repository's own name. */
  readonly repository?: string | undefined
}): { readonly snapshot: Snapshot; readonly needs: readonly string[] } {
  const { config, texts, entries } = input
  const configured = config.environments === undefined ? {} : { configured: config.environments }
  const deliveries = deliveriesIn(texts, input.repository)
  const deployed = deliveries.map(({ path }) => path)
  const { environments, needs } = discoverEnvironments({ entries, texts, deployed, ...configured })
  const owners = ownersOf(environments)
  const manifests = new Map<string, Manifest>()
  const problems: EnvironmentProblem[] = environments.flatMap(({ name, refusals }) =>
    refusals.map((refusal) => ({ ...refusalProblem(refusal), environments: [name] })),
  )
  for (const [file, names] of owners) {
    const text = texts.get(file)
    if (text === undefined || !RELEVANT.test(text)) continue
    const manifest = parseManifest(file, text, RELEVANT)
    if (manifest.ok) manifests.set(file, manifest.value)
    else {
      // What the parser says can quote the file.
      const detail = redact(manifest.error.detail, new Map([[file, text]]), config.secrets)
      problems.push({ ...manifestProblem({ ...manifest.error, detail }), environments: names })
    }
  }
  const namespaces = new Map(environments.map((environment) => [environment.name, namespaceOf(environment, texts)]))
  const patches = patchesOf(environments, texts)
  const context = { config, owners, manifests, all: environments, patches, namespaces }
  const targets = [...manifests.values()].flatMap((manifest) => targetsIn(manifest, context))
  return { snapshot: { config, environments, targets: namedApart(targets), problems, deliveries }, needs }
}

interface Context {
  readonly config: Config
  readonly owners: ReadonlyMap<string, readonly string[]>
  readonly manifests: ReadonlyMap<string, Manifest>
  readonly all: readonly Environment[]
  readonly patches: Patches
  /** What kustomize puts the objects of an environment into, by its name. */
  readonly namespaces: ReadonlyMap<string, string | undefined>
}

function targetsIn(manifest: Manifest, context: Context): Target[] {
  // What a patch says is no object: it is merged into one.
  if (context.patches.files.has(manifest.file)) return []
  if (!manifest.objects.some(isRoute)) return []
  const environments = context.owners.get(manifest.file) ?? []
  // In a file that environments of several namespaces share, names stay as they are written.
  const [namespace, ...others] = new Set(environments.map((name) => context.namespaces.get(name)))
  const placement = others.length === 0 ? namespace : undefined
  const neighbours = [...context.manifests.values()]
    .filter(({ file }) => context.owners.get(file)?.some((name) => environments.includes(name)))
    .map((neighbour) => placed(neighbour, placement))
  const here = { environments, neighbours, placement, objects: neighbours.flatMap(({ objects }) => objects) }
  const own = placed(manifest, placement)
  return own.objects.filter(isRoute).flatMap((object) => targetOf({ manifest: own, object }, here, context))
}

function targetOf(
  { manifest, object }: { readonly manifest: Manifest; readonly object: ManifestObject },
  here: Pick<Target, 'environments' | 'neighbours' | 'placement'> & { readonly objects: readonly ManifestObject[] },
  context: Context,
): Target[] {
  const { environments, neighbours, placement } = here
  const bare = readRoute(manifest, object, { stable: undefined, canary: undefined })
  if (bare.rules.length === 0 && !isLost(bare, here.objects)) return []
  const roots = rootsOf(bare, here.objects)
  const service = serviceOf(context.config, bare, roots)
  const settings = settingsOf(context.config, service.config, environments)
  const route = readRoute(manifest, object, settings.names)
  const environment =
    environments.length > 1 && environments.length === context.all.length ? 'all' : environments.join('+')
  const aliases = [service.name, route.name, ...roots.map(({ name }) => name)]
  const patched = context.patches.of(route, environments)
  const found = { environment, environments, route, manifest, neighbours, settings }
  return [{ ...found, service: service.name, aliases, patched, placement }]
}

/** A root whose delegates are all somewhere else: whoever names it must hear why nothing can be moved. */
function isLost({ delegates }: Route, objects: readonly ManifestObject[]): boolean {
  return delegates.length > 0 && !objects.some((object) => delegates.some((delegate) => isObject(delegate, object)))
}

function isObject({ kind, name, namespace }: RouteName, object: ManifestObject): boolean {
  return object.kind === kind && object.name === name && (object.namespace ?? 'default') === namespace
}

/** What a target can be called, from short to unmistakable. */
const CALLS: readonly ((target: Target) => string)[] = [
  ({ service }) => service,
  ({ route }) => route.name,
  ({ route }) => `${route.namespace}/${route.name}`,
  ({ route }) => `${route.kind.toLowerCase()}/${route.namespace}/${route.name}`,
]

/** Branches are named after environment and service, so no two rollouts of an environment may share the name. */
function namedApart(targets: readonly Target[]): readonly Target[] {
  const groups = Map.groupBy(targets, ({ environment, service }) => JSON.stringify([environment, service]))
  return targets.map((target) => {
    const group = groups.get(JSON.stringify([target.environment, target.service])) ?? []
    const call = CALLS.find((name) => new Set(group.map(name)).size === group.length)
    return group.length === 1 || call === undefined ? target : { ...target, service: call(target) }
  })
}

/** Which environments use a file. */
function ownersOf(environments: readonly Environment[]): ReadonlyMap<string, readonly string[]> {
  const owners = new Map<string, string[]>()
  for (const { name, files } of environments) {
    for (const file of files) owners.set(file, [...(owners.get(file) ?? []), name])
  }
  return owners
}
