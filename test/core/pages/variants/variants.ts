import { createHash } from 'node:crypto'
import { parseAllDocuments, stringify } from 'yaml'
import type { RenderedObject } from '../../../../src/core/diff/objects.ts'
import { isRecord, type JsonValue, recordOf } from '../../../../src/core/manifest/data.ts'
import { groupOf } from '../../../../src/core/manifest/identity.ts'

export type Objects = readonly RenderedObject[]

/** Some data with one small change, and the name of the change: `without spec.http[0].name`. */
interface Variant<T> {
  readonly name: string
  readonly data: T
}

/**
 * Variants of data: with each part removed (a single part together with its parent), each number and text changed, and each list
 * reversed. A page with the results of all of them shows which parts matter, and that the others do not.
 */
export function variantsOf(data: JsonValue, path = '', others = othersOf): readonly Variant<JsonValue>[] {
  if (Array.isArray(data)) {
    const list: readonly JsonValue[] = data
    const inner = list.flatMap((item, index) => [
      ...(list.length === 1 ? [] : [{ name: `without ${path}[${index}]`, data: list.toSpliced(index, 1) }]),
      ...variantsOf(item, `${path}[${index}]`, others).map((one) => ({ ...one, data: list.with(index, one.data) })),
    ])
    return list.length < 2 ? inner : [...inner, { name: `${path} turned around`, data: list.toReversed() }]
  }
  if (isRecord(data)) {
    const record: { readonly [key: string]: JsonValue } = data
    return Object.entries(record).flatMap(([key, value]) => {
      const at = path === '' ? key : `${path}.${key}`
      const { [key]: _, ...rest } = record
      return [
        ...(path !== '' && Object.keys(record).length === 1 ? [] : [{ name: `without ${at}`, data: rest }]),
        ...variantsOf(value, at, others).map((one) => ({ ...one, data: { ...record, [key]: one.data } })),
      ]
    })
  }
  return others(data).map((other) => ({ name: `${path} ${JSON.stringify(other)}`, data: other }))
}

function othersOf(value: JsonValue): readonly JsonValue[] {
  if (typeof value === 'number') return value === 0 ? [1] : [0, value + 1]
  if (typeof value === 'string') return [`${value}x`]
  return typeof value === 'boolean' ? [!value] : []
}

/** Rendered objects with one of them changed or removed. Results that are no longer objects are left out. */
export function objectVariants(objects: Objects, isVaried: readonly boolean[]): readonly Variant<Objects>[] {
  return objects.flatMap((object, index) => {
    if (isVaried[index] !== true) return []
    const title = `${object.kind}/${object.name}`
    const changed = variantsOf(object.data).flatMap(({ name, data }) => {
      const now = objectOf(data)
      return now === undefined ? [] : [{ name: `${title} ${name}`, data: objects.with(index, now) }]
    })
    return [{ name: `without ${title}`, data: objects.toSpliced(index, 1) }, ...changed]
  })
}

function objectOf(value: JsonValue): RenderedObject | undefined {
  if (!isRecord(value)) return undefined
  const data: RenderedObject['data'] = value
  const { apiVersion, kind, metadata } = data
  const { name, namespace } = recordOf(metadata)
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || typeof name !== 'string') return undefined
  return { group: groupOf(apiVersion), kind, namespace: typeof namespace === 'string' ? namespace : '', name, data }
}

/** The results of variants that differ from the original. Several variants with the same result share one line. */
export function variantLines<T>(
  data: T,
  variants: readonly Variant<T>[],
  read: (data: T) => readonly string[],
): readonly string[] {
  const usual = read(data)
  const names = new Map<string, string[]>()
  for (const variant of variants) {
    const change = changeOf(usual, read(variant.data))
    if (change !== undefined) names.set(change, [...(names.get(change) ?? []), variant.name])
  }
  return [...names].map(([change, all]) => `${all.join(' · ')}\n  ${change}`)
}

/** Nobody reads more lines than this. A digest represents the rest. */
const MOST_LINES = 5

function changeOf(before: readonly string[], after: readonly string[]): string | undefined {
  const [old, now] = [new Set(before), new Set(after)]
  const gone = before.filter((line) => !now.has(line)).map((line) => `- ${line}`)
  const come = after.filter((line) => !old.has(line)).map((line) => `+ ${line}`)
  const all = [...gone, ...come]
  if (all.length === 0) return before.join('\n') === after.join('\n') ? undefined : 'in another order or number'
  const rest = all.slice(MOST_LINES)
  const digest = createHash('sha256').update(rest.join('\n')).digest('hex').slice(0, 6)
  return [...all.slice(0, MOST_LINES), ...(rest.length === 0 ? [] : [`and ${rest.length} more: ${digest}`])].join(
    '\n  ',
  )
}

/** Each value in some data on its own line: `web.rules[0].share: 5`. */
export function flatLines(data: unknown, path = ''): readonly string[] {
  if (data === undefined) return []
  if (data instanceof Map) return flatLines(Object.fromEntries(data), path)
  if (Array.isArray(data) && data.some((item) => typeof item === 'object'))
    return data.flatMap((item: unknown, index) => flatLines(item, `${path}[${index}]`))
  if (isRecord(data) && Object.keys(data).length > 0)
    return Object.entries(data).flatMap(([key, value]) => flatLines(value, path === '' ? key : `${path}.${key}`))
  return [`${path}: ${JSON.stringify(data)}`]
}

function documentsIn(file: string, text: string): readonly JsonValue[] {
  const isYaml = /\.ya?ml$/.test(file) && !text.includes('{{ .Values')
  return isYaml ? parseAllDocuments(text).map((document): JsonValue => document.toJS()) : []
}

/** The texts in the style that their variants have. */
export function restyled(
  texts: ReadonlyMap<string, string>,
  isVaried: (file: string) => boolean,
): ReadonlyMap<string, string> {
  return new Map(
    [...texts].map(([file, text]) => {
      const documents = isVaried(file) ? documentsIn(file, text) : []
      return [file, documents.length === 0 ? text : documents.map((data) => stringify(data)).join('---\n')]
    }),
  )
}

/** The texts of a repository with one of them removed, or one of its documents changed. */
export function textVariants(
  texts: ReadonlyMap<string, string>,
  isVaried: (file: string) => boolean,
): readonly Variant<ReadonlyMap<string, string>>[] {
  return [...texts].flatMap(([file, text]) => {
    if (!isVaried(file)) return []
    const documents = documentsIn(file, text)
    const written = documents.map((data) => stringify(data))
    const changed = documents.flatMap((data, index) =>
      variantsOf(data).map((one) => ({
        name: `${file}${documents.length > 1 ? `#${index}` : ''} ${one.name}`,
        data: new Map([...texts, [file, written.with(index, stringify(one.data)).join('---\n')]]),
      })),
    )
    const others = new Map(texts)
    others.delete(file)
    return [{ name: `without ${file}`, data: others }, ...changed]
  })
}
