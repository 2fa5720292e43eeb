import type { Texts } from '../environment/closure.ts'
import type { Environment } from '../environment/graph.ts'
import { isRecord, parseSource } from '../environment/source.ts'
import { join, parentOf } from '../environment/tree.ts'
import type { Place } from '../manifest/parse.ts'
import type { Route } from '../traffic/route.ts'

/** The patches of a commit's kustomizations that set weights. */
export interface Patches {
  /** Files that are patches, not objects. */
  readonly files: ReadonlySet<string>
  /** Where a patch sets the weights of a route in one of these environments; undefined where none does. */
  of(route: Pick<Route, 'kind' | 'name'>, environments: readonly string[]): Place | undefined
}

interface WeightPatch extends Place {
  readonly environment: string
  /** A name or a pattern that must match all of it, as kustomize reads `target`; undefined: any. */
  readonly kind: string | undefined
  readonly name: string | undefined
}

/** Keys of a route's spec with rules. A strategic merge patch of a custom resource replaces such a list as a whole. */
const SECTIONS = ['http', 'tls', 'tcp', 'rules']
/** A JSON pointer that replaces rules, or something of their destinations. */
const POINTER = /^\/spec(\/(http|tls|tcp|rules)(\/[\d-]+(\/(route|backendRefs)(\/.*)?)?)?)?$/

export function patchesOf(environments: readonly Environment[], texts: Texts): Patches {
  const entries = environments.flatMap(({ name, files }) =>
    files
      .filter(isKustomization)
      .flatMap((file) => entriesOf(file, texts).map((entry) => ({ environment: name, entry }))),
  )
  const files = new Set(entries.flatMap(({ entry }) => (entry.isFile ? [entry.file] : [])))
  const found = entries.flatMap(({ environment, entry }) =>
    weightPatches(entry).map((patch): WeightPatch => ({ ...patch, environment })),
  )
  const of: Patches['of'] = (route, names) => {
    const patch = found.find(
      ({ environment, kind, name }) =>
        names.includes(environment) && matches(kind, route.kind) && matches(name, route.name),
    )
    return patch === undefined ? undefined : { file: patch.file, line: patch.line }
  }
  return { files, of }
}

function isKustomization(path: string): boolean {
  return /(^|\/)kustomization(\.ya?ml)?$/i.test(path)
}

interface Entry extends Place {
  readonly text: string
  readonly isFile: boolean
  readonly target: Readonly<Record<string, unknown>> | undefined
}

/** The patches that a kustomization names or holds. */
function entriesOf(file: string, texts: Texts): readonly Entry[] {
  const parsed = parseSource(texts.get(file) ?? '')
  const [source] = parsed.ok ? parsed.documents : []
  if (source === undefined || !isRecord(source.data)) return []
  const { data } = source
  return ['patches', 'patchesStrategicMerge', 'patchesJson6902'].flatMap((field) => {
    const items: readonly unknown[] = Array.isArray(data[field]) ? data[field] : []
    return items.flatMap((item, index): Entry[] => {
      const line = source.lineOf([field, index])
      if (typeof item === 'string') return [entryOf({ file, line }, item, texts)]
      if (!isRecord(item)) return []
      const target = isRecord(item['target']) ? item['target'] : undefined
      const { path, patch } = item
      const text = typeof path === 'string' ? path : patch
      return typeof text === 'string' ? [{ ...entryOf({ file, line }, text, texts), target }] : []
    })
  })
}

/** A path of a file where there is one, else the patch itself. */
function entryOf(place: Place, text: string, texts: Texts): Entry {
  const path = text.includes('\n') ? undefined : join(parentOf(place.file), text)
  const content = path === undefined ? undefined : texts.get(path)
  return path === undefined || content === undefined
    ? { ...place, text, isFile: false, target: undefined }
    : { file: path, line: 1, text: content, isFile: true, target: undefined }
}

function weightPatches(entry: Entry): readonly Omit<WeightPatch, 'environment'>[] {
  const parsed = parseSource(entry.text)
  if (!parsed.ok) return []
  return parsed.documents.flatMap((source) => {
    const at = weightPathOf(source.data)
    if (at === undefined) return []
    const own = isRecord(source.data) ? source.data : {}
    const metadata = isRecord(own['metadata']) ? own['metadata'] : {}
    const names = entry.target ?? { kind: own['kind'], name: metadata['name'] }
    const line = entry.isFile ? source.lineOf(at) : entry.line
    return [{ file: entry.file, line, kind: textOf(names['kind']), name: textOf(names['name']) }]
  })
}

/** Where a patch says something about weights: in a list of JSON 6902 operations, or in an object's spec. */
function weightPathOf(data: unknown): readonly (string | number)[] | undefined {
  if (Array.isArray(data)) {
    const index = data.findIndex(
      (op: unknown) =>
        isRecord(op) && op['op'] !== 'test' && typeof op['path'] === 'string' && POINTER.test(op['path']),
    )
    return index === -1 ? undefined : [index]
  }
  const spec = isRecord(data) && isRecord(data['spec']) ? data['spec'] : {}
  const section = SECTIONS.find((name) => name in spec)
  return section === undefined ? undefined : ['spec', section]
}

function matches(pattern: string | undefined, name: string): boolean {
  if (pattern === undefined || pattern === name) return true
  try {
    return new RegExp(`^(?:${pattern})$`).test(name)
  } catch {
    return false
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
