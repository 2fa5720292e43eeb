/** Findings about objects that do not match the schema of their kind. */
import { closest, distance } from 'fastest-levenshtein'
import type { RenderedObject } from '../diff/objects.ts'
import { type Path, valueAt } from '../manifest/data.ts'
import type { Detail, Finding } from './finding.ts'
import { OPEN_TEXT } from './scene/hosts.ts'

/** What a schema expects of a value. */
export type Wants =
  | { readonly what: 'type'; readonly type: string; readonly is: string }
  | { readonly what: 'field'; readonly name: string }
  | { readonly what: 'one-of'; readonly values: readonly string[] }
  | {
      readonly what: 'least' | 'most'
      readonly of: 'value' | 'entries' | 'characters' | 'fields'
      readonly number: number
    }
  | { readonly what: 'form'; readonly form: string }
  /** One of several fields, if none or too many of them are set. */
  | { readonly what: 'choice' }

export type Misfit = {
  readonly object: RenderedObject
  /** The schema and its version: `Istio 1.29`. */
  readonly of: string
  readonly path: Path
} & (
  | { readonly code: 'value'; readonly wants: Wants }
  /** A field that is not in the schema. */
  | {
      readonly code: 'field'
      /** The fields that the schema has in this place. */
      readonly fields: readonly string[]
      /** Other paths in the object where the schema has a field of that name, the nearest first. */
      readonly elsewhere: readonly Path[]
    }
)

/**
 * The findings about what a schema refuses. Text that is filled in or decrypted after the build is never judged, because its value is
 * unknown.
 */
export function misfitFindings(misfit: Misfit): readonly Finding[] {
  const { object, path } = misfit
  if (isFilledIn(object.data, path)) return []
  if (misfit.code === 'field') {
    const detail = fieldDetail(misfit)
    return detail === undefined ? [] : [{ object, path, detail, grade: 'warning' }]
  }
  const { of, wants } = misfit
  // Another version, or the experimental channel, may accept more values.
  const grade = wants.what === 'one-of' ? 'warning' : 'error'
  return [{ object, path, detail: { code: 'schema', at: pathText(path), of, wants }, grade }]
}

/** Whether a value contains text that Flux substitutes or decrypts, or that only an Argo CD generator knows. */
function isFilledIn(data: unknown, path: Path): boolean {
  const text = JSON.stringify(valueAt(data, path)) ?? ''
  return path.some((key) => OPEN_TEXT.test(String(key))) || OPEN_TEXT.test(text)
}

/**
 * Our schemas have one version, and the cluster may run a later one with more fields. So only likely mistakes are reported: a
 * name that is similar to another one, or that belongs to another place.
 */
function fieldDetail({ path, of, fields, elsewhere }: Extract<Misfit, { code: 'field' }>): Detail | undefined {
  const name = String(path.at(-1))
  const at = pathText(path)
  const near = nearest(name, fields)
  const place = elsewhere[0]
  if (near !== undefined) return { code: 'wrong-field', at, of, near }
  return place === undefined ? undefined : { code: 'wrong-field', at, of, place: pathText(place) }
}

function nearest(name: string, fields: readonly string[]): string | undefined {
  if (fields.length === 0) return undefined
  const best = closest(
    name.toLowerCase(),
    fields.map((field) => field.toLowerCase()),
  )
  const isNear = distance(name.toLowerCase(), best) <= Math.min(2, Math.floor(name.length / 3))
  return isNear ? fields.find((field) => field.toLowerCase() === best) : undefined
}

/** `spec.http[0].route[1].weight`. A key that is not a plain word is quoted. */
function pathText(path: Path): string {
  return path
    .map((key) => {
      if (typeof key === 'number') return `[${key}]`
      return /^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
    })
    .join('')
    .replace(/^\./, '')
}
