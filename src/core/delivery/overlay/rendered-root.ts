/**
 * Applications in a kustomize build that changes them (an "app of apps" with a base and overlays). Only the build shows what they deploy,
 * so it is read in place of the written objects.
 */
import { VALUES_OBJECT } from '../../chart/release-build.ts'
import { partName } from '../../chart/rendered-parts.ts'
import { type Environment, inputsOf } from '../../environment/environment.ts'
import { isKustomization } from '../../environment/tree.ts'
import { type Layout, resourcesOf } from '../../layer/layout.ts'
import { type ManifestObject, parseManifest } from '../../manifest/parse.ts'
import { splitPieces } from '../../manifest/pieces.ts'
import { documentsIn } from '../documents.ts'
import type { RenderedPart, WrittenDeployer } from '../rendered-deployers.ts'
import { changesDeployers } from './patched-source.ts'

const KINDS = new Set(['Application', 'ApplicationSet'])
const APPLICATIONS = /\bkind["']?\s*:\s*["']?Application(?:Set)?\b/

/** A build whose Applications are read as they are rendered. */
export interface DeployerRoot {
  readonly environment: Environment
  /** Its resources with Applications. */
  readonly holders: ReadonlyMap<string, readonly ManifestObject[]>
  /** The files that are not read as they are written: its resources, and its patches for them. */
  readonly replaced: readonly string[]
}

/** The builds that change Applications, and the others that contain the same files. */
export function deployerRoots(layout: Layout): readonly DeployerRoot[] {
  const { environments, texts } = layout
  const roots = environments.flatMap((environment) => rootOf(layout, environment) ?? [])
  const isChanging = ({ environment }: DeployerRoot): boolean =>
    environment.files.some((file) => isKustomization(file) && changesDeployers(file, texts))
  const changed = new Set(roots.filter(isChanging).flatMap(({ holders }) => [...holders.keys()]))
  return roots.filter(({ holders }) => [...holders.keys()].some((file) => changed.has(file)))
}

function rootOf(layout: Layout, environment: Environment): DeployerRoot | undefined {
  const { kind, refusals, files, name } = environment
  if (kind !== 'kustomize' || refusals.length > 0) return undefined
  const found = files.flatMap((file) => {
    const objects = applicationsIn(file, layout.texts.get(file))
    return objects.length === 0 ? [] : [[file, objects] as const]
  })
  if (found.length === 0) return undefined
  const resources = new Set(resourcesOf(layout, name))
  const holders = new Map(found.filter(([file]) => resources.has(file)))
  return holders.size === 0 ? undefined : { environment, holders, replaced: found.map(([file]) => file) }
}

/** The Applications of a file that has nothing else. In a file with other objects, they are read as they are written. */
function applicationsIn(file: string, text: string | undefined): readonly ManifestObject[] {
  if (text === undefined || isKustomization(file) || !APPLICATIONS.test(text)) return []
  const objects = documentsIn(file, text, VALUES_OBJECT)?.objects ?? []
  return objects.every(({ kind }) => KINDS.has(kind)) ? objects : []
}

interface RenderedApplication extends WrittenDeployer {
  readonly text: string
}

/** The Applications of a rendered build, as parts of the files that contain them. */
export function deployerParts({ environment, holders }: DeployerRoot, yaml: string): ReadonlyMap<string, RenderedPart> {
  const { name } = environment
  const rendered = splitPieces(yaml).flatMap(({ text }): readonly RenderedApplication[] => {
    const manifest = APPLICATIONS.test(text) ? parseManifest('', text) : undefined
    const object = manifest?.ok === true ? manifest.value.objects[0] : undefined
    const own = object && KINDS.has(object.kind) ? writtenAs(object, holders) : undefined
    return object === undefined || own === undefined ? [] : [{ text, data: object.data, own }]
  })
  return new Map(
    [...Map.groupBy(rendered, ({ own }) => own.file)].map(([file, written]) => {
      const files = inputsOf(environment).filter((one) => one === file || !holders.has(one))
      const text = written.map((one) => `${one.text.startsWith('---') ? '' : '---\n'}${one.text}`).join('')
      return [partName(file, name), { text, parent: { name, files, charts: [] }, written }] as const
    }),
  )
}

/** The object in a file, to whose name the build may have added a prefix or suffix. The most similar name counts. */
function writtenAs({ kind, name }: ManifestObject, holders: DeployerRoot['holders']): ManifestObject | undefined {
  const alike = [...holders.values()].flat().filter((one) => one.kind === kind && name.includes(one.name))
  return alike.toSorted((a, b) => b.name.length - a.name.length)[0]
}
