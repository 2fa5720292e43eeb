/** Deployers that a kustomization, or another deployer, patches or renames, so that their files do not say what they deploy. */
import { inFolder, isKustomization, join, nameOf, parentOf } from '../../environment/tree.ts'
import { isRecord, listOf, recordOf, textOf } from '../../manifest/data.ts'
import { nameInTitle } from '../../manifest/identity.ts'
import { readOneDocument } from '../../manifest/yaml/documents.ts'
import type { Additions } from '../additions.ts'
import type { DeployerReference } from '../additions-at.ts'
import type { Delivery } from '../delivery.ts'
import type { DeliveryGap } from '../generators/generator-gap.ts'
import { variablesIn } from '../substitute.ts'

type Texts = ReadonlyMap<string, string | undefined>

/** A build that may contain deployers. */
interface Build {
  readonly kind: string
  readonly files: readonly string[]
}

/** The fields of a kustomization whose entries change fields of other objects. */
const PATCHES = ['patches', 'patchesStrategicMerge', 'patchesJson6902', 'replacements']

/** Whether a kustomization changes what deployers deploy: by a patch of their fields, or by their names. */
export function changesDeployers(file: string, texts: Texts): boolean {
  const isRenaming = /^["']?name(?:Prefix|Suffix)["']?:/m.test(texts.get(file) ?? '')
  return isRenaming || patchesIn(file, texts, isOfDeployer).length > 0
}

/** Whether anything in a commit may change deployers. This only looks at texts, so that most commits cost nothing more. */
export function mayChangeDeployers(deliveries: readonly Pick<Delivery, 'additions'>[], texts: Texts): boolean {
  if (deliveries.length === 0) return false
  if (deliveries.some(({ additions }) => changesFields(additions)) || mayDiffer(texts)) return true
  return [...texts.keys()].some((file) => isKustomization(file) && changesDeployers(file, texts))
}

/** Whether Flux Kustomizations may contain variables themselves, or take them from one of several ConfigMaps or a generated one. */
function mayDiffer(texts: Texts): boolean {
  const flux = [...texts.values()].filter((text) => text?.includes('kustomize.toolkit.fluxcd.io/') === true)
  if (flux.some((text) => text?.includes('${'))) return true
  const sources = flux.filter((text) => text?.includes('substituteFrom'))
  if (sources.length === 0) return false
  const maps = [...texts].filter(
    ([file, text]) =>
      text?.includes(isKustomization(file) ? 'configMapGenerator' : 'ConfigMap') && !sources.includes(text),
  )
  const names = new Set(
    sources.flatMap((text) =>
      [...(text ?? '').matchAll(/\bname["']?:\s*["']?([\w.-]+)/g)].map(([, name = '']) => name),
    ),
  )
  const meant = maps.filter(([, text]) => [...names].some((name) => text?.includes(name)))
  return meant.length > 1 || meant.some(([file]) => isKustomization(file))
}

/** Whether a deployer changes the deployers in the build that it deploys. `written`: the texts of their files. */
export function addsToDeployers(deployer: DeployerReference | undefined, written: readonly string[]): boolean {
  const { additions } = deployer?.read ?? {}
  const { variables } = additions ?? {}
  if (variables === undefined) return changesFields(additions)
  const isFilledIn = written.flatMap(variablesIn).some((name) => variables.isWhole || variables.known.has(name))
  return isFilledIn || changesFields(additions)
}

function changesFields(additions: Additions | undefined): boolean {
  const { fields = {} } = additions ?? {}
  const isRenaming = fields['namePrefix'] !== undefined || fields['nameSuffix'] !== undefined
  return isRenaming || patchesOf(fields, () => undefined).some(({ words, target }) => isOfDeployer(words, target))
}

/** One gap for each deployer, at the kustomization that patches it. */
export function patchedSources(
  deliveries: readonly Delivery[],
  { builds, texts }: { readonly builds: readonly Build[]; readonly texts: Texts },
): readonly DeliveryGap[] {
  const own = deliveries.filter(({ parent }) => parent === undefined)
  const files = new Set(own.map(({ file }) => file))
  const deploying = builds.filter((build) => build.kind === 'kustomize' && build.files.some((one) => files.has(one)))
  return deploying.flatMap((build) => {
    const patches = build.files.filter(isKustomization).flatMap((file) => patchesIn(file, texts, changesSource))
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
  /** The name of the deployer; undefined if it may be any. */
  readonly name: string | undefined
}

type Target = Readonly<Record<string, unknown>>

function patchesIn(
  file: string,
  texts: Texts,
  isMeant: (words: string, target: Target) => boolean,
): readonly SourcePatch[] {
  const text = texts.get(file)
  if (text === undefined || !PATCHES.some((field) => text.includes(field))) return []
  const read = readOneDocument(text)
  const data = recordOf(read.ok ? read.value?.data : undefined)
  return patchesOf(data, (path) => texts.get(join(parentOf(file), path) ?? '')).flatMap(({ words, target }) =>
    isMeant(words, target) ? [{ file, name: textOf(target['name']) ?? writtenName(words) }] : [],
  )
}

interface PatchParts {
  /** The text of the patch, inline or in a file. */
  readonly words: string
  /** The objects that it is for. */
  readonly target: Target
}

function patchesOf(fields: Target, textAt: (path: string) => string | undefined): readonly PatchParts[] {
  return PATCHES.flatMap((field) => listOf(fields[field])).map((entry) => partsOf(entry, textAt))
}

function partsOf(entry: unknown, textAt: (path: string) => string | undefined): PatchParts {
  if (typeof entry === 'string') return { words: textAt(entry) ?? entry, target: {} }
  if (!isRecord(entry)) return { words: '', target: {} }
  const { patch, path, target } = entry
  const inFile = typeof path === 'string' ? textAt(path) : undefined
  return { words: textOf(patch) ?? inFile ?? JSON.stringify(entry), target: recordOf(target) }
}

/** A JSON pointer (`/spec/source/path`), a field path (`spec.source.path`), or a part of an Application. */
const ARGO_SOURCE = /\bspec[/.](?:template[/.]spec[/.])?sources?\b/
/** The same for a Flux Kustomization. An operation has a `path` too, but that is a pointer. */
const FLUX_SOURCE =
  /\bspec[/.](?:path|sourceRef|postBuild|patches|components|targetNamespace)\b|\b(?:sourceRef|postBuild|components|targetNamespace)["']?\s*:|\bpath["']?\s*:\s*["']?(?!\/spec)/

function changesSource(words: string, target: Target): boolean {
  if (ARGO_SOURCE.test(words)) return true
  if (!isOfDeployer(words, target)) return false
  return /\bsources?["']?\s*:/.test(words) || (isOfFlux(words, target) && FLUX_SOURCE.test(words))
}

const CHANGED_KINDS: ReadonlySet<string> = new Set(['Application', 'ApplicationSet', 'Kustomization'])

/** The kind of a target is a regular expression. */
function isOfDeployer(words: string, target: Target): boolean {
  const kind = textOf(target['kind'])
  if (kind !== undefined && /^\w+$/.test(kind)) return CHANGED_KINDS.has(kind)
  return /\bApplication|\bspec[/.](?:source|destination)/.test(words) || isOfFlux(words, target)
}

function isOfFlux(words: string, target: Target): boolean {
  const { group, kind } = target
  const isMeant = [group, kind].some((one) => /Kustomization|kustomize\.toolkit/.test(textOf(one) ?? ''))
  return isMeant || /\bkustomize\.toolkit\.fluxcd\.io\//.test(words)
}

function writtenName(words: string): string | undefined {
  const read = readOneDocument(words)
  const { metadata } = recordOf(read.ok ? read.value?.data : undefined)
  return textOf(recordOf(metadata)['name'])
}

/** A name in a target is a regular expression. One with other characters than a name's may be for any deployer. */
function isFor({ name }: SourcePatch, deployer: string): boolean {
  return name === undefined || name === deployer || /[^a-z0-9.-]/.test(name)
}
