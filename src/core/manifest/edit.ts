import { type Document, isAlias, isMap, isScalar, type Scalar, type YAMLMap } from 'yaml'
import { err, ok, type Result } from '../result.ts'
import { isRecord, type Manifest, parseManifest, type Path, type Place, plain } from './parse.ts'
import { insertPairs, type NewPairs, removePair, type Splice } from './splice.ts'

/** One value to change: a number or a string to write, or undefined to take the key away. */
export interface Edit {
  readonly document: number
  readonly path: Path
  readonly value: string | number | undefined
}

export type EditRefusal = Place & {
  readonly code: 'anchored' | 'aliased' | 'block-text' | 'no-place' | 'would-leak'
  readonly path: Path
}

/**
 * Changes values in a file and nothing else: only the bytes of those values are spliced. The new text is parsed again and
 * compared with what the data should now be; any other difference refuses the edit. Removing the last key of a map
 * removes the map.
 */
export function editManifest(manifest: Manifest, edits: readonly Edit[]): Result<string, EditRefusal> {
  const splices: Splice[] = []
  for (const group of byParent(edits)) {
    const planned = planGroup(manifest, group)
    if (!planned.ok) return planned
    splices.push(...planned.value)
  }
  const text = applySplices(manifest.text, splices)
  const leak = leakOf(manifest, edits, text)
  return leak === undefined ? ok(text) : err(leak)
}

interface Group {
  readonly document: number
  readonly parent: Path
  readonly edits: readonly Edit[]
}

/** New keys of one map must go in by one splice, in the order given. */
function byParent(edits: readonly Edit[]): Group[] {
  const groups = new Map<string, Edit[]>()
  for (const edit of edits) {
    const key = JSON.stringify([edit.document, edit.path.slice(0, -1)])
    groups.set(key, [...(groups.get(key) ?? []), edit])
  }
  return [...groups.values()].map((group) => ({
    document: group[0]?.document ?? 0,
    parent: group[0]?.path.slice(0, -1) ?? [],
    edits: group,
  }))
}

function planGroup(manifest: Manifest, group: Group): Result<Splice[], EditRefusal> {
  const document = manifest.documents[group.document]
  const refusal = (code: EditRefusal['code'], path: Path): Result<never, EditRefusal> =>
    err({ code, path, file: manifest.file, line: manifest.line(group.document, path) })
  if (document === undefined) return refusal('no-place', group.parent)

  const splices: Splice[] = []
  const added: [string, string | number][] = []
  const removed: string[] = []
  for (const { path, value } of group.edits) {
    const key = path.at(-1)
    const node = document.getIn(path, true)
    if (value === undefined) removed.push(...(node === undefined ? [] : [String(key)]))
    else if (node === undefined && typeof key === 'string') added.push([key, value])
    else {
      const splice = replaceScalar(manifest.text, node, value)
      if (typeof splice === 'string') return refusal(splice, path)
      splices.push(splice)
    }
  }
  const structural = structuralSplices({ text: manifest.text, document, parent: group.parent }, added, removed)
  return typeof structural === 'string' ? refusal(structural, group.parent) : ok([...splices, ...structural])
}

interface Here {
  readonly text: string
  readonly document: Document
  readonly parent: Path
}

/** The splices that add and remove keys of one map, or why they cannot be made. */
function structuralSplices(
  here: Here,
  added: readonly [string, string | number][],
  removed: readonly string[],
): Splice[] | EditRefusal['code'] {
  if (added.length === 0 && removed.length === 0) return []
  const holder = holderOf(here.document, here.parent)
  if (typeof holder === 'string') return holder
  const splices: (Splice | undefined)[] = []
  if (added.length > 0) splices.push(insertPairs(here.text, holder.map, nest(holder.missing, added)))
  const empties = added.length === 0 && holder.map.items.length === removed.length && here.parent.length > 0
  if (empties) {
    const above = here.document.getIn(here.parent.slice(0, -1), true)
    splices.push(isMap(above) ? removePair(here.text, above, String(here.parent.at(-1))) : undefined)
  } else splices.push(...removed.map((key) => removePair(here.text, holder.map, key)))
  return splices.every((splice) => splice !== undefined) ? splices : 'no-place'
}

/** Why a scalar cannot be replaced, or the splice that does it. */
function replaceScalar(
  text: string,
  node: unknown,
  value: string | number,
): Splice | 'aliased' | 'anchored' | 'block-text' | 'no-place' {
  if (isAlias(node)) return 'aliased'
  if (!isScalar(node) || node.range === undefined || node.range === null) return 'no-place'
  if (node.anchor !== undefined) return 'anchored'
  if (node.type === 'BLOCK_FOLDED' || node.type === 'BLOCK_LITERAL') return 'block-text'
  const [start, end] = node.range
  // `key:` has an empty value right after the colon; without the blank, `key:25` would be a string.
  const blank = start === end && text[start - 1] === ':' ? ' ' : ''
  return { start, end, text: blank + scalarText(value, node) }
}

/** A value as YAML, in the quotes that the old one had. */
function scalarText(value: string | number, old: Scalar): string {
  if (typeof value === 'number') return String(value)
  if (old.type === 'QUOTE_SINGLE') return `'${value.replaceAll("'", "''")}'`
  return JSON.stringify(value)
}

/** The deepest map on the way to `parent` that exists, and the keys that are missing below it. */
function holderOf(
  document: Document,
  parent: Path,
): { readonly map: YAMLMap; readonly missing: readonly string[] } | EditRefusal['code'] {
  for (let length = parent.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(parent.slice(0, length), true)
    if (isAlias(node)) return 'aliased'
    if (node === undefined || (isScalar(node) && node.value === null)) continue
    if (!isMap(node)) return 'no-place'
    if (node.anchor !== undefined) return 'anchored'
    return { map: node, missing: parent.slice(length).map(String) }
  }
  return 'no-place'
}

function nest(missing: readonly string[], pairs: NewPairs): NewPairs {
  return missing.reduceRight<NewPairs>((inner, key) => [[key, inner]], pairs)
}

function applySplices(text: string, splices: readonly Splice[]): string {
  return [...splices]
    .sort((a, b) => b.start - a.start)
    .reduce((now, s) => now.slice(0, s.start) + s.text + now.slice(s.end), text)
}

/** Parses the new text and looks for any difference but the wanted ones. */
function leakOf(manifest: Manifest, edits: readonly Edit[], text: string): EditRefusal | undefined {
  const leak = (path: Path, line: number): EditRefusal => ({ code: 'would-leak', file: manifest.file, line, path })
  const after = parseManifest(manifest.file, text)
  if (!after.ok || after.value.documents.length !== manifest.documents.length) return leak([], 1)
  for (const [index, document] of manifest.documents.entries()) {
    const here = edits.filter((edit) => edit.document === index)
    const wanted = here.reduce((data, edit) => withValue(data, edit.path, edit.value), plain(document)?.value)
    const path = here[0]?.path ?? []
    if (!sameData(wanted, plainAt(after.value, index))) return leak(path, manifest.line(index, path))
  }
  return undefined
}

function plainAt(manifest: Manifest, index: number): unknown {
  const document = manifest.documents[index]
  return document === undefined ? undefined : plain(document)?.value
}

/** The data with one value changed; the original is left alone. A map that loses its last key goes with it. */
function withValue(data: unknown, path: Path, value: string | number | undefined): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (Array.isArray(data))
    return data.map((item: unknown, index) => (index === key ? withValue(item, rest, value) : item))
  const record = isRecord(data) ? data : {}
  const inner = withValue(record[String(key)], rest, value)
  const { [String(key)]: _gone, ...others } = record
  if (inner === undefined || (value === undefined && isRecord(inner) && Object.keys(inner).length === 0)) return others
  return { ...record, [String(key)]: inner }
}

function sameData(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => sameData(item, b[index]))
  if (isRecord(a) && isRecord(b)) {
    const keys = Object.keys(a)
    return keys.length === Object.keys(b).length && keys.every((key) => key in b && sameData(a[key], b[key]))
  }
  return Object.is(a, b)
}
