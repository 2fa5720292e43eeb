/** Evaluates a condition on a measurement. Evaluation always ends, and a condition without an answer never passes. */
import { err, ok, type Result } from '../../result.ts'
import { plainFunction, predicateFunction, type Value } from './functions.ts'
import type { Node } from './node.ts'
import { type Trouble, Unanswerable, type ValueType } from './trouble.ts'

/** Nested predicates multiply. A condition on a hundred series needs some hundred steps. */
const MAX_STEPS = 20_000

interface Run {
  readonly result: Value
  /** What `#` stands for. */
  readonly item: Value
  readonly steps: { left: number }
}

/** `result`: the measurement, as a list of the values of the series, or as a number if the query is a scalar. */
export function evaluateCondition(node: Node, result: number | readonly number[]): Result<boolean, Trouble> {
  try {
    const value = valueOf(node, { result, item: null, steps: { left: MAX_STEPS } })
    return typeof value === 'boolean' ? ok(value) : err({ code: 'not-truth', at: node.at, found: typeOfValue(value) })
  } catch (error) {
    if (error instanceof Unanswerable) return err(error.trouble)
    throw error
  }
}

function typeOfValue(value: Value): ValueType {
  if (value === null) return 'nil'
  if (typeof value === 'boolean') return 'truth'
  if (typeof value === 'string') return 'text'
  return typeof value === 'number' ? 'number' : 'list'
}

function mismatch(at: number, what: string, value: Value): Unanswerable {
  return new Unanswerable({ code: 'mismatch', at, what, found: typeOfValue(value) })
}

function valueOf(node: Node, run: Run): Value {
  run.steps.left -= 1
  if (run.steps.left < 0) throw new Unanswerable({ code: 'too-many-steps', at: node.at, most: MAX_STEPS })
  switch (node.kind) {
    case 'number':
    case 'text':
    case 'truth':
      return node.value
    case 'nil':
      return null
    case 'result':
      return run.result
    case 'item':
      return run.item
    case 'list':
      return node.items.map((item) => valueOf(item, run))
    case 'unary':
      return valueOfUnary(node, run)
    case 'binary':
      return valueOfBinary(node, run)
    case 'choice':
      return valueOf(truthOf(node.test, run, '?') ? node.chosen : node.otherwise, run)
    case 'index':
      return valueOfIndex(node, run)
    case 'call':
      return valueOfCall(node, run)
  }
}

type NodeOf<K extends Node['kind']> = Extract<Node, { kind: K }>

function truthOf(node: Node, run: Run, what: string): boolean {
  const value = valueOf(node, run)
  if (typeof value !== 'boolean') throw mismatch(node.at, what, value)
  return value
}

function numberOf(node: Node, run: Run, what: string): number {
  const value = valueOf(node, run)
  if (typeof value !== 'number') throw mismatch(node.at, what, value)
  return value
}

function listOf(node: Node, run: Run, what: string): readonly Value[] {
  const value = valueOf(node, run)
  if (!Array.isArray(value)) throw mismatch(node.at, what, value)
  return value
}

function valueOfUnary({ sign, of }: NodeOf<'unary'>, run: Run): Value {
  if (sign === '!') return !truthOf(of, run, sign)
  const value = numberOf(of, run, sign)
  return sign === '-' ? -value : value
}

function valueOfBinary(node: NodeOf<'binary'>, run: Run): Value {
  const { sign, left, right } = node
  switch (sign) {
    case '&&':
      return truthOf(left, run, sign) && truthOf(right, run, sign)
    case '||':
      return truthOf(left, run, sign) || truthOf(right, run, sign)
    case '==':
      return isEqual(valueOf(left, run), valueOf(right, run))
    case '!=':
      return !isEqual(valueOf(left, run), valueOf(right, run))
    case '??':
      return valueOf(left, run) ?? valueOf(right, run)
    case 'in': {
      const wanted = valueOf(left, run)
      return listOf(right, run, sign).some((item) => isEqual(item, wanted))
    }
    case '+':
      return sumOf(node, run)
    case '<':
    case '>':
    case '<=':
    case '>=':
    case '-':
    case '*':
    case '/':
    case '%':
    case '^':
      return calculated(node, sign, [numberOf(left, run, sign), numberOf(right, run, sign)])
  }
}

/** Texts are joined. */
function sumOf({ left, right, sign, at }: NodeOf<'binary'>, run: Run): Value {
  const [one, other] = [valueOf(left, run), valueOf(right, run)]
  if (typeof one === 'number' && typeof other === 'number') return one + other
  if (typeof one === 'string' && typeof other === 'string') return one + other
  throw mismatch(at, sign, typeof one === 'number' ? other : one)
}

type Arithmetic = Exclude<NodeOf<'binary'>['sign'], '&&' | '||' | '==' | '!=' | '??' | 'in' | '+'>

function calculated({ at }: Node, sign: Arithmetic, [one, other]: readonly [number, number]): Value {
  switch (sign) {
    case '<':
      return one < other
    case '>':
      return one > other
    case '<=':
      return one <= other
    case '>=':
      return one >= other
    case '-':
      return one - other
    case '*':
      return one * other
    case '/':
      return one / other
    case '^':
      return one ** other
    case '%':
      if (!Number.isSafeInteger(one) || !Number.isSafeInteger(other) || other === 0)
        throw new Unanswerable({ code: 'no-answer', at, what: sign })
      return one % other
  }
}

function isEqual(one: Value, other: Value): boolean {
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, index) => isEqual(item, other[index] ?? null))
  return one === other
}

/** -1 is the last item. */
function valueOfIndex({ of, index, at }: NodeOf<'index'>, run: Run): Value {
  const list = listOf(of, run, '[ ]')
  const wanted = numberOf(index, run, '[ ]')
  const value = list[wanted < 0 ? list.length + wanted : wanted]
  if (value === undefined) throw new Unanswerable({ code: 'no-item', at, index: wanted, length: list.length })
  return value
}

function valueOfCall(node: NodeOf<'call'>, run: Run): Value {
  const { name, args, at } = node
  const plain = plainFunction(name)
  if (plain === undefined) return valueOfPredicate(node, run)
  const values = args.map((arg) => valueOf(arg, run))
  for (const value of values) run.steps.left -= Array.isArray(value) ? value.length : 0
  const takesNumbers = plain.takes === 'each' || plain.takes[0] === 'numbers'
  const stranger = takesNumbers ? values.find((value) => !isNumeric(value, plain.takes === 'each')) : undefined
  if (stranger !== undefined) throw mismatch(at, name, stranger)
  const answer = plain.run(values, run.result)
  if (answer === undefined) throw new Unanswerable({ code: 'no-answer', at, what: name })
  return answer
}

function isNumeric(value: Value, mayBeOne: boolean): boolean {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'number')
  return mayBeOne && typeof value === 'number'
}

function valueOfPredicate({ name, args, predicate, at }: NodeOf<'call'>, run: Run): Value {
  const found = predicateFunction(name)
  const [list] = args
  if (found === undefined || list === undefined) throw new Unanswerable({ code: 'unsupported', at, what: name })
  const items = listOf(list, run, name)
  const answers = items.map((item) => {
    const answer = predicate === undefined ? item : valueOf(predicate, { ...run, item })
    if (found.asks !== 'any' && typeOfValue(answer) !== found.asks) throw mismatch(predicate?.at ?? at, name, answer)
    return answer
  })
  return found.run(items, answers)
}
