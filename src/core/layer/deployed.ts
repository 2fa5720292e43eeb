/** The additions of a deployer to the kustomization of an environment, read as part of it. */
import { type Additions, mergedFields } from '../delivery/additions.ts'
import { additionsAt } from '../delivery/additions-at.ts'
import { setsOneOf } from '../delivery/deployer-patch.ts'
import { DEPLOYERS, documentsIn } from '../delivery/documents.ts'
import { substituteText } from '../delivery/substitute.ts'
import { lookupIn } from '../delivery/variables.ts'
import type { Environment } from '../environment/environment.ts'
import { generatedResources } from '../environment/deployed-build.ts'
import { join } from '../environment/tree.ts'
import { listOf, type Path, recordOf, textOf, valueAt } from '../manifest/data.ts'
import { identityOf } from '../manifest/identity.ts'
import { type Location, type Manifest, type ManifestObject, parseManifest } from '../manifest/parse.ts'
import { type Filler, type Kustomization, type Patch, textPatches, selectorIn } from './kustomization.ts'

/**
 * An environment's kustomization with the additions of its deployer, read from these texts. `own` is undefined if the deployer
 * generates the kustomization.
 */
export function deployedLayer(
  { root, files, deployer, isGenerated }: Pick<Environment, 'root' | 'files' | 'deployer' | 'isGenerated'>,
  own: Kustomization | undefined,
  texts: ReadonlyMap<string, string | undefined>,
): Kustomization | undefined {
  if (deployer === undefined) return isGenerated === true ? generatedBy(root, { root, files, holder: undefined }) : own
  const added = additionsAt(deployer, texts)
  if (added === undefined) return own
  const build = { root, files, own }
  return added === 'unknown' ? unknownLayer(build, deployer.file) : layerWith(added, build, texts)
}

/** The build that a deployer starts from. */
interface OwnBuild extends Pick<Environment, 'root' | 'files'> {
  readonly own: Kustomization | undefined
}

function layerWith(
  added: Additions,
  { root, files, own }: OwnBuild,
  texts: ReadonlyMap<string, string | undefined>,
): Kustomization | undefined {
  const holder = own !== undefined && added.fields['patches'] === undefined ? undefined : holderOf(added, texts)
  const base = own ?? generatedBy(added.source.file, { root, files, holder })
  if (base === undefined) return undefined
  const merged = mergedFields({}, added.fields)
  const components = listOf(merged['components']).flatMap((entry) => join(root, textOf(entry) ?? '') ?? [])
  return {
    ...base,
    prefix: textOf(merged['namePrefix']) ?? base.prefix,
    suffix: textOf(merged['nameSuffix']) ?? base.suffix,
    namespace: textOf(merged['namespace']) ?? base.namespace,
    components: [...new Set([...base.components, ...components])],
    patches: [...base.patches, ...(holder === undefined ? [] : patchesIn({ ...added, holder }, base.manifest.file))],
    annotations: { ...base.annotations, ...recordOf(merged['commonAnnotations']) },
    unfollowed: { ...base.unfollowed, ...unfollowedIn(added, holder) },
    filler: fillerOf(added),
  }
}

/** The additions of the deployer are unknown, and could be anything. */
function unknownLayer({ root, files, own }: OwnBuild, file: string): Kustomization | undefined {
  const base = own ?? generatedBy(file, { root, files, holder: undefined })
  return base && { ...base, unfollowed: { ...base.unfollowed, transformer: { file, line: 1 } } }
}

/** The kustomization that a deployer generates. The template of a rendered deployer is no manifest, and has no places for edits. */
function generatedBy(
  file: string,
  { root, files, holder }: Pick<Environment, 'root' | 'files'> & { readonly holder: Manifest | undefined },
): Kustomization | undefined {
  if (holder !== undefined) return generatedLayer(root, files, holder)
  const nothing = parseManifest(file, '')
  return nothing.ok ? generatedLayer(root, files, nothing.value) : undefined
}

/** The file with the additions. */
function holderOf(
  { source: { file } }: Additions,
  texts: ReadonlyMap<string, string | undefined>,
): Manifest | undefined {
  return documentsIn(file, texts.get(file) ?? '', DEPLOYERS)
}

/** The kustomization that Flux generates for a folder without one. */
function generatedLayer(folder: string, files: readonly string[], manifest: Manifest): Kustomization {
  return {
    manifest,
    folder,
    resources: generatedResources({ root: folder, files }),
    components: [],
    prefix: '',
    suffix: '',
    namespace: undefined,
    patches: [],
    annotations: {},
    replacements: [],
    unfollowed: {},
  }
}

/** Additions, with the file that contains them. */
type HeldAdditions = Additions & { readonly holder: Manifest }

function patchesIn({ fields, source, holder }: HeldAdditions, listed: string): readonly Patch[] {
  const { document, at } = source
  if (document === undefined) return []
  return listOf(fields['patches']).flatMap((item, index) => {
    const { patch, target } = recordOf(item)
    const selector = target === undefined ? undefined : selectorIn(recordOf(target))
    const place = { holder, document, at: [...at, 'patches', index, 'patch'] }
    if (isGenerated(place, patch)) return []
    return textPatches(place, { text: textOf(patch) ?? '', target: selector, listed })
  })
}

/** Whether a file contains a patch otherwise than as this text: an ApplicationSet fills it in, or a chart renders it. */
function isGenerated(
  { holder, document, at }: { readonly holder: Manifest; readonly document: number | undefined; readonly at: Path },
  patch: unknown,
): boolean {
  return document === undefined || valueAt(holder.documents[document]?.data, at) !== patch
}

/** Patches that Perch cannot follow: in other files, or written as data or as a template instead of text. */
function unfollowedIn(added: Additions, holder: Manifest | undefined): Kustomization['unfollowed'] {
  const { fields, source } = added
  const isElsewhere =
    listOf(fields['patches']).some((item, index) => {
      const at = [...source.at, 'patches', index, 'patch']
      const isText = holder !== undefined && !isGenerated({ ...source, holder, at }, recordOf(item)['patch'])
      return recordOf(item)['path'] !== undefined || !isText
    }) ||
    fields['patchesStrategicMerge'] !== undefined ||
    fields['patchesJson6902'] !== undefined
  return isElsewhere ? { transformer: placeOf(added) } : {}
}

function placeOf({ source: { file, line } }: Additions): Location {
  return { file, line }
}

function fillerOf(added: Additions): Filler | undefined {
  if (added.variables === undefined) return undefined
  const lookup = lookupIn(added.variables)
  const fill = (text: string): string => (text.includes('$') ? (substituteText(text, lookup) ?? text) : text)
  return { place: placeOf(added), fill, places: added.variables.places }
}

/**
 * The first of an environment's several deployers that sets the weights of an object itself; undefined if none does. The others
 * set different weights, so no file contains the weights of the environment.
 */
export function contestedBy(
  { contested = [] }: Pick<Environment, 'contested'>,
  object: ManifestObject,
): Location | undefined {
  if (contested.length === 0) return undefined
  const fields = weightFields(object.data)
  const found = contested.find(
    ({ patches, hasVariables }) =>
      patches.some((patch) => setsOneOf(patch, identityOf(object), fields)) ||
      (hasVariables && fields.some((path) => isVariable(object.data, path))),
  )
  return found && { file: found.file, line: found.line }
}

const LISTS = { http: 'route', tls: 'route', tcp: 'route', rules: 'backendRefs' }

function weightFields({ spec }: ManifestObject['data']): readonly Path[] {
  return Object.entries(LISTS).flatMap(([section, list]) =>
    listOf(recordOf(spec)[section]).flatMap((rule, index) =>
      listOf(recordOf(rule)[list]).map((_, place): Path => ['spec', section, index, list, place, 'weight']),
    ),
  )
}

function isVariable(data: ManifestObject['data'], path: Path): boolean {
  const value = valueAt(data, path)
  return typeof value === 'string' && value.includes('${')
}
