import type { Config } from '../config/schema.ts'
import { discoverEnvironments, type Environment } from '../environment/graph.ts'
import type { Problem } from '../gate/review.ts'
import { type Manifest, parseManifest } from '../manifest/parse.ts'
import { manifestProblem, refusalProblem } from '../message/problem.ts'
import { isSplit } from '../traffic/route.ts'
import { isVirtualService, readVirtualService } from '../traffic/virtual-service.ts'
import { serviceOf, settingsOf, type Target } from './target.ts'

/** What the files of one commit say about traffic. */
export interface Snapshot {
  readonly config: Config
  readonly environments: readonly Environment[]
  readonly targets: readonly Target[]
  /** Why an environment, or a file in one, cannot be read; each names its file. */
  readonly problems: readonly EnvironmentProblem[]
}

export type EnvironmentProblem = Problem & { readonly environments: readonly string[] }

/** Files that can hold manifests or tell kustomize what to build. */
export function isManifestPath(path: string): boolean {
  return /\.ya?ml$/i.test(path) || /(^|\/)Kustomization$/.test(path)
}

/** Kinds that say where traffic goes or which version is behind a name; other files need no parsing. */
const RELEVANT = /\b(VirtualService|DestinationRule|Service)\b/

/**
 * Reads the files of one commit. `needs` names files whose texts must be given too before the answer is final: kustomize may
 * read files of any name.
 */
export function readSnapshot(input: {
  readonly entries: readonly { readonly path: string; readonly type: 'file' | 'symlink' | 'submodule' }[]
  readonly texts: ReadonlyMap<string, string | undefined>
  readonly config: Config
}): { readonly snapshot: Snapshot; readonly needs: readonly string[] } {
  const { config, texts, entries } = input
  const configured = config.environments === undefined ? {} : { configured: config.environments }
  const { environments, needs } = discoverEnvironments({ entries, texts, ...configured })
  const owners = ownersOf(environments)
  const manifests = new Map<string, Manifest>()
  const problems: EnvironmentProblem[] = environments.flatMap(({ name, refusals }) =>
    refusals.map((refusal) => ({ ...refusalProblem(refusal), environments: [name] })),
  )
  for (const [file, names] of owners) {
    const text = texts.get(file)
    if (text === undefined || !RELEVANT.test(text)) continue
    const manifest = parseManifest(file, text)
    if (manifest.ok) manifests.set(file, manifest.value)
    else problems.push({ ...manifestProblem(manifest.error), environments: names })
  }
  const context = { config, owners, manifests, all: environments }
  const targets = [...manifests.values()].flatMap((manifest) => targetsIn(manifest, context))
  return { snapshot: { config, environments, targets, problems }, needs }
}

interface Context {
  readonly config: Config
  readonly owners: ReadonlyMap<string, readonly string[]>
  readonly manifests: ReadonlyMap<string, Manifest>
  readonly all: readonly Environment[]
}

function targetsIn(manifest: Manifest, context: Context): Target[] {
  const environments = context.owners.get(manifest.file) ?? []
  const neighbours = [...context.manifests.values()].filter(({ file }) =>
    context.owners.get(file)?.some((name) => environments.includes(name)),
  )
  return manifest.objects.filter(isVirtualService).flatMap((object): Target[] => {
    const service = serviceOf(context.config, { name: object.name, namespace: object.namespace ?? 'default' })
    const settings = settingsOf(context.config, service.config, environments)
    const route = readVirtualService(manifest, object, settings.names)
    if (!isSplit(route)) return []
    const environment =
      environments.length > 1 && environments.length === context.all.length ? 'all' : environments.join('+')
    return [{ service: service.name, environment, environments, route, manifest, neighbours, settings }]
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
