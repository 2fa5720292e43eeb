import type { NotifyDestination } from '../adapters/notify/notifier.ts'
import type { PrometheusServer } from '../adapters/prometheus/metrics.ts'
import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { readDestinations, readServers } from './named-urls.ts'
import { readKey } from './private-key.ts'
import { processEnv } from './process-env.ts'
import { CrdFolders, DryRunKubeconfig, SchemaFolders } from './tool-folders.ts'

export interface ProcessEnvironment {
  readonly appId: number
  /** PEM, PKCS #8. */
  readonly privateKey: string
  readonly webhookSecret: string
  /** The previous secret, during a rotation. */
  readonly webhookSecretPrevious?: string
  /** The secret from which each repository's key for reports is derived. Without it, there are no endpoints for reports. */
  readonly reportSecret?: string
  /** The address of the REST API. */
  readonly apiUrl: string
  /** The address that repositories are cloned from. */
  readonly gitUrl: string
  readonly host: string
  readonly port: number
  readonly logLevel: LogLevel
  readonly dataDir: string
  readonly databaseUrl?: string
  /** The servers that a repository may name. */
  readonly prometheusServers?: readonly PrometheusServer[]
  readonly prometheusToken?: string
  /** The address that OpenTelemetry sends traces to. */
  readonly tracesTo?: string
  /** The destinations that a repository may choose for notifications. */
  readonly notifyDestinations?: readonly NotifyDestination[]
  /** The key that signs CloudEvents. */
  readonly notifySecret?: string
  /** If set, Perch does not propose a config to new repositories. */
  readonly onboarding?: 'off'
  readonly reconcileSeconds: number
  /** Folders with JSON schemas for kubeconform. */
  readonly schemaFolders?: readonly string[]
  /** Folders with CustomResourceDefinitions for kubectl-validate. */
  readonly crdFolders?: readonly string[]
  /** The kubeconfig of the API server for dry runs. */
  readonly dryRunKubeconfig?: string
}

type LogLevel = (typeof LOG_LEVELS)[number]

export type EnvironmentResult =
  | { readonly ok: true; readonly value: ProcessEnvironment }
  /** Each problem names a variable and the next step, but never a value, which may be a misplaced secret. */
  | { readonly ok: false; readonly problems: readonly string[] }

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

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
const LongSecret = Secret.refine(
  (secret) => secret.length >= 32,
  'must have at least 32 characters. Set a random one, such as `openssl rand -hex 32` makes',
)

/** Names and defaults are Probot's, for the variables that Probot has. */
const Variables = z.object({
  APP_ID: z
    .string("is missing. Set it to the App ID at the top of the App's settings")
    .regex(/^[1-9]\d{0,14}$/, "must be a positive whole number. Set it to the App ID at the top of the App's settings")
    .transform(Number),
  PRIVATE_KEY: z.string().optional(),
  PRIVATE_KEY_PATH: z.string().optional(),
  WEBHOOK_SECRET: z
    .string(
      "is missing. Set it to the webhook secret in the App's settings; without one anybody could send us deliveries",
    )
    .pipe(Secret),
  WEBHOOK_SECRET_PREVIOUS: Secret.optional(),
  REPORT_SECRET: LongSecret.optional(),
  GHE_HOST: z
    .string()
    .regex(
      /^[a-z\d]([a-z\d.-]*[a-z\d])?(:\d{1,5})?$/i,
      'must be a host name, without a scheme and a path, like github.example.com',
    )
    .transform((host) => host.toLowerCase())
    .optional(),
  GHE_PROTOCOL: z.enum(['https', 'http'], 'must be https or http. Leave it out for https').default('https'),
  // Probot's default `localhost` cannot be reached from outside of a container, where most installations run.
  HOST: z.string().default('0.0.0.0'),
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port number. Leave it out for 3000')
    .transform(Number)
    .refine((port) => port <= 65_535, 'must be at most 65535. Leave it out for 3000')
    .default(3000),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}. Leave it out for info`).default('info'),
  DATA_DIR: z.string().default('./data'),
  DATABASE_URL: urlOf(
    ['postgres:', 'postgresql:'],
    'must be a URL like postgres://user:password@host:5432/perch',
  ).optional(),
  PROMETHEUS_URL: z
    .string()
    .transform((text, context) => {
      const servers = readServers(text)
      if (servers !== undefined) return servers
      const list = 'a list like eu=http://prometheus.eu:9090,us=http://prometheus.us:9090'
      context.addIssue({ code: 'custom', message: `must be a URL like http://prometheus:9090, or ${list}` })
      return z.NEVER
    })
    .optional(),
  PROMETHEUS_TOKEN: z
    .string()
    .regex(/^[\x21-\x7E]+$/, 'must be a token in one line, without spaces')
    .optional(),
  NOTIFY_URLS: z
    .string()
    .transform((text, context) => {
      const destinations = readDestinations(text)
      if (destinations !== undefined) return destinations
      const form = 'name=slack+https://… or name=cloudevents+https://…, with commas between several, each name once'
      context.addIssue({ code: 'custom', message: `must have the form ${form}` })
      return z.NEVER
    })
    .optional(),
  NOTIFY_SECRET: LongSecret.optional(),
  ONBOARDING: z.enum(['on', 'off'], 'must be on or off. Leave it out for on').default('on'),
  KUBECONFORM_SCHEMAS: SchemaFolders,
  KUBECTL_VALIDATE_CRDS: CrdFolders,
  DRY_RUN_KUBECONFIG: DryRunKubeconfig,
  OTEL_EXPORTER_OTLP_ENDPOINT: urlOf(['http:', 'https:'], 'must be a URL like http://collector:4318').optional(),
  RECONCILE_SECONDS: z
    .string()
    .regex(/^\d+(\.\d+)?$/, 'must be a number of seconds. Leave it out for 60')
    .transform(Number)
    .refine((seconds) => seconds >= 0.2, 'must be at least 0.2. Leave it out for 60')
    .default(60),
})

type Variables = z.infer<typeof Variables>

/** Reads the settings of the service. Reports all problems at once. */
export function readEnvironment(
  env = processEnv(),
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): EnvironmentResult {
  // Compose files and charts set missing variables to an empty text.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim() !== ''))
  const variables = Variables.safeParse(given)
  const key = readKey(given, readFile)
  const problems = [
    ...(variables.error?.issues ?? []).map((issue) => `${issue.path.join('.')} ${issue.message}.`),
    ...('problem' in key ? [key.problem] : []),
    ...unsigned(variables.data),
  ]
  if (!variables.success || 'problem' in key || problems.length > 0) return { ok: false, problems }
  return { ok: true, value: environment(variables.data, key.pem) }
}

/** Only the secret for reports, for the command line; or a message if it is not set. */
export function readReportSecret(
  env = processEnv(),
): { readonly ok: true; readonly secret: string } | { readonly ok: false; readonly problem: string } {
  const given = env['REPORT_SECRET']?.trim() === '' ? undefined : env['REPORT_SECRET']
  if (given === undefined)
    return { ok: false, problem: 'REPORT_SECRET is missing. Set it to the one that the service runs with.' }
  const secret = LongSecret.safeParse(given)
  return secret.success
    ? { ok: true, secret: secret.data }
    : { ok: false, problem: `REPORT_SECRET ${secret.error.issues[0]?.message ?? 'is wrong'}.` }
}

export interface GitHubAddresses {
  readonly apiUrl: string
  /** The address of GitHub's web pages, which is also where repositories are cloned from. */
  readonly webUrl: string
  /** The variables that set these addresses, to pass to another process. */
  readonly given: Readonly<Record<string, string>>
}

/** GitHub's addresses for the command line; or messages if they are set wrongly. */
export function readGitHubAddresses(
  env = processEnv(),
):
  | { readonly ok: true; readonly value: GitHubAddresses }
  | { readonly ok: false; readonly problems: readonly string[] } {
  const given = Object.fromEntries(
    ['GHE_HOST', 'GHE_PROTOCOL'].flatMap((name) => {
      const value = env[name]?.trim() ?? ''
      return value === '' ? [] : [[name, value] as const]
    }),
  )
  const read = Variables.pick({ GHE_HOST: true, GHE_PROTOCOL: true }).safeParse(given)
  if (!read.success)
    return { ok: false, problems: read.error.issues.map(({ path, message }) => `${path.join('.')} ${message}.`) }
  const { apiUrl, gitUrl } = githubUrls(read.data)
  return { ok: true, value: { apiUrl, webUrl: gitUrl, given } }
}

function environment(variables: Variables, privateKey: string): ProcessEnvironment {
  const { WEBHOOK_SECRET_PREVIOUS: previous, DATABASE_URL: databaseUrl } = variables
  const { PROMETHEUS_URL: prometheusServers, PROMETHEUS_TOKEN: prometheusToken } = variables
  const { OTEL_EXPORTER_OTLP_ENDPOINT: tracesTo } = variables
  return {
    appId: variables.APP_ID,
    privateKey,
    webhookSecret: variables.WEBHOOK_SECRET,
    ...(previous === undefined ? {} : { webhookSecretPrevious: previous }),
    ...(variables.REPORT_SECRET === undefined ? {} : { reportSecret: variables.REPORT_SECRET }),
    ...githubUrls(variables),
    host: variables.HOST,
    port: variables.PORT,
    logLevel: variables.LOG_LEVEL,
    dataDir: variables.DATA_DIR,
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    ...(prometheusServers === undefined ? {} : { prometheusServers }),
    ...(prometheusToken === undefined ? {} : { prometheusToken }),
    ...(tracesTo === undefined ? {} : { tracesTo }),
    ...(variables.NOTIFY_URLS === undefined ? {} : { notifyDestinations: variables.NOTIFY_URLS }),
    ...(variables.NOTIFY_SECRET === undefined ? {} : { notifySecret: variables.NOTIFY_SECRET }),
    ...(variables.ONBOARDING === 'off' ? { onboarding: variables.ONBOARDING } : {}),
    reconcileSeconds: variables.RECONCILE_SECONDS,
    ...validatorInputs(variables),
  }
}

/** The folders and files of this machine that validators read. */
function validatorInputs(
  variables: Variables,
): Pick<ProcessEnvironment, 'schemaFolders' | 'crdFolders' | 'dryRunKubeconfig'> {
  return {
    ...(variables.KUBECONFORM_SCHEMAS.length === 0 ? {} : { schemaFolders: variables.KUBECONFORM_SCHEMAS }),
    ...(variables.KUBECTL_VALIDATE_CRDS.length === 0 ? {} : { crdFolders: variables.KUBECTL_VALIDATE_CRDS }),
    ...(variables.DRY_RUN_KUBECONFIG === undefined ? {} : { dryRunKubeconfig: variables.DRY_RUN_KUBECONFIG }),
  }
}

function githubUrls({
  GHE_HOST: host,
  GHE_PROTOCOL: protocol,
}: Pick<Variables, 'GHE_HOST' | 'GHE_PROTOCOL'>): Pick<ProcessEnvironment, 'apiUrl' | 'gitUrl'> {
  if (host === undefined || host === 'github.com' || host === 'api.github.com') {
    return { apiUrl: 'https://api.github.com', gitUrl: 'https://github.com' }
  }
  // GitHub Enterprise Cloud with data residency has a separate host for the API, like github.com.
  if (host.endsWith('.ghe.com')) {
    const tenant = host.replace(/^api\./, '')
    return { apiUrl: `https://api.${tenant}`, gitUrl: `https://${tenant}` }
  }
  return { apiUrl: `${protocol}://${host}/api/v3`, gitUrl: `${protocol}://${host}` }
}

/** The receiver of a CloudEvent must be able to verify that Perch sent it. */
function unsigned(variables: Variables | undefined): readonly string[] {
  const isSigned = variables?.NOTIFY_SECRET !== undefined
  const isSent = variables?.NOTIFY_URLS?.some(({ kind }) => kind === 'cloudevents') === true
  const step = 'Set a random one, such as `openssl rand -hex 32` makes, and give it to the receiver'
  return isSent && !isSigned
    ? [`NOTIFY_SECRET is missing: it signs what NOTIFY_URLS sends as CloudEvents. ${step}.`]
    : []
}

function urlOf(protocols: readonly string[], message: string): z.ZodType<string> {
  return z.string().refine((text) => protocols.includes(URL.parse(text)?.protocol ?? ''), message)
}
