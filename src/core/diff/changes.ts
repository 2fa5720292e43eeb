/** What changes between two renders of an environment, object by object, as a person wants to read it. */
import { structuredPatch } from 'diff'
import { stringify } from 'yaml'
import { maskSecrets } from './mask.ts'
import { type Data, type Identity, identityKey, isMapping, type RenderedObject, titleOf } from './objects.ts'

export interface Hunk {
  /** `@@ -1,7 +1,7 @@` */
  readonly header: string
  /** Each starts with a space, `-` or `+`. */
  readonly lines: readonly string[]
}

export interface Change {
  readonly type: 'added' | 'removed' | 'changed'
  readonly identity: Identity
  /** `VirtualService default/api-service`; without a namespace `ClusterRole admin`. */
  readonly title: string
  readonly hunks: readonly Hunk[]
  readonly additions: number
  readonly deletions: number
}

const CONTEXT_LINES = 3
/** Beyond, the best diff costs seconds and nobody reads it: everything old is removed, everything new added. */
const MAX_EDITS = 2000

/**
 * The objects that differ, sorted by kind, namespace and name. Secrets' values are hidden in here, whatever the caller has
 * done: there is no way to a diff with them.
 */
export function diffRendered(before: readonly RenderedObject[], after: readonly RenderedObject[]): readonly Change[] {
  const masked = maskSecrets(before, after)
  const pairs = new Map<string, Pair>()
  for (const object of masked.before) pairs.set(identityKey(object), { before: object })
  for (const object of masked.after)
    pairs.set(identityKey(object), { ...pairs.get(identityKey(object)), after: object })
  return [...pairs.entries()].sort(([a], [b]) => compare(a, b)).flatMap(([, pair]) => changeOf(pair) ?? [])
}

interface Pair {
  readonly before?: RenderedObject
  readonly after?: RenderedObject
}

function changeOf({ before, after }: Pair): Change | undefined {
  const object = after ?? before
  if (object === undefined || JSON.stringify(before?.data) === JSON.stringify(after?.data)) return undefined
  const [old, current] = [dump(before), dump(after)]
  // Only the order of keys differs.
  if (old === current) return undefined
  const hunks = hunksOf(old, current)
  const count = (sign: string) => hunks.flatMap(({ lines }) => lines).filter((line) => line.startsWith(sign)).length
  const { group, kind, namespace, name } = object
  return {
    type: changeType(before, after),
    identity: { group, kind, namespace, name },
    title: titleOf(object),
    hunks,
    additions: count('+'),
    deletions: count('-'),
  }
}

function changeType(before: RenderedObject | undefined, after: RenderedObject | undefined): Change['type'] {
  if (before === undefined) return 'added'
  return after === undefined ? 'removed' : 'changed'
}

function hunksOf(old: string, current: string): readonly Hunk[] {
  const options = { context: CONTEXT_LINES, maxEditLength: MAX_EDITS }
  const patch = structuredPatch('', '', old, current, '', '', options)
  if (patch === undefined) return [replacement(old, current)]
  return patch.hunks.map(({ oldStart, oldLines, newStart, newLines, lines }) => ({
    header: `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    lines,
  }))
}

function replacement(old: string, current: string): Hunk {
  const removed = linesOf(old)
  const added = linesOf(current)
  return {
    header: `@@ -${removed.length === 0 ? 0 : 1},${removed.length} +${added.length === 0 ? 0 : 1},${added.length} @@`,
    lines: [...removed.map((line) => `-${line}`), ...added.map((line) => `+${line}`)],
  }
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}

/** YAML that depends on the data only: keys sorted, with those first by which a reader knows an object. */
function dump(object: RenderedObject | undefined): string {
  if (object === undefined) return ''
  return stringify(ordered(object.data), { lineWidth: 0, aliasDuplicateObjects: false })
}

const FIRST = ['apiVersion', 'kind', 'name', 'namespace', 'metadata']

function ordered(data: Data): Data {
  if (Array.isArray(data)) return data.map((item: Data) => ordered(item))
  if (!isMapping(data)) return data
  const rank = (key: string) => (FIRST.includes(key) ? FIRST.indexOf(key) : FIRST.length)
  const entries = Object.entries(data).sort(([a], [b]) => rank(a) - rank(b) || compare(a, b))
  return Object.fromEntries(entries.map(([key, value]) => [key, ordered(value)]))
}

/** By code units: the same on every machine, whatever its language. */
function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
