/** A condition as a tree. Every node has its position in the text, counted from 1. */
export type Node = { readonly at: number } & (
  | { readonly kind: 'number'; readonly value: number; readonly isWhole: boolean }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'truth'; readonly value: boolean }
  | { readonly kind: 'nil' }
  /** The measurement. */
  | { readonly kind: 'result' }
  /** `#`, the current item of a predicate. */
  | { readonly kind: 'item' }
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'unary'; readonly sign: UnarySign; readonly of: Node }
  | { readonly kind: 'binary'; readonly sign: BinarySign; readonly left: Node; readonly right: Node }
  | { readonly kind: 'choice'; readonly test: Node; readonly chosen: Node; readonly otherwise: Node }
  | { readonly kind: 'index'; readonly of: Node; readonly index: Node }
  /** `predicate`: evaluated for each item of the first argument. */
  | {
      readonly kind: 'call'
      readonly name: string
      readonly args: readonly Node[]
      readonly predicate: Node | undefined
    }
)

type UnarySign = '!' | '-' | '+'

/** The precedence of each operator, as in expr-lang. */
export const PRECEDENCE = {
  '||': 10,
  '&&': 15,
  '==': 20,
  '!=': 20,
  '<': 20,
  '>': 20,
  '<=': 20,
  '>=': 20,
  in: 20,
  '+': 30,
  '-': 30,
  '*': 60,
  '/': 60,
  '%': 60,
  '^': 100,
  '??': 500,
} as const

export type BinarySign = keyof typeof PRECEDENCE

export function isBinarySign(text: string): text is BinarySign {
  return Object.hasOwn(PRECEDENCE, text)
}
