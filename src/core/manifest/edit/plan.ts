import { isAlias, isMap, isNode, isScalar, isSeq, type Pair, type Scalar, visit, type YAMLMap } from 'yaml'
import { err, ok, type Result } from '../../result.ts'
import { fillEmpty, insertLines, keyLine, removeLines, restoreEmpty, stepOf } from './block.ts'
import { cutItem, pasteItem } from './copy.ts'
import { applyEffects, type Effect } from './effect.ts'
import { insertInFlow, isMadeHere, removeFromFlow } from './flow.ts'
import { replaceLiteral } from './literal.ts'
import { nodeAt, pairOf } from './nodes.ts'
import { type Path, valueAt } from '../data.ts'
import type { SourceDocument } from '../parse.ts'
import { isPlainText, type NewPairs, valueText } from './style.ts'
import { applySplices, type Splice } from '../yaml/text.ts'
import type { TextChange } from './verify.ts'

/** Why a value cannot be changed in place. */
export type PlanCode = 'anchored' | 'aliased' | 'block-text' | 'no-place' | 'odd-number' | 'template'

export interface Write {
  readonly path: Path
  readonly value: string | number | undefined
}

export interface PlanFailure {
  readonly code: PlanCode
  readonly path: Path
}

export type PlanResult = Result<TextChange, PlanFailure>

/** What a plan needs to know about a document. */
export type PlanContext = Pick<SourceDocument, 'document'> & {
  readonly data: unknown
  readonly text: string
  /** Anchors that an alias refers to. Their nodes appear in more than one place. */
  readonly shared: ReadonlySet<string>
}

export function contextOf({ document, data, hasAlias, piece }: SourceDocument): PlanContext {
  const shared = new Set<string>()
  if (hasAlias) visit(document, { Alias: (_, alias) => void shared.add(alias.source) })
  return { document, data, text: piece.text, shared }
}

/** The changes that write values into one map: in place if the keys exist, or by adding and removing keys. */
export function planWrites(context: PlanContext, parent: Path, writes: readonly Write[]): PlanResult {
  const changes: TextChange[] = []
  const added: [string, string | number][] = []
  const removed: string[] = []
  for (const { path, value } of writes) {
    const key = String(path.at(-1))
    const code = whereFrom(context, path, value)
    if (code !== undefined) return err({ code, path })
    if (value !== undefined && !hasKey(context, path)) added.push([key, value])
    else if (value !== undefined) {
      const splice = replaceValue(context, nodeAt(context.document, path), value)
      if (typeof splice === 'string') return err({ code: splice, path })
      changes.push({ splices: [splice], effects: [{ kind: 'set', path, value }] })
    } else if (hasKey(context, path)) removed.push(key)
  }
  const grown = added.length === 0 ? NOTHING : addKeys(context, parent, added)
  if (typeof grown === 'string') return err({ code: grown, path: parent })
  const shrunk = removed.length === 0 ? NOTHING : removeKeys(context, parent, removed)
  if (shrunk === undefined) return err({ code: 'no-place', path: parent })
  return ok(together([...changes, grown, shrunk]))
}

const NOTHING: TextChange = { splices: [], effects: [] }

function together(changes: readonly TextChange[]): TextChange {
  return { splices: changes.flatMap(({ splices }) => splices), effects: changes.flatMap(({ effects }) => effects) }
}

/** Inserts a copy of an item after it, with some values changed. */
export function planCopy(context: PlanContext, path: Path, writes: readonly Write[]): PlanResult {
  const cutting = cutItem(context, path)
  if (cutting === undefined || cutting === 'anchored') return err({ code: cutting ?? 'no-place', path })
  const item = valueAt(context.data, path)
  const inner: PlanContext = { ...context, ...cutting, data: cutting.at.length === 0 ? item : [item] }
  const changes: TextChange[] = []
  for (const group of byParent(writes.map((write) => ({ ...write, path: [...cutting.at, ...write.path] })))) {
    const planned = planWrites(inner, group.parent, group.writes)
    if (!planned.ok) return err({ code: planned.error.code, path })
    changes.push(planned.value)
  }
  const { splices, effects } = together(changes)
  const text = applySplices(cutting.text, splices)
  const pasted = text === undefined ? undefined : pasteItem(context, path, text)
  if (pasted === undefined) return err({ code: 'no-place', path })
  const copied = valueAt(applyEffects(inner.data, effects), cutting.at)
  return ok({ splices: pasted, effects: [{ kind: 'insert-behind', path, item: copied }] })
}

export interface Group {
  readonly parent: Path
  readonly writes: readonly Write[]
}

/** All new keys of one map must be inserted by one splice, in the given order. */
export function byParent(writes: readonly Write[]): readonly Group[] {
  const groups = new Map<string, { parent: Path; writes: Write[] }>()
  for (const write of writes) {
    const parent = write.path.slice(0, -1)
    const key = JSON.stringify(parent)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { parent, writes: [write] })
    else group.writes.push(write)
  }
  return [...groups.values()]
}

function hasKey({ document }: PlanContext, path: Path): boolean {
  const map = nodeAt(document, path.slice(0, -1))
  if (isSeq(map)) return typeof path.at(-1) === 'number' && map.items.length > Number(path.at(-1))
  return isMap(map) && pairOf(map, path.at(-1)) !== undefined
}

/** Whether the value at a path comes from another place of the document, or is used there too. */
function whereFrom(context: PlanContext, path: Path, value: Write['value']): 'anchored' | 'aliased' | undefined {
  for (let length = 0; length <= path.length; length += 1) {
    const at = path.slice(0, length)
    const node = nodeAt(context.document, at)
    if (isShared(context, node)) return 'anchored'
    // A single value may replace the value from an alias or a merge key, but a collection may not.
    const isOwn = length === path.length && value !== undefined
    if (isAlias(node)) return length === path.length ? undefined : 'aliased'
    if (node === undefined && (valueAt(context.data, at) ?? null) !== null && !isOwn) return 'aliased'
  }
  return undefined
}

/** Whether aliases show a node in other places too. */
export function isShared({ shared }: Pick<PlanContext, 'shared'>, node: unknown): boolean {
  return (isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined && shared.has(node.anchor)
}

/** Why a value cannot be replaced, or the splice that does it. An alias is replaced, and the node that it refers to stays. */
export function replaceValue(
  { text }: Pick<PlanContext, 'text'>,
  node: unknown,
  value: string | number,
): Splice | PlanCode {
  const range = isNode(node) ? node.range : undefined
  if (range === undefined || range === null) return 'no-place'
  const [start, end] = range
  if (isAlias(node)) return { start, end, text: valueText(value) }
  if (!isScalar(node)) return isMap(node) && isTemplate(node) ? 'template' : 'no-place'
  return replaceScalar(text, node, { start, end, value })
}

function replaceScalar(
  text: string,
  scalar: Scalar,
  { start, end, value }: { readonly start: number; readonly end: number; readonly value: string | number },
): Splice | PlanCode {
  if (scalar.type === 'BLOCK_LITERAL' && typeof value === 'string')
    return replaceLiteral(text, scalar, value) ?? 'block-text'
  const code = whyNot(scalar, value)
  if (code !== undefined) return code
  const put = scalarText(value, scalar)
  if (start !== end) return { start, end, text: put }
  // An empty value is right after `key:` or right before its comment, so spaces are needed: `key:25` and `25# why` would be
  // strings.
  return { start, end, text: `${text[start - 1] === ':' ? ' ' : ''}${put}${text[start] === '#' ? ' ' : ''}` }
}

/**
 * A number that every YAML parser reads in the same way, or no value at all. YAML 1.1 reads a leading zero as octal and YAML 1.2 as
 * decimal, which is the same for one digit up to 7: `00` is 0 in both.
 */
const PLAIN_NUMBER = /^(?:0*[0-7]?|[1-9]\d*|~|null|Null|NULL)$/

function whyNot(scalar: Scalar, value: string | number): PlanCode | undefined {
  if (scalar.type === 'BLOCK_FOLDED' || scalar.type === 'BLOCK_LITERAL') return 'block-text'
  const source = scalar.source ?? ''
  if (source.includes('{{')) return 'template'
  const isPlain = scalar.type === 'PLAIN' && scalar.tag === undefined && PLAIN_NUMBER.test(source)
  return typeof value === 'number' && !isPlain ? 'odd-number' : undefined
}

/** `{{ .Values.weight }}` is valid YAML: a flow map with a flow map as its key. */
function isTemplate(map: YAMLMap): boolean {
  return map.flow === true && map.items.some(({ key }) => isMap(key))
}

/** A value as YAML, in the same quotes as the old one. */
function scalarText(value: string | number, old: Scalar): string {
  if (typeof value === 'number') return String(value)
  if (old.type === 'QUOTE_SINGLE' && !/[^\x20-\x7e\u00a0-\ud7ff]/.test(value)) return `'${value.replaceAll("'", "''")}'`
  const wasText = old.type === 'PLAIN' && typeof old.value === 'string' && old.source === old.value
  const isAlike = VARIABLE.test(value) && VARIABLE.test(old.source ?? '')
  return wasText && (isPlainText(value) || isAlike) ? value : valueText(value)
}

/** A Flux variable with a number as its default. */
const VARIABLE = /^\$\{\w+(?::?=|:-)\d+\}$/

function addKeys(context: PlanContext, parent: Path, added: NewPairs): TextChange | PlanCode {
  const holder = holderOf(context, parent)
  if (typeof holder === 'string') return holder
  const { map, at } = holder
  const pairs = parent.slice(at.length).reduceRight<NewPairs>((inner, key) => [[String(key), inner]], added)
  const effects = added.map(([key, value]): Effect => ({ kind: 'set', path: [...parent, key], value }))
  const [[key, inner] = []] = pairs
  const empty = pairOf(map, key)
  const above = pairAt(context, at)
  const isInFlow = isInFlowMap(context, at)
  if (empty !== undefined) {
    if (map.flow === true || typeof inner !== 'object') return 'no-place'
    const splices = fillEmpty(context.text, empty, { pairs: inner, step: stepOf(context.text, map, above) })
    return splices === undefined ? 'no-place' : { splices, effects }
  }
  const splices =
    map.flow === true
      ? insertInFlow(context.text, map, { pairs, loose: isInFlow })
      : insertLines(context.text, map, { pairs, step: stepOf(context.text, map, above) })
  return splices === undefined ? 'no-place' : { splices, effects }
}

/** The deepest existing map on the way to a path. */
function holderOf({ document }: PlanContext, path: Path): { readonly map: YAMLMap; readonly at: Path } | PlanCode {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = nodeAt(document, path.slice(0, length))
    if (isMap(node)) return isTemplate(node) ? 'template' : { map: node, at: path.slice(0, length) }
    if (isAlias(node)) return 'aliased'
    if (isNode(node) && !(isScalar(node) && node.value === null)) return 'no-place'
  }
  return 'no-place'
}

/** Removes keys of a map. Undefined if that is not possible. A map that becomes empty is removed, unless it was empty before Perch. */
function removeKeys(context: PlanContext, parent: Path, removed: readonly string[]): TextChange | undefined {
  const map = nodeAt(context.document, parent)
  if (!isMap(map)) return undefined
  const pairs = removed.flatMap((key) => pairOf(map, key) ?? [])
  const effects = removed.map((key): Effect => ({ kind: 'set', path: [...parent, key], value: undefined }))
  const above = pairAt(context, parent)
  if (pairs.length < map.items.length || above === undefined)
    return changeOf(removePairs(context.text, map, pairs), effects)

  const outer = nodeAt(context.document, parent.slice(0, -1))
  if (!isMap(outer)) return undefined
  if (map.flow === true) {
    if (outer.flow !== true || !isMadeHere(context.text, map))
      return changeOf(removeFromFlow(context.text, map, pairs), [{ kind: 'set', path: parent, value: {} }])
    return changeOf(removeFromFlow(context.text, outer, [above]), [{ kind: 'set', path: parent, value: undefined }])
  }
  const lines = removeLines(context.text, map, pairs)
  const restored = restoreEmpty(context.text, above)
  if (lines !== undefined && restored !== undefined)
    return { splices: [restored, ...lines], effects: [{ kind: 'set', path: parent, value: null }] }
  return changeOf(keyLine(context.text, above, { outer, map, pairs }), [
    { kind: 'set', path: parent, value: undefined },
  ])
}

function changeOf(splices: readonly Splice[] | undefined, effects: readonly Effect[]): TextChange | undefined {
  return splices === undefined ? undefined : { splices, effects }
}

function removePairs(text: string, map: YAMLMap, pairs: readonly Pair[]): readonly Splice[] | undefined {
  return map.flow === true ? removeFromFlow(text, map, pairs) : removeLines(text, map, pairs)
}

/** The pair that has the value at a path. */
function pairAt({ document }: PlanContext, path: Path): Pair | undefined {
  const outer = nodeAt(document, path.slice(0, -1))
  return path.length > 0 && isMap(outer) ? pairOf(outer, path.at(-1)) : undefined
}

function isInFlowMap({ document }: PlanContext, path: Path): boolean {
  const outer = nodeAt(document, path.slice(0, -1))
  return path.length > 0 && (isMap(outer) || isSeq(outer)) && outer.flow === true
}
