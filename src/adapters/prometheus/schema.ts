import * as z from 'zod'

/** Numbers are texts in Prometheus' JSON, because JSON has no NaN and no infinity. */
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

/** prometheus.io/docs/prometheus/latest/querying/api, range queries. Native histograms (`histograms`) are no numbers. */
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

/** With HTTP 4xx and 5xx, and from some servers with 200. */
export const ErrorBody = z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() })
