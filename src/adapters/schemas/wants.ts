import { isRecord } from '../../core/manifest/data.ts'
import type { Wants } from '../../core/finding/misfit.ts'
import type { SchemaComplaint } from './schema.ts'

const CHOICES = new Set(['oneOf', 'anyOf', 'not'])

/** Summarizes the complaints about one value, without those that only follow from another one. */
export function wantsOf(complaints: readonly SchemaComplaint[], value: unknown): readonly Wants[] {
  const types = complaints.filter(({ keyword }) => keyword === 'type').flatMap(({ params }) => params.type ?? [])
  if (types.length > 0) return [{ what: 'type', type: [...new Set(types)].join(' or '), is: typeName(value) }]
  if (complaints.some(({ keyword }) => CHOICES.has(keyword))) return [{ what: 'choice' }]
  return complaints.map(wantOf)
}

const LIMITS: Readonly<Record<string, Pick<Extract<Wants, { of: string }>, 'what' | 'of'>>> = {
  minimum: { what: 'least', of: 'value' },
  maximum: { what: 'most', of: 'value' },
  minItems: { what: 'least', of: 'entries' },
  maxItems: { what: 'most', of: 'entries' },
  minLength: { what: 'least', of: 'characters' },
  maxLength: { what: 'most', of: 'characters' },
  minProperties: { what: 'least', of: 'fields' },
  maxProperties: { what: 'most', of: 'fields' },
}

function wantOf({ keyword, params }: SchemaComplaint): Wants {
  const limit = LIMITS[keyword]
  if (limit !== undefined) return { ...limit, number: params.limit ?? 0 }
  if (params.missingProperty !== undefined) return { what: 'field', name: params.missingProperty }
  if (params.allowedValues !== undefined) return { what: 'one-of', values: params.allowedValues.map(String) }
  return { what: 'form', form: params.pattern ?? params.format ?? keyword }
}

function typeName(value: unknown): string {
  if (value === undefined || value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (isRecord(value)) return 'object'
  return typeof value === 'number' && !Number.isInteger(value) ? 'fraction' : typeof value
}
