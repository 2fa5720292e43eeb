/** What programs answer, as far as it is used. */
import * as z from 'zod'

const Json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    context.addIssue({ code: 'custom', message: 'not JSON' })
    return z.NEVER
  }
})

const Location = z.object({ file: z.string().default(''), row: z.number().default(1) })

/** Of `opa check` and `opa eval` with `--format json`. */
export const OpaErrors = Json.pipe(
  z.object({
    errors: z
      .array(z.object({ message: z.string(), code: z.string().default(''), location: Location.optional() }))
      .nonempty(),
  }),
)

/** Of `opa deps --format json`: references, as lists of terms. */
export const OpaDependencies = Json.pipe(
  z.object({
    virtual: z
      .array(z.array(z.object({ value: z.unknown() })))
      .nullish()
      .transform((all) => (all ?? []).map((terms) => terms.map(({ value }) => String(value)))),
  }),
)

/** Of `opa inspect --format json`: files by package. */
export const OpaInspection = Json.pipe(
  z.object({
    namespaces: z
      .record(z.string(), z.unknown())
      .nullish()
      .transform((all) => Object.keys(all ?? {})),
  }),
)

/** Of `opa capabilities`. What is not used stays as it is. */
export const OpaCapabilities = Json.pipe(
  z.looseObject({
    builtins: z.array(z.looseObject({ name: z.string(), nondeterministic: z.boolean().optional() })),
  }),
)

/** Of `opa eval --format json`: what our variables are bound to, pairs of an object's number and a rule's value. */
export const OpaResult = Json.pipe(
  z.object({
    result: z
      .array(z.object({ bindings: z.record(z.string(), z.array(z.tuple([z.number(), z.unknown()]))) }))
      .length(1),
  }),
)

/** Of `kubeconform -output json`. */
export const KubeconformResult = Json.pipe(
  z.object({
    resources: z
      .array(
        z.object({
          filename: z.string(),
          status: z.string(),
          msg: z.string().default(''),
          validationErrors: z
            .array(z.object({ path: z.string(), msg: z.string() }))
            .nullish()
            .transform((all) => all ?? []),
        }),
      )
      .nullish()
      .transform((all) => all ?? []),
  }),
)

/** Of `kubectl-validate -o json`: for each file what the API server's own code says of each of its documents. */
export const KubectlValidateResult = Json.pipe(
  z.record(
    z.string(),
    z.array(
      z.object({
        status: z.string(),
        message: z.string().default(''),
        code: z.number().optional(),
        details: z
          .object({
            causes: z
              .array(z.object({ message: z.string().default(''), field: z.string().default('') }))
              .nullish()
              .transform((all) => all ?? []),
          })
          .nullish(),
      }),
    ),
  ),
)

/** Of `istioctl analyze --output json`. */
export const IstioMessages = Json.pipe(
  z.array(
    z.object({
      code: z.string(),
      level: z.string(),
      message: z.string(),
      origin: z.string().default(''),
      reference: z.string().default(''),
    }),
  ),
)
