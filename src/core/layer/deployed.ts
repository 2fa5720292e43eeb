/** What a deployer adds to the kustomization of an environment, read as part of it. */
import { type Additions, mergedFields } from '../delivery/additions.ts'
import { additionsAt } from '../delivery/additions-at.ts'
import { deployersIn } from '../delivery/delivery.ts'
import { substituteText } from '../delivery/substitute.ts'
import { lookupIn } from '../delivery/variables.ts'
import type { Environment } from '../environment/graph.ts'
import { join } from '../environment/tree.ts'
import { listOf, recordOf, textOf } from '../manifest/data.ts'
import type { Location, Manifest } from '../manifest/parse.ts'
import { type Kustomization, type Patch, textPatches, selectorIn } from './kustomization.ts'

/** An environment's kustomization with what its deployer adds by these texts; `own` is undefined where the deployer generates one. */
export function deployedLayer(
  { root, files, deployer }: Pick<Environment, 'root' | 'files' | 'deployer'>,
  own: Kustomization | undefined,
  texts: ReadonlyMap<string, string | undefined>,
): Kustomization | undefined {
  const additions = deployer && additionsAt(deployer, texts)
  const holder = additions && deployersIn(additions.source.file, texts.get(additions.source.file) ?? '')
  if (additions === undefined || holder === undefined) return own
  const added = { ...additions, holder }
  const base = own ?? generatedLayer(root, files, holder)
  const merged = mergedFields({}, added.fields)
  const components = listOf(merged['components']).flatMap((entry) => join(root, textOf(entry) ?? '') ?? [])
  return {
    ...base,
    prefix: textOf(merged['namePrefix']) ?? base.prefix,
    suffix: textOf(merged['nameSuffix']) ?? base.suffix,
    namespace: textOf(merged['namespace']) ?? base.namespace,
    components: [...new Set([...base.components, ...components])],
    patches: [...base.patches, ...patchesIn(added, base.manifest.file)],
    annotations: { ...base.annotations, ...recordOf(merged['commonAnnotations']) },
    unfollowed: { ...base.unfollowed, ...unfollowedIn(added) },
    fill: fillerOf(added),
  }
}

/** What Flux makes of a folder without a kustomization. */
function generatedLayer(folder: string, files: readonly string[], manifest: Manifest): Kustomization {
  return {
    manifest,
    folder,
    resources: files,
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

/** With the file that says them. */
type HeldAdditions = Additions & { readonly holder: Manifest }

function patchesIn({ fields, source, holder }: HeldAdditions, listed: string): readonly Patch[] {
  const { document, at } = source
  return listOf(fields['patches']).flatMap((item, index) => {
    const { patch, target } = recordOf(item)
    const selector = target === undefined ? undefined : selectorIn(recordOf(target))
    const place = { holder, document, at: [...at, 'patches', index, 'patch'] }
    return textPatches(place, { text: textOf(patch) ?? '', target: selector, listed })
  })
}

/** Patches that stand in other files, or are written as data and not as text, and what is put in after the build. */
function unfollowedIn({ fields, variables, source, holder }: HeldAdditions): Kustomization['unfollowed'] {
  const { document, at } = source
  const place: Location = { file: holder.file, line: holder.line(document, at) }
  const isElsewhere =
    listOf(fields['patches']).some((item) => recordOf(item)['path'] !== undefined) ||
    fields['patchesStrategicMerge'] !== undefined ||
    fields['patchesJson6902'] !== undefined
  return {
    ...(isElsewhere ? { transformer: place } : {}),
    ...(variables === undefined ? {} : { substitution: place }),
  }
}

function fillerOf({ variables }: Additions): Kustomization['fill'] {
  if (variables === undefined) return undefined
  const lookup = lookupIn(variables)
  return (text) => (text.includes('$') ? (substituteText(text, lookup) ?? text) : text)
}
