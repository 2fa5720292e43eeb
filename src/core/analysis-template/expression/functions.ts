/** The functions of conditions: those that Argo Rollouts adds to expr-lang, and those of expr-lang that are about numbers and lists. */
import type { ValueType } from './trouble.ts'

/** A value of a condition while it is evaluated. */
export type Value = number | string | boolean | null | readonly Value[]

interface PlainFunction {
  /** The type of each argument. `each`: any number of numbers, or one list of numbers. */
  readonly takes: readonly ValueType[] | 'each'
  readonly gives: ValueType
  /** Returns undefined if there is no answer. */
  readonly run: (args: readonly Value[], result: Value) => Value | undefined
}

const numbers = (value: Value | undefined): readonly number[] =>
  (Array.isArray(value) ? value : []).filter((item) => typeof item === 'number')

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** Go sorts NaN before all numbers. */
function inOrder(one: number, other: number): number {
  if (Number.isNaN(one) || Number.isNaN(other)) return Number(Number.isNaN(other)) - Number(Number.isNaN(one))
  return one < other ? -1 : Number(one > other)
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted(inOrder)
  const above = Math.floor(sorted.length / 2)
  const [low = 0, high = low] = sorted.slice(Math.ceil(sorted.length / 2) - 1, above + 1)
  return (low + high) / 2
}

const ofNumber = (gives: ValueType, run: (value: number) => Value | undefined): PlainFunction => ({
  takes: ['number'],
  gives,
  run: ([value]) => (typeof value === 'number' ? run(value) : undefined),
})

/** Go's `math` functions do not accept whole numbers. The evaluation ends. */
const ofFloat: typeof ofNumber = (gives, run) => ({ ...ofNumber(gives, run), takes: ['float'] })

const ofNumbers = (gives: ValueType, run: (values: readonly number[]) => Value | undefined): PlainFunction => ({
  takes: ['numbers'],
  gives,
  run: ([value]) => run(numbers(value)),
})

/**
 * The value that no other value beats, found like in expr-lang: from left to right, and with the measured list handled
 * separately. NaN beats nothing and nothing beats NaN: it wins if it comes first, and is skipped elsewhere.
 */
const extreme = (beats: (one: number, other: number) => boolean): PlainFunction => {
  const best = (values: readonly number[]): readonly number[] =>
    values.length === 0 ? [] : [values.reduce((most, value) => (beats(value, most) ? value : most))]
  return {
    takes: 'each',
    gives: 'number',
    run: (args, result) => {
      const values = args.map((arg) => (typeof arg === 'number' ? [arg] : numbers(arg)))
      return best(values.flatMap((own, index) => (args[index] === result ? best(own) : own)))[0]
    },
  }
}

/** The limit of Go's whole numbers. The result of converting larger numbers, NaN and infinity depends on the processor. */
const WHOLE_END = 2 ** 63

function wholeOf(value: Value | undefined): number | undefined {
  if (typeof value === 'number') return Math.abs(value) < WHOLE_END ? Math.trunc(value) : undefined
  return typeof value === 'string' && /^[+-]?\d+$/.test(value) ? Number(value) : undefined
}

function floatOf(value: Value | undefined): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' && /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(value)
    ? Number(value)
    : undefined
}

/** Go rounds halves away from zero. */
const rounded = (value: number): number => Math.sign(value) * Math.round(Math.abs(value))

const asWhole: PlainFunction = { takes: ['any'], gives: 'int', run: ([value]) => wholeOf(value) }
const asFloat: PlainFunction = { takes: ['any'], gives: 'number', run: ([value]) => floatOf(value) }

const PLAIN: Readonly<Record<string, PlainFunction>> = {
  asInt: asWhole,
  asFloat,
  int: asWhole,
  float: asFloat,
  isNaN: ofFloat('truth', Number.isNaN),
  isInf: ofFloat('truth', (value) => Math.abs(value) === Number.POSITIVE_INFINITY),
  // Argo Rollouts applies both to the measurement, whatever their argument is, and Prometheus never returns nil.
  isNil: { takes: ['any'], gives: 'truth', run: () => false },
  default: { takes: ['any', 'any'], gives: 'any', run: (_, result) => result },
  len: { takes: ['list'], gives: 'int', run: ([value]) => (Array.isArray(value) ? value.length : undefined) },
  abs: ofNumber('number', Math.abs),
  ceil: ofNumber('number', Math.ceil),
  floor: ofNumber('number', Math.floor),
  round: ofNumber('number', rounded),
  min: extreme((one, other) => one < other),
  max: extreme((one, other) => one > other),
  mean: ofNumbers('number', (values) => (values.length === 0 ? 0 : sum(values) / values.length)),
  median: ofNumbers('number', median),
  first: ofNumbers('any', (values) => values[0] ?? null),
  last: ofNumbers('any', (values) => values.at(-1) ?? null),
}

/** A function that evaluates a predicate for each item, and combines the answers. */
interface PredicateFunction {
  /** `same`: the type of its argument. */
  readonly gives: ValueType | 'same'
  /** The type that the predicate must return. */
  readonly asks: 'truth' | 'number' | 'any'
  /** Without a predicate, each item stands for itself. */
  readonly isOptional: boolean
  readonly run: (items: readonly Value[], answers: readonly Value[]) => Value
}

const yes = (answers: readonly Value[]): number => answers.filter((answer) => answer === true).length

const PREDICATES: Readonly<Record<string, PredicateFunction>> = {
  all: { gives: 'truth', asks: 'truth', isOptional: false, run: (_, said) => yes(said) === said.length },
  any: { gives: 'truth', asks: 'truth', isOptional: false, run: (_, said) => yes(said) > 0 },
  none: { gives: 'truth', asks: 'truth', isOptional: false, run: (_, said) => yes(said) === 0 },
  one: { gives: 'truth', asks: 'truth', isOptional: false, run: (_, said) => yes(said) === 1 },
  count: { gives: 'int', asks: 'truth', isOptional: true, run: (_, said) => yes(said) },
  sum: { gives: 'number', asks: 'number', isOptional: true, run: (_, said) => sum(numbers(said)) },
  map: { gives: 'list', asks: 'any', isOptional: false, run: (_, said) => said },
  filter: {
    gives: 'same',
    asks: 'truth',
    isOptional: false,
    run: (items, said) => items.filter((_, index) => said[index] === true),
  },
}

export function plainFunction(name: string): PlainFunction | undefined {
  return Object.hasOwn(PLAIN, name) ? PLAIN[name] : undefined
}

export function predicateFunction(name: string): PredicateFunction | undefined {
  return Object.hasOwn(PREDICATES, name) ? PREDICATES[name] : undefined
}

export function isKnownFunction(name: string): boolean {
  return plainFunction(name) !== undefined || takesPredicate(name)
}

export function takesPredicate(name: string): boolean {
  return predicateFunction(name) !== undefined
}
