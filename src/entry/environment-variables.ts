/** The environment variables of the service. Their descriptions are the table in docs/deploy/README.md (`npm run docs`). */
import * as z from 'zod'
import { readDestinations, readServers } from './named-urls.ts'
import { CrdFolders, DryRunKubeconfig, SchemaFolders } from './tool-folders.ts'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

const Secret = z
  .string()
  // Probot's own default if there is no secret. Anyone who knows it could forge deliveries.
  .refine(
    (secret) => secret !== 'development',
    'must not be "development", which everybody knows. Set a random one, here and in the App\'s settings',
  )
  .refine(
    (secret) => secret === secret.trim(),
    'begins or ends with white space, perhaps a line end of the file it came from. Remove it',
  )

/** With a text that was signed with a short secret, the secret could be found by trying. */
export const LongSecret = Secret.refine(
  (secret) => secret.length >= 32,
  'must have at least 32 characters. Set a random one, such as `openssl rand -hex 32` makes',
)

/** Names and defaults are Probot's, for the variables that Probot has. */
export const EnvironmentVariables = z.object({
  APP_ID: z
    .string("is missing. Set it to the App ID at the top of the App's settings")
    .regex(/^[1-9]\d{0,14}$/, "must be a positive whole number. Set it to the App ID at the top of the App's settings")
    .transform(Number)
    .describe("The App ID, at the top of the App's settings."),
  PRIVATE_KEY: z
    .string()
    .optional()
    .describe("The App's private key: the text of the `.pem` file, with `\\n` for line breaks, or in base64."),
  PRIVATE_KEY_PATH: z.string().optional().describe('The path of that file, instead of `PRIVATE_KEY`.'),
  WEBHOOK_SECRET: z
    .string(
      "is missing. Set it to the webhook secret in the App's settings; without one anybody could send us deliveries",
    )
    .pipe(Secret)
    .describe("The App's webhook secret."),
  WEBHOOK_SECRET_PREVIOUS: Secret.optional().describe('The previous webhook secret, while you rotate it.'),
  REPORT_SECRET: LongSecret.optional().describe(
    'A random text of 32 characters or more: lets clusters report to Perch by themselves ([docs/live.md](../live.md)).',
  ),
  GHE_HOST: z
    .string()
    .regex(
      /^[a-z\d]([a-z\d.-]*[a-z\d])?(:\d{1,5})?$/i,
      'must be a host name, without a scheme and a path, like github.example.com',
    )
    .transform((host) => host.toLowerCase())
    .optional()
    .describe(
      "GitHub Enterprise: its host, or the tenant's (`octo.ghe.com`). Without it, Perch works with `github.com`.",
    ),
  GHE_PROTOCOL: z
    .enum(['https', 'http'], 'must be https or http. Leave it out for https')
    .default('https')
    .describe('`https` or `http`.'),
  // Probot's default `localhost` cannot be reached from outside of a container, where most installations run.
  HOST: z.string().default('0.0.0.0').describe('The address on which Perch listens.'),
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port number. Leave it out for 3000')
    .transform(Number)
    .refine((port) => port <= 65_535, 'must be at most 65535. Leave it out for 3000')
    .default(3000)
    .describe('The port on which Perch listens.'),
  LOG_LEVEL: z
    .enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}. Leave it out for info`)
    .default('info')
    .describe('`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`. The log is JSON on stdout.'),
  DATA_DIR: z
    .string()
    .default('./data')
    .describe('The queue and the mirrors of repositories. For one process. Losing it costs time, never a rollout.'),
  DATABASE_URL: urlOf(['postgres:', 'postgresql:'], 'must be a URL like postgres://user:password@host:5432/perch')
    .optional()
    .describe(
      'PostgreSQL for the queue, `postgres://user:password@host:5432/perch`. With it you can run any number of replicas, each with its own `DATA_DIR`.',
    ),
  PROMETHEUS_URL: z
    .string()
    .transform((text, context) => {
      const servers = readServers(text)
      if (servers !== undefined) return servers
      const list = 'a list like eu=http://prometheus.eu:9090,us=http://prometheus.us:9090'
      context.addIssue({ code: 'custom', message: `must be a URL like http://prometheus:9090, or ${list}` })
      return z.NEVER
    })
    .optional()
    .describe(
      'Prometheus for the [analysis](../analysis.md), `http://user:password@prometheus:9090`; or several with names that repositories choose from, `eu=http://…,us=http://…`.',
    ),
  PROMETHEUS_TOKEN: z
    .string()
    .regex(/^[\x21-\x7E]+$/, 'must be a token in one line, without spaces')
    .optional()
    .describe('Bearer token for servers without a user in their URL.'),
  NOTIFY_URLS: z
    .string()
    .transform((text, context) => {
      const destinations = readDestinations(text)
      if (destinations !== undefined) return destinations
      const form = 'name=slack+https://… or name=cloudevents+https://…, with commas between several, each name once'
      context.addIssue({ code: 'custom', message: `must have the form ${form}` })
      return z.NEVER
    })
    .optional()
    .describe(
      'Destinations for [notifications](../notify.md) that repositories can choose from: `team=slack+https://hooks.slack.com/…,bus=cloudevents+https://…`.',
    ),
  NOTIFY_SECRET: LongSecret.optional().describe(
    'The key with which Perch signs CloudEvents: a random text of 32 characters or more.',
  ),
  ONBOARDING: z
    .enum(['on', 'off'], 'must be on or off. Leave it out for on')
    .default('on')
    .describe(
      '`off`: Perch does not open a [pull request that proposes a config](../configuration.md#the-onboarding-pull-request) when it is installed.',
    ),
  KUBECONFORM_SCHEMAS: SchemaFolders.describe('Folders with JSON schemas for `kubeconform`, separated by `:`.'),
  KUBECTL_VALIDATE_CRDS: CrdFolders.describe(
    'Folders with CustomResourceDefinitions for `kubectl-validate`, separated by `:`. It reads the `.yaml`, `.yml` and `.json` files in each folder, but not in subfolders.',
  ),
  DRY_RUN_KUBECONFIG: DryRunKubeconfig.describe(
    'Absolute path of the kubeconfig for [dry runs](../policy.md#a-dry-run-against-an-api-server). Its user must not be allowed to do anything else.',
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: urlOf(['http:', 'https:'], 'must be a URL like http://collector:4318')
    .optional()
    .describe(
      'An OpenTelemetry collector that accepts OTLP over HTTP, `http://collector:4318`: Perch sends it [traces](../watching/README.md#traces).',
    ),
  RECONCILE_SECONDS: z
    .string()
    .regex(/^\d+(\.\d+)?$/, 'must be a number of seconds. Leave it out for 60')
    .transform(Number)
    .refine((seconds) => seconds >= 0.2, 'must be at least 0.2. Leave it out for 60')
    .default(60)
    .describe('How often Perch looks for changes that no webhook reported.'),
})

export type EnvironmentVariables = z.infer<typeof EnvironmentVariables>

function urlOf(protocols: readonly string[], message: string): z.ZodType<string> {
  return z.string().refine((text) => protocols.includes(URL.parse(text)?.protocol ?? ''), message)
}
