import { canonicalText } from '../../manifest/data.ts'
import { isRecord, type Path } from '../../manifest/data.ts'
import { type Jq, parseJq, type Sign } from './jq.ts'

/** A value, and its path in the object. A computed value has no path. */
interface Spot {
  readonly path: Path | undefined
  readonly value: unknown
}

/**
 * The number of spots that may still be visited. An object with many rules has much fewer, and the limit stops expressions that
 * multiply.
 */
interface Budget {
  left: number
}

const MAX_SPOTS = 50_000

class Unread extends Error {}

/**
 * The paths in an object that a jq expression selects, as for `del(…)`. `unknown` if it contains something that this module does
 * not read.
 */
export function jqPaths(expression: string, object: unknown): readonly Path[] | 'unknown' {
  const parsed = parseJq(expression)
  if (parsed === undefined) return 'unknown'
  try {
    return run(parsed, { path: [], value: object }, { left: MAX_SPOTS }).flatMap(({ path }) =>
      path === undefined ? [] : [path],
    )
  } catch (error) {
    if (error instanceof Unread) return 'unknown'
    throw error
  }
}

function run(jq: Jq, at: Spot, budget: Budget): readonly Spot[] {
  const found = spots(jq, at, budget)
  budget.left -= found.length + 1
  if (budget.left < 0) throw new Unread()
  return found
}

function spots(jq: Jq, at: Spot, budget: Budget): readonly Spot[] {
  switch (jq.op) {
    case 'here':
      return [at]
    case 'below':
      return below(at)
    case 'literal':
      return [computed(jq.value)]
    case 'field':
      return run(jq.of, at, budget).flatMap((spot) => inner(spot, jq.key))
    case 'each':
      return run(jq.of, at, budget).flatMap(entriesOf)
    case 'pipe':
      return run(jq.left, at, budget).flatMap((spot) => run(jq.right, spot, budget))
    case ',':
      return [...run(jq.left, at, budget), ...run(jq.right, at, budget)]
    case '//':
      return alternative(run(jq.left, at, budget).filter(isTrue), () => run(jq.right, at, budget))
    case 'and':
      return [computed(run(jq.left, at, budget).some(isTrue) && run(jq.right, at, budget).some(isTrue))]
    case 'or':
      return [computed(run(jq.left, at, budget).some(isTrue) || run(jq.right, at, budget).some(isTrue))]
    case 'compare':
      return run(jq.left, at, budget).flatMap((left) =>
        run(jq.right, at, budget).map((right) => computed(compare(jq.sign, left.value, right.value))),
      )
    case 'call':
      return called(jq, at, budget)
  }
}

function called({ name, argument }: Extract<Jq, { op: 'call' }>, at: Spot, budget: Budget): readonly Spot[] {
  if (name === 'not' && argument === undefined) return [computed(!isTrue(at))]
  if (name === 'empty' && argument === undefined) return []
  if (argument === undefined) throw new Unread()
  if (name === 'select') return run(argument, at, budget).flatMap((answer) => (isTrue(answer) ? [at] : []))
  if (name === 'recurse') throw new Unread()
  const answers = run(argument, at, budget).map(({ value }) => answer(name, at.value, value))
  return answers.map(computed)
}

function answer(name: string, value: unknown, given: unknown): boolean {
  if (name === 'has')
    return isRecord(value) ? String(given) in value : Array.isArray(value) && Number(given) < value.length
  if (typeof value !== 'string' || typeof given !== 'string') throw new Unread()
  if (name === 'startswith') return value.startsWith(given)
  if (name === 'endswith') return value.endsWith(given)
  if (name === 'contains') return value.includes(given)
  throw new Unread()
}

function alternative(found: readonly Spot[], other: () => readonly Spot[]): readonly Spot[] {
  return found.length > 0 ? found : other()
}

function compare(sign: Sign, left: unknown, right: unknown): boolean {
  const isSame = canonicalText(left) === canonicalText(right)
  if (sign === '==' || sign === '!=') return isSame === (sign === '==')
  if (typeof left !== 'number' || typeof right !== 'number') throw new Unread()
  if (isSame) return sign.endsWith('=')
  return left < right === sign.startsWith('<')
}

function computed(value: unknown): Spot {
  return { path: undefined, value }
}

function isTrue({ value }: Spot): boolean {
  return value !== false && value !== null && value !== undefined
}

/** A missing field counts too, because the file need not contain what a deployer ignores. */
function inner({ path, value }: Spot, key: string | number): readonly Spot[] {
  const isIn = typeof key === 'number' ? Array.isArray(value) : isRecord(value)
  if (!isIn) return []
  const found: unknown = Array.isArray(value) ? value.at(Number(key)) : isRecord(value) ? value[String(key)] : undefined
  const place = Array.isArray(value) && Number(key) < 0 ? value.length + Number(key) : key
  return [{ path: path === undefined ? undefined : [...path, place], value: found }]
}

function entriesOf(spot: Spot): readonly Spot[] {
  const { value } = spot
  if (Array.isArray(value)) return value.flatMap((_, index) => inner(spot, index))
  return isRecord(value) ? Object.keys(value).flatMap((key) => inner(spot, key)) : []
}

function below(spot: Spot): readonly Spot[] {
  return [spot, ...entriesOf(spot).flatMap(below)]
}
