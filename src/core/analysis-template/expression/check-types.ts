/**
 * Whether a condition can be evaluated at all, before there is a result. expr-lang does the same: it refuses `result > 1` if
 * `result` is a list, even after an `or` that would never reach it.
 */
import { err, ok, type Result } from '../../result.ts'
import { plainFunction, predicateFunction } from './functions.ts'
import type { BinarySign, Node } from './node.ts'
import { type Trouble, Unanswerable, type ValueType } from './trouble.ts'

/** The known types around a node: of the result, and of the item of a predicate. */
interface Known {
  readonly result: ValueType
  readonly item: ValueType
}

/** `result`: `numbers` for a list, `number` for a scalar. */
export function checkCondition(node: Node, result: 'numbers' | 'number'): Result<undefined, Trouble> {
  try {
    const found = typeOf(node, { result, item: 'any' })
    return is(found, 'truth') ? ok(undefined) : err({ code: 'not-truth', at: node.at, found })
  } catch (error) {
    if (error instanceof Unanswerable) return err(error.trouble)
    throw error
  }
}

/** Whether a value of a type may be one of another type. */
function is(found: ValueType, wanted: ValueType): boolean {
  if (found === wanted || found === 'any' || wanted === 'any') return true
  if (wanted === 'number') return found === 'int'
  if (wanted === 'float') return found === 'number'
  return (wanted === 'numbers' && found === 'list') || (wanted === 'list' && found === 'numbers')
}

function expectType(
  found: ValueType,
  wanted: ValueType,
  { what, at }: { readonly what: string; readonly at: number },
): void {
  if (!is(found, wanted)) throw new Unanswerable({ code: 'mismatch', at, what, found })
}

function typeOf(node: Node, known: Known): ValueType {
  switch (node.kind) {
    case 'number':
      return node.isWhole ? 'int' : 'number'
    case 'text':
    case 'truth':
    case 'nil':
      return node.kind
    case 'result':
      return known.result
    case 'item':
      return known.item
    case 'list':
      for (const item of node.items) typeOf(item, known)
      return 'list'
    case 'unary':
      return typeOfUnary(node, known)
    case 'binary':
      return typeOfBinary(node, known)
    case 'choice':
      return typeOfChoice(node, known)
    case 'index':
      return typeOfIndex(node, known)
    case 'call':
      return typeOfCall(node, known)
  }
}

type NodeOf<K extends Node['kind']> = Extract<Node, { kind: K }>

function typeOfUnary({ sign, of, at }: NodeOf<'unary'>, known: Known): ValueType {
  const found = typeOf(of, known)
  expectType(found, sign === '!' ? 'truth' : 'number', { what: sign, at })
  return sign === '!' ? 'truth' : found
}

function typeOfChoice({ test, chosen, otherwise, at }: NodeOf<'choice'>, known: Known): ValueType {
  expectType(typeOf(test, known), 'truth', { what: '?', at })
  const [one, other] = [typeOf(chosen, known), typeOf(otherwise, known)]
  return one === other ? one : is(one, 'number') && is(other, 'number') ? 'number' : 'any'
}

function typeOfIndex({ of, index, at }: NodeOf<'index'>, known: Known): ValueType {
  const list = typeOf(of, known)
  expectType(list, 'numbers', { what: '[ ]', at })
  expectType(typeOf(index, known), 'int', { what: '[ ]', at: index.at })
  return list === 'numbers' ? 'number' : 'any'
}

/** The types that most operators accept on both sides. */
const TAKES: Readonly<Record<Exclude<BinarySign, '==' | '!=' | '??' | 'in' | '+'>, ValueType>> = {
  '&&': 'truth',
  '||': 'truth',
  '<': 'number',
  '>': 'number',
  '<=': 'number',
  '>=': 'number',
  '-': 'number',
  '*': 'number',
  '/': 'number',
  '%': 'int',
  '^': 'number',
}

function typeOfBinary({ sign, left, right, at }: NodeOf<'binary'>, known: Known): ValueType {
  const [one, other] = [typeOf(left, known), typeOf(right, known)]
  const place = { what: sign, at }
  switch (sign) {
    case '==':
    case '!=':
      if (!areComparable(one, other))
        throw new Unanswerable({ code: 'mismatch', found: stranger(one, other), ...place })
      return 'truth'
    case '??':
      return one === 'nil' ? other : one === other ? one : 'any'
    case 'in':
      expectType(other, 'numbers', place)
      for (const item of itemTypes(right, other, known))
        if (!areComparable(one, item)) throw new Unanswerable({ code: 'mismatch', found: one, ...place })
      return 'truth'
    case '+':
      return one === 'text' && is(other, 'text') ? 'text' : sumType([one, other], place)
    case '-':
    case '*':
    case '%':
      return sumType(allAre([one, other], TAKES[sign], place), place)
    case '/':
    case '^':
      allAre([one, other], TAKES[sign], place)
      return 'number'
    case '&&':
    case '||':
    case '<':
    case '>':
    case '<=':
    case '>=':
      allAre([one, other], TAKES[sign], place)
      return 'truth'
  }
}

/** The known types of the items of a list. */
function itemTypes(list: Node, found: ValueType, known: Known): readonly ValueType[] {
  if (list.kind === 'list') return list.items.map((item) => typeOf(item, known))
  return found === 'numbers' ? ['number'] : []
}

interface SignPlace {
  readonly what: string
  readonly at: number
}

function allAre(found: readonly ValueType[], wanted: ValueType, place: SignPlace): readonly ValueType[] {
  for (const one of found) expectType(one, wanted, place)
  return found
}

/** Whole numbers stay whole. */
function sumType(found: readonly ValueType[], place: SignPlace): ValueType {
  return allAre(found, 'number', place).every((one) => one === 'int') ? 'int' : 'number'
}

function areComparable(one: ValueType, other: ValueType): boolean {
  return one === 'nil' || other === 'nil' || is(one, other) || is(other, one)
}

/** Which of two types to complain about: the list, if one of them is a list. */
function stranger(one: ValueType, other: ValueType): ValueType {
  return one === 'numbers' ? one : other
}

function typeOfCall(node: NodeOf<'call'>, known: Known): ValueType {
  const { name, args, at } = node
  const types = args.map((arg) => typeOf(arg, known))
  const plain = plainFunction(name)
  if (plain === undefined) return typeOfPredicate(node, types[0] ?? 'any', known)
  const { takes, gives } = plain
  if (takes === 'each') {
    for (const found of types) if (!is(found, 'number')) expectType(found, 'numbers', { what: name, at })
    if (types.length === 0) throw new Unanswerable({ code: 'arguments', at, what: name })
    return gives
  }
  if (types.length !== takes.length) throw new Unanswerable({ code: 'arguments', at, what: name })
  for (const [index, wanted] of takes.entries()) expectType(types[index] ?? 'nil', wanted, { what: name, at })
  return gives
}

function typeOfPredicate({ name, predicate, at }: NodeOf<'call'>, list: ValueType, known: Known): ValueType {
  const found = predicateFunction(name)
  if (found === undefined) throw new Unanswerable({ code: 'unsupported', at, what: name })
  expectType(list, 'numbers', { what: name, at })
  if (predicate === undefined && !found.isOptional) throw new Unanswerable({ code: 'arguments', at, what: name })
  const item = list === 'numbers' ? 'number' : 'any'
  const answer = predicate === undefined ? item : typeOf(predicate, { ...known, item })
  expectType(answer, found.asks, { what: name, at: predicate?.at ?? at })
  return found.gives === 'same' ? list : found.gives
}
