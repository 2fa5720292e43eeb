import * as z from 'zod'
import { REPORT_PREFIX, type Signal, stateOf } from '../../../core/gate/signal.ts'
import type { StoredReport } from '../../../core/report/report.ts'
import { webUrl } from '../../../core/text/web-url.ts'
import { Account, type AppIdentity, CheckRunAnswer, Time } from '../schema.ts'

/** Parses the fields that Perch uses in answers about statuses, check runs and deployments, and converts them to signals. */
const StatusAnswer = z.object({
  context: z.string(),
  state: z.enum(['success', 'failure', 'error', 'pending']),
  description: z.string().nullish(),
  target_url: z.string().nullish(),
  created_at: Time,
  creator: Account.nullish(),
})

const App = z.object({ id: z.int(), slug: z.string().nullish() })

const RunAnswer = CheckRunAnswer.extend({
  app: App.nullish(),
  completed_at: Time.nullish(),
  html_url: z.string().nullish(),
})

const DeploymentAnswer = z.object({
  id: z.int(),
  sha: z.string(),
  environment: z.string(),
  creator: Account.nullish(),
  performed_via_github_app: App.nullish(),
})

const DeploymentStatusAnswer = z.object({
  id: z.int(),
  state: z.string(),
  environment: z.string().default(''),
  description: z.string().nullish(),
  log_url: z.string().nullish(),
  environment_url: z.string().nullish(),
  created_at: Time,
  creator: Account.nullish(),
  performed_via_github_app: App.nullish(),
})

/** The first of these addresses that is a web page. */
function pageOf(...addresses: readonly (string | null | undefined)[]): Pick<Signal, 'url'> {
  const url = addresses.map(webUrl).find((one) => one !== undefined)
  return url === undefined ? {} : { url }
}

export function statusSignalOf(answer: unknown): Signal {
  const { context, state, description, target_url, created_at, creator } = StatusAnswer.parse(answer)
  return {
    source: 'status',
    name: context,
    state: stateOf(state),
    at: created_at,
    description: description ?? '',
    by: loginsOf(creator),
    ...pageOf(target_url),
  }
}

/** The signal of a check run: of another App, or of ours if it stores a report. Our other check runs are not signals. */
export function runSignalOf(
  answer: unknown,
  us: AppIdentity,
): { readonly id: number; readonly signal: Signal | undefined } {
  const { id, app, name, status, conclusion, completed_at, html_url, output } = RunAnswer.parse(answer)
  const isOurs = app?.id === us.appId
  if (isOurs && !name.startsWith(REPORT_PREFIX)) return { id, signal: undefined }
  const hasEnded = status === 'completed' && completed_at !== undefined && completed_at !== null
  const signal: Signal = {
    source: isOurs ? 'report' : 'check',
    name: isOurs ? name.slice(REPORT_PREFIX.length) : name,
    state: stateOf(hasEnded ? conclusion : undefined),
    at: completed_at ?? 0,
    description: output?.title ?? '',
    by: botOf(app),
    ...pageOf(html_url),
  }
  return { id, signal }
}

export function deploymentOf(answer: unknown): z.infer<typeof DeploymentAnswer> {
  return DeploymentAnswer.parse(answer)
}

/** GitHub does not name the App of every deployment, but it always names the App's bot. */
export function isOwnDeployment(
  { creator, performed_via_github_app: app }: z.infer<typeof DeploymentAnswer>,
  us: AppIdentity,
): boolean {
  return app?.id === us.appId || creator?.login === us.login
}

/** The newest state of a deployment; undefined if it has none. */
export function deploymentStateOf(answer: unknown): string | undefined {
  return z.array(DeploymentStatusAnswer).parse(answer)[0]?.state
}

export function deploymentSignalOf(
  answer: unknown,
  deployment: { readonly environment: string },
): { readonly id: number; readonly signal: Signal } {
  const status = DeploymentStatusAnswer.parse(answer)
  const signal: Signal = {
    source: 'deployment',
    // A status may assign its deployment to another environment.
    name: status.environment === '' ? deployment.environment : status.environment,
    state: stateOf(status.state),
    at: status.created_at,
    description: status.description ?? '',
    by: [...loginsOf(status.creator), ...botOf(status.performed_via_github_app)],
    ...pageOf(status.log_url, status.environment_url),
  }
  return { id: status.id, signal }
}

function loginsOf(account: z.infer<typeof Account> | null | undefined): readonly string[] {
  return account === null || account === undefined ? [] : [account.login]
}

function botOf(app: z.infer<typeof App> | null | undefined): readonly string[] {
  return typeof app?.slug === 'string' ? [`${app.slug}[bot]`] : []
}

const KeptAnswer = RunAnswer.extend({ external_id: z.string().nullish() })

/** The newest of our runs with one name, as a stored report; undefined if the answer contains no list. */
export function keptIn(
  answer: unknown,
  us: AppIdentity,
): { readonly id: number; readonly kept: StoredReport } | 'none' | undefined {
  const list = z.object({ check_runs: z.array(z.unknown()) }).safeParse(answer)
  if (!list.success) return undefined
  const runs = list.data.check_runs.map((run) => KeptAnswer.parse(run)).filter(({ app }) => app?.id === us.appId)
  const [run] = runs.sort((a, b) => b.id - a.id)
  if (run === undefined) return 'none'
  const since = run.completed_at ?? 0
  const state = stateOf(run.status === 'completed' ? run.conclusion : undefined)
  const heardAt = /^\d{1,15}$/.test(run.external_id ?? '') ? Number(run.external_id) : since
  return { id: run.id, kept: { state: state === 'silent' ? undefined : state, since, heardAt } }
}
