/**
 * Renders simple files like kustomize and helm, in this process: kustomizations with resources, a namespace and patches, and
 * charts whose templates use values, the release's name, `sub`, `eq` and `if`, and whose values may have a schema. Anything else
 * fails to build. test/contracts compares it with the real programs.
 */
import { Ajv } from 'ajv'
import { parse, parseAllDocuments, stringify } from 'yaml'
import type { BuildSource, HelmBuild, Renderer, RenderResult } from '../../src/ports/renderer.ts'

type Files = ReadonlyMap<string, string>
type Fields = Record<string, unknown>

class BuildFailed extends Error {}

export function memoryRenderer(): Renderer {
  return {
    tool: async (kind = 'kustomize') => `${kind} in memory`,
    render: async (files, source) => rendered(files, source),
  }
}

function rendered(files: Files, source: BuildSource): RenderResult {
  try {
    if (source.kind === 'helm') return { ok: true, yaml: chartText(files, source) }
    const objects = kustomized(files, source.root)
    return { ok: true, yaml: objects.map((one) => stringify(one)).join('---\n') }
  } catch (error) {
    if (error instanceof BuildFailed) return { ok: false, code: 'build-failed', detail: error.message }
    throw error
  }
}

function kustomized(files: Files, root: string): Fields[] {
  const at = (path: string): string => normal(root === '' ? path : `${root}/${path}`)
  const text = files.get(at('kustomization.yaml'))
  if (text === undefined) throw new BuildFailed(`Error: unable to find one of 'kustomization.yaml' in '${root}'`)
  const { apiVersion: _, kind: __, resources, namespace, patches, ...rest } = fieldsOf(parse(text))
  const { patchesStrategicMerge, namePrefix, ...others } = rest
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw new BuildFailed(`Error: ${unknown} is not built in memory`)
  const objects = listed(resources).flatMap((one) => {
    const path = at(String(one))
    const own = files.get(path)
    if (own !== undefined) return documentsIn(own)
    if ([...files.keys()].some((file) => file.startsWith(`${path}/`))) return kustomized(files, path)
    throw new BuildFailed(
      `Error: accumulating resources: accumulation err='accumulating resources from '${String(one)}'`,
    )
  })
  const merges = listed(patchesStrategicMerge).map((path) => ({ path }))
  for (const one of [...merges, ...listed(patches)].map(fieldsOf)) {
    const { path, patch: inline = '', target } = one
    const words = typeof path === 'string' ? files.get(at(path)) : inline
    if (typeof words !== 'string') throw new BuildFailed('Error: the file of a patch is not there')
    patchAll(objects, words, target)
  }
  if (namespace !== undefined) for (const one of objects) one['metadata'] = { ...fieldsOf(one['metadata']), namespace }
  if (typeof namePrefix === 'string') for (const one of objects) rename(one, namePrefix)
  return objects
}

function rename(object: Fields, prefix: string): void {
  const metadata = fieldsOf(object['metadata'])
  object['metadata'] = { ...metadata, name: `${prefix}${String(metadata['name'])}` }
}

/** Maps are merged, lists of objects for which kustomize has no schema are replaced, and null removes. */
function patchAll(objects: Fields[], text: string, target: unknown): void {
  const patch: unknown = parse(text)
  const wanted = fieldsOf(target ?? idOf(fieldsOf(patch)))
  const meant = objects.filter((one) => {
    const id = idOf(one)
    return (wanted['kind'] ?? id.kind) === id.kind && (wanted['name'] ?? id.name) === id.name
  })
  if (meant.length === 0 && target === undefined) throw new BuildFailed('Error: no matches for the target of a patch')
  for (const one of meant)
    if (Array.isArray(patch)) for (const step of patch.map(fieldsOf)) operate(one, step)
    else Object.assign(one, merged(one, target === undefined ? patch : nameless(patch)))
}

/** A patch with a target does not rename it. */
function nameless(patch: unknown): unknown {
  const { kind: _, metadata, ...others } = fieldsOf(patch)
  const { name: __, ...rest } = fieldsOf(metadata)
  return { ...others, metadata: rest }
}

function merged(old: unknown, patch: unknown): unknown {
  if (!isFields(patch) || !isFields(old)) return patch
  const out = { ...old }
  for (const [key, value] of Object.entries(patch))
    if (value === null) delete out[key]
    else out[key] = merged(out[key], value)
  return out
}

function operate(object: Fields, { op, path, value }: Fields): void {
  const keys = String(path)
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  const last = keys.pop() ?? ''
  let at: unknown = object
  for (const key of keys) at = (at as Fields | undefined)?.[key]
  if (typeof at !== 'object' || at === null) throw new BuildFailed(`Error: ${String(path)} is not there`)
  if (Array.isArray(at) && op === 'add') at.splice(last === '-' ? at.length : Number(last), 0, value)
  else if (op === 'remove') delete (at as Fields)[last]
  else (at as Fields)[last] = value
}

function chartText(files: Files, { chart, release, namespace, values, settings }: HelmBuild): string {
  const prefix = chart === '' ? '' : `${chart}/`
  const meta = files.get(`${prefix}Chart.yaml`)
  if (meta === undefined) throw new BuildFailed(`Error: Chart.yaml file is missing`)
  const name = String(fieldsOf(parse(meta))['name'])
  let all: unknown = parse(files.get(`${prefix}values.yaml`) ?? '') ?? {}
  for (const one of values) all = merged(all, parse('path' in one ? (files.get(one.path) ?? '') : one.text) ?? {})
  for (const { name, value, isText } of settings)
    all = merged(
      all,
      name.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), isText ? value : parse(value)),
    )
  const schema = files.get(`${prefix}values.schema.json`)
  if (schema !== undefined && !new Ajv().validate(fieldsOf(JSON.parse(schema)), all))
    throw new BuildFailed("Error: values don't meet the specifications of the schema(s) in the following chart(s)")
  const scope = { Values: all, Release: { Name: release, Namespace: namespace ?? 'default' } }
  const parts = [...files]
    .filter(([path]) => path.startsWith(`${prefix}templates/`) && path.endsWith('.yaml'))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([path, text]) => {
      const filled = filledIn(text, scope, path.slice(prefix.length)).trim()
      return filled === '' ? [] : [`---\n# Source: ${name}/${path.slice(prefix.length)}\n${filled}\n`]
    })
  return parts.join('')
}

/** A template without nested blocks. */
function filledIn(text: string, scope: Fields, name: string): string {
  const chosen = text.replaceAll(
    /\{\{-? *if (.+?) *-?\}\}\n?(.*?)\{\{-? *end *-?\}\}\n?/gs,
    (_, condition: string, body: string) => {
      const value = valueOf(condition, scope, name)
      return value === false || value === 0 || value === '' || value === undefined ? '' : body
    },
  )
  return chosen.replaceAll(/\{\{-? *((?:"[^"]*"|[^"])+?) *-?\}\}/g, (_, expression: string) => {
    const value = valueOf(expression, scope, name)
    return typeof value === 'string' ? value : JSON.stringify(value ?? '')
  })
}

function valueOf(expression: string, scope: Fields, name: string): unknown {
  const words = expression.split(/ +/)
  const [verb, ...rest] = words
  if (words.length === 1) return termOf(expression, scope, name)
  const [a, b] = rest.map((word) => termOf(word, scope, name))
  if (verb === 'sub') return Number(a) - Number(b)
  if (verb === 'eq') return a === b
  throw new BuildFailed(`Error: parse error at (${name}): function "${verb}" not defined`)
}

function termOf(word: string, scope: Fields, name: string): unknown {
  if (/^\d+$/.test(word)) return Number(word)
  if (word.startsWith('"')) return word.slice(1, -1)
  let at: unknown = scope
  for (const key of word.split('.').slice(1)) {
    if (typeof at !== 'object' || at === null)
      throw new BuildFailed(`Error: template: ${name}:1: nil pointer evaluating interface {}.${key}`)
    at = (at as Fields)[key]
  }
  return at
}

function documentsIn(text: string): Fields[] {
  return parseAllDocuments(text).flatMap((one) => (isFields(one.toJS()) ? [fieldsOf(one.toJS())] : []))
}

function idOf(object: Fields): { readonly kind: unknown; readonly name: unknown } {
  return { kind: object['kind'], name: fieldsOf(object['metadata'])['name'] }
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {}
}

/** A path without `..`. */
function normal(path: string): string {
  const out: string[] = []
  for (const part of path.split('/'))
    if (part === '..') out.pop()
    else if (part !== '.') out.push(part)
  return out.join('/')
}
