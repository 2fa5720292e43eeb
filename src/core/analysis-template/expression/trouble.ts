/**
 * The types of values and parts of a condition. `int` is a Go number without a fraction, `float` one that may have a fraction, `number` is
 * either of them, and `any` is known only at evaluation.
 */
export type ValueType = 'int' | 'float' | 'number' | 'text' | 'truth' | 'nil' | 'any' | 'numbers' | 'list'

/** Why a condition has no answer, as data. `at`: the position in its text, counted from 1. */
export type Trouble =
  | { readonly code: 'too-long' | 'too-deep'; readonly at: number; readonly most: number }
  /** The text cannot be parsed. `what` is the text at that place, empty at the end. */
  | { readonly code: 'syntax'; readonly at: number; readonly what: string }
  /** Argo Rollouts may support it, but Perch does not. */
  | { readonly code: 'unsupported'; readonly at: number; readonly what: string }
  /** The operator or function `what` does not accept a value of this type. */
  | { readonly code: 'mismatch'; readonly at: number; readonly what: string; readonly found: ValueType }
  | { readonly code: 'arguments'; readonly at: number; readonly what: string }
  /** The whole condition must be true or false. */
  | { readonly code: 'not-truth'; readonly at: number; readonly found: ValueType }
  | { readonly code: 'no-item'; readonly at: number; readonly index: number; readonly length: number }
  /** `what` has no answer for the value, such as the whole number of NaN. */
  | { readonly code: 'no-answer'; readonly at: number; readonly what: string }
  | { readonly code: 'too-many-steps'; readonly at: number; readonly most: number }

/** Ends the evaluation of a condition. It is always caught in this folder. */
export class Unanswerable extends Error {
  readonly trouble: Trouble

  constructor(trouble: Trouble) {
    super(trouble.code)
    this.trouble = trouble
  }
}
