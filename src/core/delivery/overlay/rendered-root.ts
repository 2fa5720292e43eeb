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
import { DEPLOYERS, documentsIn } from '../documents.ts'
import type { RenderedPart, WrittenDeployer } from '../rendered-deployers.ts'
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
  readonly environment: Environment
  /** Its resources with deployers. */
  readonly holders: ReadonlyMap<string, readonly ManifestObject[]>
  /** The files that are not read as they are written: its resources, and its patches for them. */
  readonly replaced: readonly string[]
}

/** The builds that change deployers, and the others that contain the same files. */
export function deployerRoots(layout: Layout): readonly DeployerRoot[] {
  const { environments, texts } = layout
  const roots = environments.flatMap((environment) => rootOf(layout, environment) ?? [])
  const isChanging = ({ environment, holders }: DeployerRoot): boolean =>
    environment.files.some((file) => isKustomization(file) && changesDeployers(file, texts)) ||
    addsToDeployers(
      environment.deployer,
      [...holders.keys()].flatMap((file) => texts.get(file) ?? []),
    )
  const changed = new Set(roots.filter(isChanging).flatMap(({ holders }) => [...holders.keys()]))
  return roots.filter(({ holders }) => [...holders.keys()].some((file) => changed.has(file)))
}

function rootOf(layout: Layout, environment: Environment): DeployerRoot | undefined {
  const { kind, refusals, files, name } = environment
  if (kind !== 'kustomize' || refusals.length > 0) return undefined
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
export function deployerParts({ environment, holders }: DeployerRoot, yaml: string): ReadonlyMap<string, RenderedPart> {
  const { name } = environment
  const rendered = renderedDeployers(yaml, [...holders.values()].flat())
  return new Map(
    [...Map.groupBy(rendered, ({ own }) => own.file)].map(([file, written]) => {
      const files = inputsOf(environment).filter((one) => one === file || !holders.has(one))
      const text = written.map((one) => `${one.text.startsWith('---') ? '' : '---\n'}${one.text}`).join('')
      return [partName(file, name), { text, parent: { name, files, charts: [] }, written }] as const
    }),
  )
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
