import type { Detail } from '../../finding/finding.ts'
import type { Wants } from '../../finding/misfit.ts'
import { code, list } from '../markdown/markdown.ts'
import type { ProblemWords } from './problem-words.ts'

type DetailOf<Code extends Detail['code']> = Extract<Detail, { code: Code }>

/** A value that does not match the schema. Perch does not repeat the value itself, because it may contain anything. */
export function misfitWords({ at, of, wants }: DetailOf<'schema'>): ProblemWords {
  const { what, next } = said(at, wants)
  return {
    what: `does not match the schema of ${of}: ${what}. Kubernetes refuses it, and the cluster keeps the old object.`,
    next,
  }
}

function said(at: string, wants: Wants): ProblemWords {
  const place = code(at)
  switch (wants.what) {
    case 'type':
      return { what: `${place} must be ${named(wants.type)}, but is ${named(wants.is)}`, next: typeNext(wants) }
    case 'field':
      return { what: `${at === '' ? 'it' : place} has no ${code(wants.name)}`, next: 'Add it.' }
    case 'one-of':
      return { what: `${place} must be one of ${list(wants.values)}`, next: 'Use one of them.' }
    case 'least':
    case 'most': {
      const unit = wants.of === 'value' ? '' : ` ${wants.of}`
      const verb = wants.of === 'value' ? 'be' : 'have'
      return { what: `${place} must ${verb} at ${wants.what} ${wants.number}${unit}`, next: 'Correct it.' }
    }
    case 'form':
      return { what: `${place} does not have the form ${code(wants.form)}`, next: 'Correct it.' }
    case 'choice':
      return {
        what: `${place} has fields that exclude each other, or has none of the fields of which it needs one`,
        next: 'Use exactly one of them.',
      }
  }
}

const NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  fraction: 'a fraction',
  boolean: '`true` or `false`',
  array: 'a list',
  object: 'a mapping',
  null: 'empty',
}

function named(types: string): string {
  return types
    .split(' or ')
    .map((type) => NAMES[type] ?? code(type))
    .join(' or ')
}

function typeNext({ type, is }: Extract<Wants, { what: 'type' }>): string {
  if (is === 'string' && ['integer', 'number', 'boolean'].includes(type)) return 'Write it without quotes.'
  if (type === 'string' && ['number', 'fraction', 'boolean'].includes(is)) return 'Put it in quotes.'
  return type === 'array' ? 'Make it a list: `- ` before each entry.' : 'Correct it.'
}

/** A field that looks like a typing mistake. */
export function fieldWords({ at, of, near, place }: DetailOf<'wrong-field'>): ProblemWords {
  const next = near === undefined ? `It belongs in ${code(place ?? '')}: move it there.` : `Did you mean ${code(near)}?`
  return { what: `has ${code(at)}, which is not in the schema of ${of}: it is refused, or has no effect.`, next }
}
