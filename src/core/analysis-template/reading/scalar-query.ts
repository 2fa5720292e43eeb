/** An operand that is a scalar in PromQL: a number, or a function without series. */
const PLAIN = /\b(?:time|pi)\s*\(\s*\)/g

const NUMBER = /0x[0-9a-fA-F]+|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+|NaN|Inf/g

const NO_SIGN = /[^-+*/%^()\s]/

/** Nobody writes more calls. */
const MAX_CALLS = 50

/**
 * Whether a query returns a scalar. Argo Rollouts passes a scalar to conditions as a number, and everything else as a list. A range answer
 * does not tell the two apart. If it is not certain, the query counts as a list, and a condition on a number is refused.
 */
export function isScalarQuery(query: string): boolean {
  let left = query.replaceAll(TEXT, '""').replaceAll(/#.*/g, '').replaceAll(PLAIN, '1')
  for (let calls = 0; calls < MAX_CALLS; calls += 1) {
    const call = /\bscalar\s*\(/.exec(left)
    if (call === null) return isArithmetic(left)
    const end = endOfCall(left, call.index + call[0].length)
    if (end === undefined) return false
    left = `${left.slice(0, call.index)}1${left.slice(end)}`
  }
  return false
}

/** Only numbers and signs. This takes two steps, because a single regular expression would try every way to split a long number. */
function isArithmetic(query: string): boolean {
  const signs = query.replaceAll(NUMBER, ' ')
  return signs !== query && !NO_SIGN.test(signs)
}

/** Strings, in which parentheses have no meaning. */
const TEXT = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g

/** The place of the closing parenthesis for an open one. Undefined if there is none. */
function endOfCall(query: string, from: number): number | undefined {
  let open = 1
  for (let place = from; place < query.length; place += 1) {
    if (query[place] === '(') open += 1
    if (query[place] === ')') open -= 1
    if (open === 0) return place + 1
  }
  return undefined
}
