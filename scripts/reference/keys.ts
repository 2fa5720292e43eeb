/** The keys of a JSON Schema as a flat list, for the page about the configuration. */
import type * as z from 'zod'

type Schema = z.core.JSONSchema.BaseSchema

export interface ConfigKey {
  /** `services`, `<name>`, `analysis`, `checks`, `[]`, `metric`. */
  readonly path: readonly string[]
  /** For people: `text`, `number`, `list of text`. */
  readonly type: string
  /** The values that are allowed, if they are few. */
  readonly values: readonly string[]
  /** The default, as YAML or JSON writes it. */
  readonly fallback: string | undefined
  readonly description: string
}

/** Every key below a schema, parents before children. Alternatives are merged: the first one that has a key describes it. */
export function keysOf(schema: Schema, path: readonly string[] = []): readonly ConfigKey[] {
  const found = alternatives(schema).flatMap((one) => [
    ...Object.entries(one.properties ?? {}).flatMap(([name, child]) => keyAndBelow(child, [...path, name])),
    ...(isSchema(one.additionalProperties) ? keysOf(one.additionalProperties, [...path, '<name>']) : []),
    ...(isSchema(one.items) ? keysOf(one.items, isPlainList(schema) ? [...path, '[]'] : path) : []),
  ])
  return [...new Map(found.toReversed().map((key) => [key.path.join('.'), key])).values()].toReversed()
}

function keyAndBelow(child: Schema | boolean, path: readonly string[]): readonly ConfigKey[] {
  if (!isSchema(child)) return []
  const key: ConfigKey = {
    path,
    type: typeOf(child),
    values: valuesOf(child),
    fallback: isPlain(child.default) ? String(child.default) : listText(child.default),
    description: child.description ?? '',
  }
  return [key, ...keysOf(child, path)]
}

/** If one entry may replace a list of one, its keys are those of the entry. */
function isPlainList(schema: Schema): boolean {
  return schema.anyOf === undefined
}

function alternatives(schema: Schema): readonly Schema[] {
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].filter(isSchema)
  return inner.length === 0 ? [schema] : inner.flatMap(alternatives)
}

function typeOf(schema: Schema): string {
  const names = alternatives(schema).map((one) => {
    if (one.type === 'array') return isSchema(one.items) ? `list of ${plural(typeOf(one.items))}` : 'list'
    return NAMES[String(one.type)] ?? 'value'
  })
  return [...new Set(names)].join(' or ')
}

const NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: '`true` or `false`',
  object: 'object',
}

function plural(type: string): string {
  return type === 'text' || type.includes(' or ') ? type : `${type}s`
}

function valuesOf(schema: Schema): readonly string[] {
  return alternatives(schema).length > 1 || schema.enum === undefined ? [] : schema.enum.map(String)
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

/** Empty lists and objects are the code's way to express that there is no default. */
function listText(value: unknown): string | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined
  return JSON.stringify(value).replaceAll(',', ', ').replaceAll('"', '')
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
