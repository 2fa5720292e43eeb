/** Argo CD Applications in a kustomization that patches their source, so that their files do not say what they deploy. */
import { inFolder, isKustomization, join, nameOf, parentOf } from '../../environment/tree.ts'
import { isRecord, listOf, recordOf, textOf } from '../../manifest/data.ts'
import { nameInTitle } from '../../manifest/identity.ts'
import { readOneDocument } from '../../manifest/yaml/documents.ts'
import type { Delivery } from '../delivery.ts'
import type { DeliveryGap } from '../generators/generator-gap.ts'

type Texts = ReadonlyMap<string, string | undefined>

/** A build that may contain deployers. */
interface Build {
  readonly kind: string
  readonly files: readonly string[]
}

/** The fields of a kustomization whose entries change fields of other objects. */
const PATCHES = ['patches', 'patchesStrategicMerge', 'patchesJson6902', 'replacements']

/** Whether a kustomization changes what Applications deploy: by a patch of their fields, or by their names. */
export function changesDeployers(file: string, texts: Texts): boolean {
  const isRenaming = /^["']?name(?:Prefix|Suffix)["']?:/m.test(texts.get(file) ?? '')
  return isRenaming || patchesIn(file, texts, isOfApplication).length > 0
}

/** One gap for each Application, at the kustomization that patches it. */
export function patchedSources(
  deliveries: readonly Delivery[],
  { builds, texts }: { readonly builds: readonly Build[]; readonly texts: Texts },
): readonly DeliveryGap[] {
  const own = deliveries.filter(({ tool, parent }) => tool === 'argo-cd' && parent === undefined)
  const files = new Set(own.map(({ file }) => file))
  const deploying = builds.filter((build) => build.kind === 'kustomize' && build.files.some((one) => files.has(one)))
  return deploying.flatMap((build) => {
    const patches = build.files.filter(isKustomization).flatMap((file) => patchesIn(file, texts))
    if (patches.length === 0) return []
    const built = new Set(build.files)
    return own.flatMap(({ title, file, path }): readonly DeliveryGap[] => {
      const patch = built.has(file) ? patches.find((one) => isFor(one, nameOf(nameInTitle(title)))) : undefined
      if (patch === undefined) return []
      return [{ title, file: patch.file, line: 1, prefix: inFolder(path, ''), why: 'overlay', entry: patch.file }]
    })
  })
}

interface SourcePatch {
  readonly file: string
  /** The name of the Application; undefined if it may be any. */
  readonly name: string | undefined
}

function patchesIn(file: string, texts: Texts, isMeant = changesSource): readonly SourcePatch[] {
  const text = texts.get(file)
  if (text === undefined || !PATCHES.some((field) => text.includes(field))) return []
  const read = readOneDocument(text)
  const data = recordOf(read.ok ? read.value?.data : undefined)
  return PATCHES.flatMap((field) => listOf(data[field])).flatMap((entry): readonly SourcePatch[] => {
    const { words, target } = partsOf(entry, (path) => texts.get(join(parentOf(file), path) ?? ''))
    if (!isMeant(words, textOf(target['kind']))) return []
    return [{ file, name: textOf(target['name']) ?? writtenName(words) }]
  })
}

/** The text of an entry, inline or in a file, and the objects that it is for. */
function partsOf(
  entry: unknown,
  textAt: (path: string) => string | undefined,
): { readonly words: string; readonly target: Readonly<Record<string, unknown>> } {
  if (typeof entry === 'string') return { words: textAt(entry) ?? entry, target: {} }
  if (!isRecord(entry)) return { words: '', target: {} }
  const { patch, path, target } = entry
  const inFile = typeof path === 'string' ? textAt(path) : undefined
  return { words: textOf(patch) ?? inFile ?? JSON.stringify(entry), target: recordOf(target) }
}

/** A JSON pointer (`/spec/source/path`), a field path (`spec.source.path`), or a part of an Application. */
function changesSource(words: string, kind: string | undefined): boolean {
  if (/\bspec[/.](?:template[/.]spec[/.])?sources?\b/.test(words)) return true
  return isOfApplication(words, kind) && /\bsources?["']?\s*:/.test(words)
}

/** The kind of a target is a regular expression. */
function isOfApplication(words: string, kind: string | undefined): boolean {
  if (kind !== undefined && /^\w+$/.test(kind)) return kind.startsWith('Application')
  return /\bApplication|\bspec[/.](?:source|destination)/.test(words)
}

function writtenName(words: string): string | undefined {
  const read = readOneDocument(words)
  const { metadata } = recordOf(read.ok ? read.value?.data : undefined)
  return textOf(recordOf(metadata)['name'])
}

/** A name in a target is a regular expression. One with other characters than a name's may be for any Application. */
function isFor({ name }: SourcePatch, application: string): boolean {
  return name === undefined || name === application || /[^a-z0-9.-]/.test(name)
}
