/** The changes between two renders of an environment, object by object, for people to read. */
import { isRecord, type JsonValue } from '../manifest/data.ts'
import { shortDefinition } from '../manifest/definition.ts'
import { type StructuredPatch, structuredPatch } from 'diff'
import { stringify } from 'yaml'
import { type IgnoreRule, withoutIgnored } from './ignore.ts'
import { maskPairs } from './mask.ts'
import { compareText, type RenderedObject, wholeObject } from './objects.ts'
import { type Pair, pairObjects } from './pair.ts'
import { type ObjectIdentity, titleOf } from '../manifest/identity.ts'

interface Hunk {
  /** `@@ -1,7 +1,7 @@` */
  readonly header: string
  /** Each begins with a space, `-` or `+`. */
  readonly lines: readonly string[]
}

export interface RenderedChange {
  readonly type: 'added' | 'removed' | 'changed'
  readonly identity: ObjectIdentity
  /** `VirtualService default/api-service`, or `ClusterRole admin` without a namespace. */
  readonly title: string
  readonly hunks: readonly Hunk[]
  readonly additions: number
  readonly deletions: number
  /** How many counted lines of a schema the hunks do not show. */
  readonly unshown: number
}

const CONTEXT_LINES = 3
/** Above this, the best diff takes seconds, and nobody reads it. Then all old lines are removed and all new ones added. */
const MAX_EDITS = 1_500
/**
 * The time grows with the square of the edits. All objects share a budget of three of the largest diffs, and each gets at least
 * `FEW_EDITS`.
 */
const MAX_WORK = 3 * MAX_EDITS ** 2
const FEW_EDITS = 60

/** Which parts of a diff are shown, according to the config. */
export interface View {
  /** Kinds whose values are hidden like those of a Secret, as `Kind` or `group/Kind`. */
  readonly secrets: readonly string[]
  readonly ignore: readonly IgnoreRule[]
}

/** Shows everything except the values of Secrets. */
export const WHOLE: View = { secrets: [], ignore: [] }

export interface RenderedChanges {
  readonly changes: readonly RenderedChange[]
  /** How many objects have only changes that the view hides. */
  readonly hidden: number
}

/**
 * The objects that differ: first those about traffic, then by kind, namespace and name. The values of Secrets are hidden in this
 * function, so that no caller can get a diff that contains them.
 */
export function diffRendered(
  before: readonly RenderedObject[],
  after: readonly RenderedObject[],
  view: View = WHOLE,
): RenderedChanges {
  const differing = pairObjects(before, after).flatMap(shownOf)
  const masked = maskPairs(differing, { kinds: view.secrets, all: [...before, ...after] })
  const work = { left: MAX_WORK }
  const shown = masked.map((pair) => changeOf(pair, withoutIgnored(pair, view.ignore), work))
  return { changes: shown.filter((change) => change !== undefined), hidden: shown.filter((one) => !one).length }
}

/** The order of keys does not matter. */
function isDifferent({ before, after }: Pair): boolean {
  if (before === undefined || after === undefined) return true
  // Both were parsed from the same document.
  if (before.data === after.data) return false
  const written = (object: RenderedObject): string => JSON.stringify(ordered(object.data))
  return JSON.stringify(before.data) !== JSON.stringify(after.data) && written(before) !== written(after)
}

/**
 * Empty if both sides are equal. The schemas of a CustomResourceDefinition are shown if they change, but not if the whole
 * definition is added or removed.
 */
function shownOf(pair: Pair): readonly Pair[] {
  const { before, after } = pair
  if (!isDifferent(pair)) return []
  if (before?.abridged === undefined && after?.abridged === undefined) return [pair]
  const shown = before !== undefined && after !== undefined ? wholeObject : withoutSchemas
  const both = { ...(before && { before: shown(before) }), ...(after && { after: shown(after) }) }
  return isDifferent(both) ? [both] : []
}

function withoutSchemas(object: RenderedObject): RenderedObject {
  return { ...object, data: shortDefinition(object.data) }
}

/**
 * Undefined if the view hides all differences. There are no hunks if the only differences are in Secret values, which look the
 * same when hidden.
 */
function changeOf(masked: Pair, { before, after }: Pair, work: Work): RenderedChange | undefined {
  const object = after ?? before
  const [old, current] = [dump(before), dump(after)]
  const isSeen = old !== current || !isDifferent(masked)
  if (object === undefined || !isSeen) return undefined
  const hunks = hunksOf(old, current, work)
  const count = (sign: string) => hunks.flatMap(({ lines }) => lines).filter((line) => line.startsWith(sign)).length
  const { group, kind, namespace, name, abridged } = object
  const type = changeType(before, after)
  const unshown = type === 'changed' ? 0 : (abridged?.lines ?? 0)
  return {
    type,
    identity: { group, kind, namespace, name },
    title: titleOf(object),
    hunks,
    additions: count('+') + (type === 'added' ? unshown : 0),
    deletions: count('-') + (type === 'removed' ? unshown : 0),
    unshown,
  }
}

function changeType(before: RenderedObject | undefined, after: RenderedObject | undefined): RenderedChange['type'] {
  if (before === undefined) return 'added'
  return after === undefined ? 'removed' : 'changed'
}

interface Work {
  left: number
}

function hunksOf(old: string, current: string, work: Work): readonly Hunk[] {
  if (old === current) return []
  if (old === '' || current === '') return [replacement(old, current)]
  const most = Math.max(FEW_EDITS, Math.min(MAX_EDITS, Math.floor(Math.sqrt(work.left))))
  const patch = structuredPatch('', '', old, current, '', '', { context: CONTEXT_LINES, maxEditLength: most })
  work.left = Math.max(0, work.left - (patch === undefined ? most : editsOf(patch)) ** 2)
  if (patch === undefined) return [replacement(old, current)]
  return patch.hunks.map(({ oldStart, oldLines, newStart, newLines, lines }) => ({
    header: `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    lines,
  }))
}

function editsOf({ hunks }: StructuredPatch): number {
  return hunks.reduce((sum, { lines }) => sum + lines.filter((line) => !line.startsWith(' ')).length, 0)
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

/** YAML that depends only on the data: keys are sorted, after those that identify the object. */
function dump(object: RenderedObject | undefined): string {
  if (object === undefined) return ''
  return stringify(ordered(object.data), { lineWidth: 0, aliasDuplicateObjects: false })
}

const FIRST = ['apiVersion', 'kind', 'name', 'namespace', 'metadata']

function ordered(data: JsonValue): JsonValue {
  if (Array.isArray(data)) return data.map((item: JsonValue) => ordered(item))
  if (!isRecord(data)) return data
  const rank = (key: string) => (FIRST.includes(key) ? FIRST.indexOf(key) : FIRST.length)
  const entries = Object.entries(data).sort(([a], [b]) => rank(a) - rank(b) || compareText(a, b))
  return Object.fromEntries(entries.map(([key, value]) => [key, ordered(value)]))
}
