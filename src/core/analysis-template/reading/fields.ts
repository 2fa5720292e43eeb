import { isRecord } from '../../manifest/data.ts'
import type { SpecProblem, WANTED } from '../template-problem.ts'
import { goDuration } from './go-duration.ts'

/** A map of a template that is read key by key. Mistakes are added to `problems`. */
export interface Fields {
  readonly data: Readonly<Record<string, unknown>>
  /** Such as `metrics[0]`. */
  readonly place: string
  readonly problems: SpecProblem[]
}

export function complain({ place, problems }: Fields, key: string, wanted: (typeof WANTED)[number]): undefined {
  problems.push({ code: 'invalid', place: fieldPlace(place, key), wanted })
  return undefined
}

export function fieldPlace(place: string, key: string): string {
  return place === '' ? key : `${place}.${key}`
}

/** Undefined if the key is missing, or is not a string. */
export function textField(fields: Fields, key: string): string | undefined {
  const value = fields.data[key]
  if (value === undefined || value === null || value === '') return undefined
  return typeof value === 'string' ? value : complain(fields, key, 'a text')
}

export function durationField(fields: Fields, key: string): number | undefined {
  const text = textField(fields, key)
  if (text === undefined) return undefined
  return goDuration(text) ?? complain(fields, key, 'a duration')
}

/** A whole number, or a string with one, because arguments are strings. */
export function wholeField(fields: Fields, key: string, least: 0 | -1): number | undefined {
  const value = fields.data[key]
  if (value === undefined || value === null) return undefined
  const number = typeof value === 'string' && /^-?\d{1,9}$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) return complain(fields, key, 'a whole number')
  return number >= least ? number : complain(fields, key, least === 0 ? 'at least 0' : 'at least -1')
}

export function recordField(fields: Fields, key: string): Readonly<Record<string, unknown>> | undefined {
  const value = fields.data[key]
  return isRecord(value) ? value : complain(fields, key, 'a map')
}

/** Reports unknown keys. */
export function refuseOthers({ data, place, problems }: Fields, known: readonly string[]): void {
  for (const key of Object.keys(data))
    if (!known.includes(key)) problems.push({ code: 'unsupported', place: fieldPlace(place, key), what: key })
}
