/** Where an object does not fit the schema of its kind. */
import { closest, distance } from 'fastest-levenshtein'
import type { RenderedObject } from '../diff/objects.ts'
import { isRecord, type Path } from '../manifest/data.ts'
import type { Detail, Finding } from './finding.ts'

/** What a schema wants of a value. */
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
  /** One of several fields, where there are none or too many. */
  | { readonly what: 'choice' }

export type Misfit = {
  readonly object: RenderedObject
  /** Whose schema: `Istio 1.29`. */
  readonly of: string
  readonly path: Path
} & (
  | { readonly code: 'value'; readonly wants: Wants }
  /** A field that the schema does not have. */
  | {
      readonly code: 'field'
      /** Those that it has in this place. */
      readonly fields: readonly string[]
      /** Where else in the object it has one of that name, the nearest first. */
      readonly elsewhere: readonly Path[]
    }
)

/** What a schema refuses. Text that is filled in after the build is never judged: nobody knows what it will be. */
export function misfitFindings(misfit: Misfit): readonly Finding[] {
  const { object, path } = misfit
  if (isFilledIn(object.data, path)) return []
  if (misfit.code === 'field') {
    const detail = fieldDetail(misfit)
    return detail === undefined ? [] : [{ object, path, detail, grade: 'warning' }]
  }
  const { of, wants } = misfit
  // Another version, or the experimental channel, may know more words.
  const grade = wants.what === 'one-of' ? 'warning' : 'error'
  return [{ object, path, detail: { code: 'schema', at: pathText(path), of, wants }, grade }]
}

/** Whether a value, or anything in it, is text that Flux substitutes or that only a generator of Argo CD knows. */
function isFilledIn(data: unknown, path: Path): boolean {
  let at: unknown = data
  for (const key of path) at = Array.isArray(at) ? at[Number(key)] : isRecord(at) ? at[String(key)] : undefined
  return path.some((key) => OPEN_TEXT.test(String(key))) || OPEN_TEXT.test(JSON.stringify(at) ?? '')
}

const OPEN_TEXT = /\$\{|\{\{/

/**
 * Our schemas are of one version, and the cluster may run a later one with more fields: only what looks like a slip is called
 * one, a name much like another, or a name that belongs to another place.
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

/** `spec.http[0].route[1].weight`; a key that is not a plain word stands in quotes. */
function pathText(path: Path): string {
  return path
    .map((key) => {
      if (typeof key === 'number') return `[${key}]`
      return /^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
    })
    .join('')
    .replace(/^\./, '')
}
