import type { Range } from './answer.ts'

/**
 * When a step is measured. Points have no gaps and no overlaps: each covers `stepMs` up to its own moment. The first begins when the step is
 * live and settled, and the last one ends with the bake. Points never move, so later measurements see the same as earlier ones.
 */
export interface AnalysisWindow {
  /** Where the first point begins. */
  readonly from: number
  readonly stepMs: number
  /** How many points the bake has. */
  readonly bakePoints: number
  /** How many points are over, including those after the bake. */
  readonly due: number
  readonly ends: number
  readonly isComplete: boolean
}

export interface Pace {
  /** When the step went live, epoch milliseconds. */
  readonly since: number
  readonly settleMs: number
  readonly bakeMs: number
  readonly intervalMs: number
}

/** More points would not make the charts clearer, but would make each query more expensive. */
const MAX_BAKE_POINTS = 120

/** After the bake: hours to weeks. Older points were measured at their time. If nobody merged then, only the newest points matter. */
const MAX_LATER_POINTS = 1_000

export function windowOf({ since, settleMs, bakeMs, intervalMs }: Pace, now: number): AnalysisWindow {
  const from = since + settleMs
  const length = since + bakeMs - from
  const bakePoints = Math.min(MAX_BAKE_POINTS, Math.max(1, Math.floor(length / intervalMs)))
  const stepMs = Math.max(intervalMs, Math.floor(length / bakePoints))
  const ends = Math.max(since + bakeMs, from + bakePoints * stepMs)
  const due = Math.max(0, Math.floor((now - from) / stepMs))
  return { from, stepMs, bakePoints, due, ends, isComplete: now >= ends }
}

/** The ranges to ask for: all points that are over. For a step that has long baked, only the bake and the newest points. */
export function rangesOf(window: AnalysisWindow): readonly Range[] {
  const { due, bakePoints } = window
  if (due === 0) return []
  if (due <= bakePoints + MAX_LATER_POINTS) return [rangeOf(window, 1, due)]
  return [rangeOf(window, 1, bakePoints), rangeOf(window, due - MAX_LATER_POINTS + 1, due)]
}

function rangeOf(window: AnalysisWindow, first: number, last: number): Range {
  return { from: timeOf(window, first), until: timeOf(window, last), stepMs: window.stepMs }
}

/** The moment of a point, counted from 1. */
export function timeOf({ from, stepMs }: { readonly from: number; readonly stepMs: number }, point: number): number {
  return from + point * stepMs
}

/** How many extra points can make up for missing ones: this many in a row, and then this many with gaps. */
const MAX_MAKING_UP = 500
/** With 500 points and an interval of a minute, this is a week. */
const GAP = 20

/**
 * The ranges to ask for if a number of answers is required. Every point counts and none may be dropped later, so these are all points, and
 * long after the bake one of twenty, until there are enough.
 */
export function countedRangesOf(window: AnalysisWindow): readonly Range[] {
  const { due, bakePoints, stepMs } = window
  if (due === 0) return []
  const dense = bakePoints + MAX_MAKING_UP
  const sparse = Math.min(MAX_MAKING_UP, Math.floor((due - dense) / GAP))
  const first = rangeOf(window, 1, Math.min(due, dense))
  return sparse < 1 ? [first] : [first, { ...rangeOf(window, dense + GAP, dense + GAP * sparse), stepMs: GAP * stepMs }]
}

/** The numbers of the points to ask for. */
export function numbersOf(window: AnalysisWindow, ranges = rangesOf(window)): readonly number[] {
  const numberAt = (time: number): number => Math.round((time - window.from) / window.stepMs)
  return ranges.flatMap(({ from, until, stepMs }) =>
    Array.from({ length: Math.round((until - from) / stepMs) + 1 }, (_, index) => numberAt(from + index * stepMs)),
  )
}

/** Milliseconds as a PromQL duration. */
export function promDuration(ms: number): string {
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`
}
