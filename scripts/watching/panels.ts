/** The content of the dashboard, as data. */

interface Query {
  readonly expr: string
  readonly legend: string
}

export interface PanelPlan {
  readonly title: string
  readonly description: string
  /** Grafana's name of the unit. */
  readonly unit: string
  readonly kind?: 'stat'
  readonly queries: readonly Query[]
}

export interface RowPlan {
  readonly title: string
  readonly panels: readonly PanelPlan[]
}

const one = (expr: string, legend: string): readonly Query[] => [{ expr, legend }]

/** Two quantiles of a histogram. */
function quantiles(histogram: string, by = ''): readonly Query[] {
  const labels = by === '' ? 'le' : `le, ${by}`
  const legend = by === '' ? '' : ` {{${by}}}`
  return [0.5, 0.95].map((quantile) => ({
    expr: `histogram_quantile(${quantile}, sum by (${labels}) (rate(${histogram}_bucket[$__rate_interval])))`,
    legend: `p${quantile * 100}${legend}`,
  }))
}

const ROLLOUTS: RowPlan = {
  title: 'Rollouts',
  panels: [
    {
      title: 'Rollouts by state',
      description: 'Routes whose canary has traffic. Stuck and unreadable ones need a person.',
      unit: 'short',
      queries: one('max by (state) (perch_rollouts)', '{{state}}'),
    },
    {
      title: 'Age of the oldest rollout by state',
      description: 'Counted from when its open pull request was opened, if it has one.',
      unit: 's',
      queries: one('max by (state) (perch_rollout_age_seconds)', '{{state}}'),
    },
    {
      title: 'Gates of open pull requests',
      description: 'What merges wait for.',
      unit: 'short',
      queries: one('max by (gate, state) (perch_gates{state!="pass"})', '{{gate}} {{state}}'),
    },
    {
      title: 'From merge to live',
      description: 'How long Argo CD or Flux takes to apply a step, if it reports that.',
      unit: 's',
      queries: quantiles('perch_live_delay_seconds'),
    },
    {
      title: 'Rollbacks opened',
      description: 'In the last hour, by the analysis or by a command.',
      unit: 'short',
      queries: one('sum by (cause) (increase(perch_rollbacks_total[1h]))', '{{cause}}'),
    },
    {
      title: 'Commits, pull requests and merges',
      description: 'In the last hour, by result.',
      unit: 'short',
      queries: one('sum by (effect, result) (increase(perch_effects_total[1h]))', '{{effect}} {{result}}'),
    },
  ],
}

const DELIVERY: RowPlan = {
  title: 'Argo CD, Flux and Istio',
  panels: [
    {
      title: 'Argo CD applications by sync state',
      description: 'OutOfSync is drift between Git and the cluster, or a step that is not applied yet.',
      unit: 'short',
      queries: one('sum by (sync_status) (argocd_app_info)', '{{sync_status}}'),
    },
    {
      title: 'Argo CD applications by health',
      description: 'The health that Argo CD reports for each application.',
      unit: 'short',
      queries: one('sum by (health_status) (argocd_app_info)', '{{health_status}}'),
    },
    {
      title: 'Flux objects that are not ready, or suspended',
      description: 'From kube-state-metrics with the configuration that Flux documents.',
      unit: 'short',
      queries: [
        {
          expr: 'sum by (customresource_kind) (gotk_resource_info{ready!="True"})',
          legend: '{{customresource_kind}} not ready',
        },
        {
          expr: 'sum by (customresource_kind) (gotk_resource_info{suspended="true"})',
          legend: '{{customresource_kind}} suspended',
        },
      ],
    },
    {
      title: 'Istio: time until proxies have a new route',
      description: 'From the change in the cluster until the proxies have it. A step takes effect only then.',
      unit: 's',
      queries: quantiles('pilot_proxy_convergence_time'),
    },
    {
      title: 'Istio: errors of pushes',
      description: 'Internal errors of istiod, and configuration that proxies have rejected.',
      unit: 'ops',
      queries: [
        { expr: 'sum(rate(pilot_total_xds_internal_errors[$__rate_interval]))', legend: 'internal errors' },
        { expr: 'sum by (type) (rate(pilot_total_xds_rejects[$__rate_interval]))', legend: 'rejected {{type}}' },
      ],
    },
    {
      title: 'Istio: requests by version',
      description: 'The requests that reach each version of the services. Compare them with the share in Git.',
      unit: 'reqps',
      queries: one(
        'sum by (destination_workload_namespace, destination_canonical_service, destination_version) (rate(istio_requests_total{reporter="destination"}[$__rate_interval]))',
        '{{destination_workload_namespace}}/{{destination_canonical_service}} {{destination_version}}',
      ),
    },
  ],
}

const SERVICE: RowPlan = {
  title: 'Perch',
  panels: [
    {
      title: 'Oldest waiting job',
      description: 'Above a minute, Perch is behind.',
      unit: 's',
      kind: 'stat',
      queries: one('max(perch_queue_age_seconds)', 'age'),
    },
    {
      title: 'Errors in the log',
      description: 'In the last 15 minutes.',
      unit: 'short',
      kind: 'stat',
      queries: one('sum(increase(perch_log_lines_total{level=~"error|fatal"}[15m]))', 'errors'),
    },
    {
      title: 'Lowest rate limit left',
      description: 'The lowest of all installations and resources.',
      unit: 'percentunit',
      kind: 'stat',
      queries: one('min(perch_github_rate_limit_remaining / perch_github_rate_limit)', 'left'),
    },
    {
      title: 'Webhooks',
      description: 'By result.',
      unit: 'reqps',
      queries: one('sum by (result) (rate(perch_deliveries_total[$__rate_interval]))', '{{result}}'),
    },
    {
      title: 'Time to answer a webhook',
      description: 'GitHub gives up after ten seconds.',
      unit: 's',
      queries: quantiles('perch_delivery_duration_seconds'),
    },
    {
      title: 'From a command to its answer',
      description: 'By command.',
      unit: 's',
      queries: quantiles('perch_command_duration_seconds', 'command'),
    },
    {
      title: 'Jobs in the queue',
      description: 'Scheduled jobs wait for a time, such as the end of a bake.',
      unit: 'short',
      queries: one('max by (state) (perch_queue_depth)', '{{state}}'),
    },
    {
      title: 'Jobs by result',
      description: 'The result of each run of a job.',
      unit: 'ops',
      queries: one('sum by (task, result) (rate(perch_jobs_total[$__rate_interval]))', '{{task}} {{result}}'),
    },
    {
      title: 'Duration of jobs',
      description: 'By task.',
      unit: 's',
      queries: quantiles('perch_job_duration_seconds', 'task'),
    },
    {
      title: 'Requests to GitHub',
      description: 'Requests that are answered with 304 are free.',
      unit: 'reqps',
      queries: one(
        'sum by (api, status, cost) (rate(perch_github_requests_total[$__rate_interval]))',
        '{{api}} {{status}} {{cost}}',
      ),
    },
    {
      title: 'Rate limit left',
      description: 'By installation and resource.',
      unit: 'short',
      queries: one(
        'min by (installation, resource) (perch_github_rate_limit_remaining)',
        '{{installation}} {{resource}}',
      ),
    },
    {
      title: 'Builds',
      description: 'By tool (kustomize or helm) and result.',
      unit: 'ops',
      queries: one('sum by (tool, result) (rate(perch_renders_total[$__rate_interval]))', '{{tool}} {{result}}'),
    },
    {
      title: 'Memory',
      description: 'Of each replica.',
      unit: 'bytes',
      queries: one('process_resident_memory_bytes and on (instance, job) perch_thread_restarts_total', '{{instance}}'),
    },
    {
      title: 'Event loop',
      description: 'The delay of the thread that answers webhooks.',
      unit: 's',
      queries: one(
        'nodejs_eventloop_lag_p99_seconds and on (instance, job) perch_thread_restarts_total',
        '{{instance}}',
      ),
    },
    {
      title: 'Refused by GitHub',
      description:
        'Tasks that wait until a person changes something, such as permissions, rules or archived repositories.',
      unit: 'short',
      queries: one('sum by (cause) (increase(perch_github_refusals_total[1h]))', '{{cause}}'),
    },
  ],
}

export const ROWS: readonly RowPlan[] = [ROLLOUTS, DELIVERY, SERVICE]
