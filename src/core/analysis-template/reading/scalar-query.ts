/** An operand of which PromQL makes a scalar: a number, or a function without series. */
const PLAIN = /\b(?:time|pi)\s*\(\s*\)/g

const NUMBER = /0x[0-9a-fA-F]+|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+|NaN|Inf/g

const SIGNS = /^[-+*/%^()\s]*$/

/** More calls than anybody writes. */
const MAX_CALLS = 50

/**
 * Whether a query comes to a scalar, which Argo Rollouts hands to conditions as a number; all others come to a list. A range answer does not
 * say it. What is not surely a scalar is taken for a list: a condition on a number is refused then.
 */
export function isScalarQuery(query: string): boolean {
  let left = query.replaceAll(TEXT, '""').replaceAll(/#.*$/gm, '').replaceAll(PLAIN, '1')
  for (let calls = 0; calls < MAX_CALLS; calls += 1) {
    const call = /\bscalar\s*\(/.exec(left)
    if (call === null) return isArithmetic(left)
    const end = endOfCall(left, call.index + call[0].length)
    if (end === undefined) return false
    left = `${left.slice(0, call.index)}1${left.slice(end)}`
  }
  return false
}

/** Numbers and signs alone. In two steps: one expression for both tries each way to cut a long number into several. */
function isArithmetic(query: string): boolean {
  const signs = query.replaceAll(NUMBER, ' ')
  return signs !== query && SIGNS.test(signs)
}

/** Texts, in which parentheses are letters. */
const TEXT = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g

/** Where the parenthesis closes that is open at a place; undefined where none does. */
function endOfCall(query: string, from: number): number | undefined {
  let open = 1
  for (let place = from; place < query.length; place += 1) {
    if (query[place] === '(') open += 1
    if (query[place] === ')') open -= 1
    if (open === 0) return place + 1
  }
  return undefined
}
