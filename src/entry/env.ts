import type { NotifyDestination } from '../adapters/notify/notifier.ts'
import type { PrometheusServer } from '../adapters/prometheus/metrics.ts'
import { readFileSync } from 'node:fs'
import { readKey } from './private-key.ts'
import { processEnv } from './process-env.ts'
import { type LOG_LEVELS, LongSecret, EnvironmentVariables } from './environment-variables.ts'

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

/** Reads the settings of the service. Reports all problems at once. */
export function readEnvironment(
  env = processEnv(),
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): EnvironmentResult {
  // Compose files and charts set missing variables to an empty text.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim() !== ''))
  const variables = EnvironmentVariables.safeParse(given)
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
  const read = EnvironmentVariables.pick({ GHE_HOST: true, GHE_PROTOCOL: true }).safeParse(given)
  if (!read.success)
    return { ok: false, problems: read.error.issues.map(({ path, message }) => `${path.join('.')} ${message}.`) }
  const { apiUrl, gitUrl } = githubUrls(read.data)
  return { ok: true, value: { apiUrl, webUrl: gitUrl, given } }
}

function environment(variables: EnvironmentVariables, privateKey: string): ProcessEnvironment {
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
  variables: EnvironmentVariables,
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
}: Pick<EnvironmentVariables, 'GHE_HOST' | 'GHE_PROTOCOL'>): Pick<ProcessEnvironment, 'apiUrl' | 'gitUrl'> {
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
function unsigned(variables: EnvironmentVariables | undefined): readonly string[] {
  const isSigned = variables?.NOTIFY_SECRET !== undefined
  const isSent = variables?.NOTIFY_URLS?.some(({ kind }) => kind === 'cloudevents') === true
  const step = 'Set a random one, such as `openssl rand -hex 32` makes, and give it to the receiver'
  return isSent && !isSigned
    ? [`NOTIFY_SECRET is missing: it signs what NOTIFY_URLS sends as CloudEvents. ${step}.`]
    : []
}
