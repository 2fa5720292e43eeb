import * as z from 'zod'

/** The answer of `kubectl version --client --output=json`, as far as it is used. */
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
