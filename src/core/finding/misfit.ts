/** Where an object does not fit the schema of its kind. */
import { closest, distance } from 'fastest-levenshtein'
import type { RenderedObject } from '../diff/objects.ts'
import type { Path } from '../manifest/data.ts'
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

export function misfitFinding(misfit: Misfit): Finding {
  const { object, path } = misfit
  return { object, path, detail: misfit.code === 'value' ? valueDetail(misfit) : fieldDetail(misfit) }
}

const ISTIOS = new Set([
  'VirtualService destination',
  'VirtualService host',
  'VirtualService sniHosts',
  'DestinationRule host',
])

function valueDetail({ object, path, of, wants }: Extract<Misfit, { code: 'value' }>): Detail {
  // Those that istioctl has rules of its own for.
  if (object.group === 'networking.istio.io' && wants.what === 'field' && ISTIOS.has(`${object.kind} ${wants.name}`))
    return { code: 'IST0106', what: 'no-field', said: pathText([...path, wants.name]) }
  return { code: 'schema', at: pathText(path), of, wants }
}

/**
 * Our schemas are of one version, and the cluster may run a later one with more fields: only what looks like a slip is called
 * one, a name much like another, or a name that belongs to another place.
 */
function fieldDetail({ path, of, fields, elsewhere }: Extract<Misfit, { code: 'field' }>): Detail {
  const name = String(path.at(-1))
  const at = pathText(path)
  const near = nearest(name, fields)
  const place = elsewhere[0]
  if (near !== undefined) return { code: 'wrong-field', at, of, near }
  if (place !== undefined) return { code: 'wrong-field', at, of, place: pathText(place) }
  return { code: 'unknown-field', at, of }
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

/** `spec.http[0].route[1].weight`; a key that is no plain word stands in quotes. */
function pathText(path: Path): string {
  return path
    .map((key) => {
      if (typeof key === 'number') return `[${key}]`
      return /^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
    })
    .join('')
    .replace(/^\./, '')
}
