import * as z from 'zod'

/** Prometheus' JSON contains numbers as texts, because JSON has no NaN and no infinity. */
const Value = z.string().transform((text, context) => {
  const special = SPECIAL.get(text)
  if (special !== undefined) return special
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value)) return value
  context.addIssue({ code: 'custom', message: 'not a number' })
  return z.NEVER
})

const SPECIAL = new Map([
  ['NaN', Number.NaN],
  ['+Inf', Number.POSITIVE_INFINITY],
  ['Inf', Number.POSITIVE_INFINITY],
  ['-Inf', Number.NEGATIVE_INFINITY],
])

const Warnings = z.array(z.string()).nullish()

/** Range queries: prometheus.io/docs/prometheus/latest/querying/api. Native histograms (`histograms`) are not numbers. */
export const RangeBody = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('matrix'),
    result: z.array(
      z.object({
        values: z.array(z.tuple([z.number(), Value])).default([]),
        histograms: z.array(z.unknown()).max(0).optional(),
      }),
    ),
  }),
  warnings: Warnings,
})

/** The body of answers with HTTP 4xx and 5xx, and on some servers with 200. */
export const ErrorBody = z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() })
