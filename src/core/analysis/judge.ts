import { countsAsFailure } from './policy.ts'
import { breachOf } from './bars.ts'
import type { AnalysisPlan, CheckPlan } from './plan.ts'
import { type Answers, type Readings, readSide } from './readings.ts'
import { type AnalysisReport, type Bar, type CheckReason, type MeasuredCheck, OUTCOMES } from './report.ts'
import { numbersOf, timeOf } from './window.ts'

/** Judges the answers to a plan's asks, which have the same order. */
export function judgeAnalysis(plan: AnalysisPlan, answers: Answers): AnalysisReport {
  const { analysis, window } = plan
  const checks = plan.checks.map((check) => judgeCheck(plan, check, answers))
  return {
    outcome: OUTCOMES.findLast((known) => checks.some(({ outcome }) => outcome === known)) ?? 'error',
    isFailure: checks.some(({ outcome }) => countsAsFailure(analysis, outcome, window.isComplete)),
    isComplete: window.isComplete,
    from: window.from,
    until: timeOf(window, window.due),
    ends: window.ends,
    next: timeOf(window, window.due + 1),
    server: analysis.provider,
    failureLimit: analysis.failureLimit,
    checks,
  }
}

function judgeCheck(plan: AnalysisPlan, check: CheckPlan, answers: Answers): MeasuredCheck {
  const { metric, unit, bars } = check
  const named = { metric, unit, bars }
  if (!check.sides.ok) return unmeasured(plan, named, check.sides.error)
  const canary = readSide(plan, check.sides.value.canary, answers)
  if (!canary.ok) return unmeasured(plan, named, canary.error)
  const { stable } = check.sides.value
  const other = stable === undefined ? undefined : readSide(plan, stable, answers)
  const readings = { canary: canary.value, stable: other?.ok === true ? other.value : undefined }
  const points = pointsOf(plan, bars, readings)
  const broken = points.filter(({ state }) => state === 'bad')
  const measured = {
    ...named,
    values: points.flatMap(({ time, value }) => (value === undefined ? [] : [[time, value] as const])),
    points: points.length,
    failed: broken.length,
    requests: requestsIn(readings.canary, points),
  }
  const isFailed = isOverLimit(plan, broken)
  const worst = worstOf(isFailed ? broken : points, bars)
  if (isFailed)
    return { ...measured, worst, outcome: 'fail', reason: { code: 'broke-bar', bar: brokenBar(worst, bars) } }
  // A broken fixed bar is a failure even without the stable version. Only at this point does a missing answer about the stable
  // version matter.
  if (other?.ok === false) return { ...measured, worst, outcome: 'error', reason: other.error }
  const warnings = [...readings.canary.warnings, ...(readings.stable?.warnings ?? [])]
  return { ...measured, worst, ...withoutFailure(plan, points, warnings) }
}

function unmeasured(
  { window }: AnalysisPlan,
  named: Pick<MeasuredCheck, 'metric' | 'unit' | 'bars'>,
  reason: CheckReason,
): MeasuredCheck {
  const points = numbersOf(window).length
  return { ...named, outcome: 'error', reason, values: [], worst: undefined, points, failed: 0, requests: undefined }
}

interface Point {
  readonly number: number
  readonly time: number
  readonly value: number | undefined
  readonly stable: number | undefined
  /** Undefined if requests are not counted, or their number is unknown. */
  readonly requests: number | undefined
  /** `few`: too few requests to judge; `uncompared`: it meets its fixed bars, but the value of the stable version is unknown. */
  readonly state: 'good' | 'bad' | 'few' | 'uncompared' | 'absent'
}

interface Sides {
  readonly canary: Readings
  readonly stable: Readings | undefined
}

function pointsOf(plan: AnalysisPlan, bars: readonly Bar[], sides: Sides): readonly Point[] {
  const { window, analysis, isStableBefore } = plan
  const wanted = analysis.minRequests
  return numbersOf(window).map((number) => {
    const value = sides.canary.values.get(number)
    const requests = sides.canary.requests?.get(number)
    const stable = sides.stable === undefined ? undefined : stableAt(sides.stable, number, { isStableBefore, wanted })
    const point = { number, time: timeOf(window, number), value, stable, requests }
    return { ...point, state: stateOf(point, bars, sides.canary.requests === undefined ? 0 : wanted) }
  })
}

/** The value of the stable version at a point, if it had enough requests. */
function stableAt(
  { values, requests }: Readings,
  number: number,
  { isStableBefore, wanted }: { readonly isStableBefore: boolean; readonly wanted: number },
): number | undefined {
  const at = isStableBefore ? [...values.keys()][0] : number
  if (at === undefined) return undefined
  // Prometheus estimates counts between scrapes: 100 requests may be 99.7.
  return requests !== undefined && Math.round(requests.get(at) ?? 0) < wanted ? undefined : values.get(at)
}

function stateOf(point: Omit<Point, 'state'>, bars: readonly Bar[], wanted: number): Point['state'] {
  const { value, requests, stable } = point
  if (value === undefined) return requests === undefined ? 'absent' : 'few'
  if (Math.round(requests ?? 0) < wanted) return 'few'
  const breaches = bars.map((bar) => breachOf(bar, value, stable))
  if (breaches.some((breach) => breach !== undefined && breach > 0)) return 'bad'
  return breaches.includes(undefined) ? 'uncompared' : 'good'
}

/** Whether there are more failures than the limit in any period as long as the bake. A longer wait does not make the limit stricter. */
function isOverLimit({ analysis, window }: AnalysisPlan, broken: readonly Point[]): boolean {
  return broken.some(({ number }, index) => {
    const last = broken[index + analysis.failureLimit]
    return last !== undefined && last.number - number < window.bakePoints
  })
}

/** The point farthest beyond its bars, or closest to them, among the points that could be judged. */
function worstOf(points: readonly Point[], bars: readonly Bar[]): MeasuredCheck['worst'] {
  let worst: { readonly breach: number; readonly point: NonNullable<MeasuredCheck['worst']> } | undefined
  for (const { time, value, stable, state } of points) {
    if (value === undefined || state === 'few') continue
    const breach = Math.max(...bars.map((bar) => breachOf(bar, value, stable) ?? Number.NEGATIVE_INFINITY))
    if (worst === undefined || breach > worst.breach) worst = { breach, point: { time, value, stable } }
  }
  return worst?.point
}

function brokenBar(worst: MeasuredCheck['worst'], bars: readonly Bar[]): Bar {
  const [first = { kind: 'min', value: 0 }] = bars
  const breach = (bar: Bar): number =>
    worst === undefined ? 0 : (breachOf(bar, worst.value, worst.stable) ?? Number.NEGATIVE_INFINITY)
  return bars.reduce((most, bar) => (breach(bar) > breach(most) ? bar : most), first)
}

function requestsIn({ requests }: Readings, points: readonly Point[]): number | undefined {
  if (requests === undefined) return undefined
  return Math.round(points.reduce((sum, point) => sum + (point.requests ?? 0), 0))
}

type CheckJudgement = Pick<MeasuredCheck, 'outcome' | 'reason'>

/** Whether the bake has enough data to pass. Points after the bake can only fail a check, so a night without traffic does not undo a pass. */
function withoutFailure(plan: AnalysisPlan, all: readonly Point[], warnings: readonly string[]): CheckJudgement {
  const { window } = plan
  const points = all.filter(({ number }) => number <= window.bakePoints)
  const judged = points.filter(({ state }) => state === 'good' || state === 'bad').length
  if (points.length === 0) return { outcome: 'no-data', reason: { code: 'too-early', first: timeOf(window, 1) } }
  if (points.every(({ value }) => value === undefined)) return { outcome: 'no-data', reason: { code: 'no-values' } }
  if (judged * 2 < points.length) return { outcome: 'inconclusive', reason: shortage(plan, points) }
  const [detail] = warnings
  if (detail !== undefined) return { outcome: 'inconclusive', reason: { code: 'warned', detail } }
  return { outcome: 'pass', reason: undefined }
}

/** The most frequent reason why points could not be judged. */
function shortage({ analysis, window }: AnalysisPlan, points: readonly Point[]): CheckReason {
  const count = (state: Point['state']): number => points.filter((point) => point.state === state).length
  const [few, uncompared, absent] = [count('few'), count('uncompared'), count('absent')]
  if (uncompared >= few && uncompared >= absent) return { code: 'stable-unknown' }
  if (absent > few) return { code: 'gaps', missing: absent, points: points.length }
  const average = points.reduce((sum, { requests }) => sum + (requests ?? 0), 0) / points.length
  const wanted = analysis.minRequests
  const enoughMs = average > 0 ? Math.ceil((window.stepMs * wanted) / average / 60_000) * 60_000 : undefined
  const isPossible = enoughMs !== undefined && enoughMs <= window.bakePoints * window.stepMs
  return { code: 'few-requests', average, wanted, enoughMs: isPossible ? enoughMs : undefined }
}
