/** The parts of programs' outputs that we use. */
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

/** `opa check` and `opa eval` with `--format json`. */
export const OpaErrors = Json.pipe(
  z.object({
    errors: z
      .array(z.object({ message: z.string(), code: z.string().default(''), location: Location.optional() }))
      .nonempty(),
  }),
)

/** `opa deps --format json`: references, as lists of terms. */
export const OpaDependencies = Json.pipe(
  z.object({
    virtual: z
      .array(z.array(z.object({ value: z.unknown() })))
      .nullish()
      .transform((all) => (all ?? []).map((terms) => terms.map(({ value }) => String(value)))),
  }),
)

/** `opa inspect --format json`: files by package. */
export const OpaInspection = Json.pipe(
  z.object({
    namespaces: z
      .record(z.string(), z.unknown())
      .nullish()
      .transform((all) => Object.keys(all ?? {})),
  }),
)

/** `opa capabilities`. Parts that we do not use stay as they are. */
export const OpaCapabilities = Json.pipe(
  z.looseObject({
    builtins: z.array(z.looseObject({ name: z.string(), nondeterministic: z.boolean().optional() })),
  }),
)

/** `opa eval --format json`: the values of our variables, as pairs of an object's number and a rule's value. */
export const OpaResult = Json.pipe(
  z.object({
    result: z
      .array(z.object({ bindings: z.record(z.string(), z.array(z.tuple([z.number(), z.unknown()]))) }))
      .length(1),
  }),
)

/** `kubeconform -output json`. */
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

/** `kubectl-validate -o json`: for each file, what the API server's code says about each of its documents. */
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

/** `istioctl analyze --output json`. */
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

const Text = z.string().optional()

/** The parts of a kubeconfig that we use. Some are read only to refuse them. Empty texts count as missing. */
export const Kubeconfig = z.preprocess(
  withoutEmpty,
  z.object({
    'current-context': z.string(),
    clusters: z.array(
      z.object({
        name: z.string(),
        cluster: z.object({
          server: z.string(),
          'certificate-authority': Text,
          'certificate-authority-data': Text,
          'insecure-skip-tls-verify': z.boolean().optional(),
          'tls-server-name': Text,
          'proxy-url': Text,
        }),
      }),
    ),
    contexts: z.array(
      z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: z.string(), namespace: Text }) }),
    ),
    users: z.array(
      z.object({
        name: z.string(),
        user: z.object({
          token: Text,
          tokenFile: Text,
          'client-certificate': Text,
          'client-certificate-data': Text,
          'client-key': Text,
          'client-key-data': Text,
          username: Text,
          password: Text,
          as: Text,
          'as-uid': Text,
          'as-groups': z.unknown().optional(),
          exec: z.unknown().optional(),
          'auth-provider': z.unknown().optional(),
        }),
      }),
    ),
  }),
)

/** Tools that write kubeconfigs leave empty texts, or keys without a value. */
function withoutEmpty(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(withoutEmpty)
  if (typeof data !== 'object' || data === null) return data
  return Object.fromEntries(
    Object.entries(data).flatMap(([key, value]: [string, unknown]) =>
      value === '' || value === null ? [] : [[key, withoutEmpty(value)] as const],
    ),
  )
}

/** `GET /apis/<group>/<version>`: the kinds of an API server. */
export const ApiResources = Json.pipe(
  z.object({
    resources: z.array(
      z.object({
        name: z.string(),
        kind: z.string(),
        namespaced: z.boolean(),
        verbs: z.array(z.string()).default([]),
      }),
    ),
  }),
)

/** Any object in an API server's answer. */
export const ApiObject = Json.pipe(z.object({ kind: z.string() }))

/** Kubernetes' `Status`: the API server's answer if it did not carry out a request. */
export const ApiStatus = Json.pipe(
  z
    .object({
      kind: z.literal('Status'),
      message: z.string().default(''),
      reason: z.string().default(''),
      details: z
        .object({
          kind: z.string().default(''),
          name: z.string().default(''),
          causes: z
            .array(
              z.object({
                reason: z.string().default(''),
                message: z.string().default(''),
                field: z.string().default(''),
              }),
            )
            .nullish(),
        })
        .nullish(),
    })
    .transform(({ message, reason, details }) => ({
      message,
      reason,
      kind: details?.kind ?? '',
      name: details?.name ?? '',
      causes: details?.causes ?? [],
    })),
)
