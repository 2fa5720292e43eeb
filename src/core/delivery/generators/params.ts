/** The parameters that a generator of an ApplicationSet fills into the template for one Application. */
import { isRecord } from '../../manifest/data.ts'

/**
 * With `goTemplate`, a tree whose values are addressed like `{{ .a.b }}`. Otherwise the names as written: `{{a.b}}`,
 * `{{path[0]}}`.
 */
export type Params = Readonly<Record<string, unknown>>

/** A template's data with its parameters filled in. Parts that cannot be filled in stay. */
export function filledTemplate(data: unknown, params: Params, isGo: boolean): unknown {
  if (typeof data === 'string') return filledText(data, params, isGo)
  if (Array.isArray(data)) return data.map((item: unknown) => filledTemplate(item, params, isGo))
  if (!isRecord(data)) return data
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, filledTemplate(value, params, isGo)]))
}

export function filledText(text: string, params: Params, isGo: boolean): string {
  if (!text.includes('{{')) return text
  return text.replaceAll(/\{\{-?([^{}]*?)-?\}\}/g, (whole, expression: string) => {
    const value = isGo ? goValue(expression.trim(), params) : params[expression.trim()]
    return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : whole
  })
}

/** The value of a field path, or of an `index` of one. Undefined for functions and pipelines. */
function goValue(expression: string, params: Params): unknown {
  const index = /^index\s+\.(?<path>[\w.]+)(?<keys>(?:\s+(?:\d+|"[^"]*"))+)$/.exec(expression)?.groups
  const path = index?.['path'] ?? /^\.([\w.]+)$/.exec(expression)?.[1]
  if (path === undefined) return undefined
  const keys = [...(index?.['keys'] ?? '').matchAll(/\d+|"[^"]*"/g)].map(([key]) => key.replaceAll('"', ''))
  return [...path.split('.'), ...keys].reduce<unknown>((at, key) => {
    if (Array.isArray(at)) return at[Number(key)]
    return isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined
  }, params)
}

/** Data in the form of a generator's parameters. */
export function paramsOf(data: Params, isGo: boolean): Params {
  return isGo ? data : Object.fromEntries(flat(data, ''))
}

function flat(data: unknown, name: string): readonly (readonly [string, unknown])[] {
  if (Array.isArray(data)) return data.flatMap((item: unknown, index) => flat(item, inner(name, String(index))))
  if (isRecord(data)) return Object.entries(data).flatMap(([key, value]) => flat(value, inner(name, key)))
  return [[name, data]]
}

function inner(name: string, key: string): string {
  return name === '' ? key : `${name}.${key}`
}

/** The parameters of git generators for a path. `prefix`: their `pathParamPrefix`. */
export function pathParams(
  { folder, file }: { readonly folder: string; readonly file?: string },
  prefix: string,
  isGo: boolean,
): Params {
  const segments = folder.split('/')
  const basename = segments.at(-1) ?? ''
  const names = {
    basename,
    basenameNormalized: normalized(basename),
    ...(file === undefined ? {} : { filename: file, filenameNormalized: normalized(file) }),
  }
  if (isGo) {
    const path = { path: folder, segments, ...names }
    return prefix === '' ? { path } : { [prefix]: { path } }
  }
  const own = prefix === '' ? 'path' : `${prefix}.path`
  const named = Object.entries(names).map(([key, value]) => [`${own}.${key}`, value] as const)
  const numbered = segments.map((segment, index) => [`${own}[${index}]`, segment] as const)
  return { [own]: folder, ...Object.fromEntries([...named, ...numbered]) }
}

/** A name in the form of a Kubernetes name. */
export function normalized(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]/g, '-')
    .slice(0, 253)
    .replaceAll(/^[-.]+|[-.]+$/g, '')
}
