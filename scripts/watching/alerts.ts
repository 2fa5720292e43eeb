import { stringify } from 'yaml'

export interface Alert {
  readonly name: string
  readonly expr: string
  readonly lasts: string
  /** `critical`: wake someone. `warning`: look today. `info`: worth knowing. */
  readonly severity: 'critical' | 'warning' | 'info'
  readonly summary: string
}

/** The address of docs/watching/README.md, which each team replaces. */
const RUNBOOK = 'https://runbooks.example.com/perch'

/** All replicas report the same queue, rollouts and gates, so rules about those use `max` and all others `sum`. */
export const ALERTS: readonly Alert[] = [
  {
    name: 'PerchAbsent',
    expr: 'absent(perch_thread_restarts_total)',
    lasts: '5m',
    severity: 'critical',
    summary: 'Prometheus finds no Perch: no replica runs, or Prometheus cannot scrape it.',
  },
  {
    name: 'PerchQueueLate',
    expr: 'max(perch_queue_age_seconds) > 60',
    lasts: '5m',
    severity: 'warning',
    summary: 'The oldest job has waited for {{ $value | humanizeDuration }}.',
  },
  {
    name: 'PerchQueueStuck',
    expr: 'max(perch_queue_age_seconds) > 900',
    lasts: '5m',
    severity: 'critical',
    summary: 'The oldest job has waited for {{ $value | humanizeDuration }}: commands and checks are not answered.',
  },
  {
    name: 'PerchDeliveriesFail',
    expr: 'sum(increase(perch_deliveries_total{result="failed"}[10m])) > 0',
    lasts: '0m',
    severity: 'warning',
    summary: 'Webhooks could not be stored; a sweep finds their work later.',
  },
  {
    name: 'PerchDeliveriesRefused',
    expr: 'sum(increase(perch_deliveries_total{result="refused"}[15m])) > 5 unless sum(increase(perch_deliveries_total{result="accepted"}[15m])) > 0',
    lasts: '5m',
    severity: 'critical',
    summary: 'All webhooks are refused: the webhook secret may be wrong.',
  },
  {
    name: 'PerchJobsGivenUp',
    expr: 'sum by (task) (increase(perch_jobs_total{result="given-up"}[30m])) > 0',
    lasts: '0m',
    severity: 'warning',
    summary: 'Jobs of the task {{ $labels.task }} were given up after several tries.',
  },
  {
    name: 'PerchGitHubLimitLow',
    expr: 'min by (installation, resource) (perch_github_rate_limit_remaining / perch_github_rate_limit and perch_github_rate_limit_reset_timestamp_seconds > time()) < 0.1',
    lasts: '2m',
    severity: 'warning',
    summary:
      'Installation {{ $labels.installation }} has {{ $value | humanizePercentage }} of its {{ $labels.resource }} rate limit left.',
  },
  {
    name: 'PerchGitHubFails',
    expr: 'sum(rate(perch_github_requests_total{status=~"5xx|none"}[10m])) / sum(rate(perch_github_requests_total[10m])) > 0.1',
    lasts: '10m',
    severity: 'warning',
    summary: '{{ $value | humanizePercentage }} of the requests to GitHub fail.',
  },
  {
    name: 'PerchCommandsSlow',
    expr: 'histogram_quantile(0.9, sum by (le) (rate(perch_command_duration_seconds_bucket[15m]))) > 30',
    lasts: '10m',
    severity: 'warning',
    summary: 'One in ten commands waits for {{ $value | humanizeDuration }} or longer.',
  },
  {
    name: 'PerchRendersFail',
    expr: 'sum by (result) (increase(perch_renders_total{result=~"tool-missing|helm-missing|tool-busy|not-confined|timed-out|out-of-memory"}[15m])) > 3',
    lasts: '0m',
    severity: 'warning',
    summary: 'Environments cannot be built here: {{ $labels.result }}.',
  },
  {
    name: 'PerchThreadRestarts',
    expr: 'sum(increase(perch_thread_restarts_total[30m])) > 0',
    lasts: '0m',
    severity: 'warning',
    summary: 'The working thread ended and was restarted.',
  },
  {
    name: 'PerchErrors',
    expr: 'sum(increase(perch_log_lines_total{level=~"error|fatal"}[15m])) > 10',
    lasts: '0m',
    severity: 'warning',
    summary: 'Perch logged {{ $value | humanize }} errors within 15 minutes.',
  },
  {
    name: 'PerchRollbackWaits',
    expr: 'max(perch_rollout_age_seconds{state="rolling-back"}) > 900',
    lasts: '1m',
    severity: 'critical',
    summary: 'A rollback pull request has waited for its merge for {{ $value | humanizeDuration }}.',
  },
  {
    name: 'PerchAnalysisFailed',
    expr: 'sum(increase(perch_rollbacks_total{cause="failed"}[15m])) > 0',
    lasts: '0m',
    severity: 'info',
    summary: 'A canary failed its analysis, and Perch opened a rollback pull request.',
  },
  {
    name: 'PerchRolloutStuck',
    expr: 'max by (state) (perch_rollouts{state=~"stuck|unreadable"}) > 0',
    lasts: '30m',
    severity: 'warning',
    summary: '{{ $value | humanize }} rollouts cannot continue: {{ $labels.state }}.',
  },
  {
    name: 'PerchRolloutOld',
    expr: 'max by (state) (perch_rollout_age_seconds{state=~"stepping|finishing"}) > 7 * 86400',
    lasts: '1h',
    severity: 'info',
    summary: 'A step has been open for {{ $value | humanizeDuration }}.',
  },
  {
    name: 'PerchLiveSlow',
    expr: 'histogram_quantile(0.9, sum by (le) (rate(perch_live_delay_seconds_bucket[1h]))) > 1800',
    lasts: '10m',
    severity: 'warning',
    summary: 'One in ten merged steps takes {{ $value | humanizeDuration }} or longer until it is live.',
  },
]

/** The rules in the format of Prometheus. */
export function alertRules(): string {
  const rules = ALERTS.map(({ name, expr, lasts, severity, summary }) => ({
    alert: name,
    expr,
    for: lasts,
    labels: { severity },
    annotations: { summary, runbook_url: `${RUNBOOK}#${name.toLowerCase()}` },
  }))
  const head = '# Made by `npm run docs` from scripts/watching/alerts.ts.\n'
  return head + stringify({ groups: [{ name: 'perch', rules }] }, { lineWidth: 0 })
}
