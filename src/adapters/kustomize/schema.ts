import * as z from 'zod'

/** The fields that we use from `kubectl version --client --output=json`. */
export const KubectlVersion = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text)
    } catch {
      context.addIssue({ code: 'custom', message: 'not JSON' })
      return z.NEVER
    }
  })
  .pipe(z.object({ clientVersion: z.object({ gitVersion: z.string() }), kustomizeVersion: z.string() }))
