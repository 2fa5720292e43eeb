/**
 * The metrics of Perch, by name. Labels have few, known values. They name no repository, branch or person, because `/metrics` does not
 * authenticate anyone. Names and units follow the conventions of Prometheus.
 */
export interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  /** Upper bounds of a histogram, in its unit. */
  readonly buckets?: readonly number[]
  /** All replicas on one PostgreSQL report the same: take the maximum, not the sum. */
  readonly isShared?: true
}

/** The time to answer a webhook. GitHub gives up after ten seconds. */
const ANSWER_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
/** People wait for these. */
const COMMAND_SECONDS = [0.5, 1, 2, 3, 5, 10, 20, 30, 60, 300, 3_600]
/** Argo CD and Flux look at Git every few minutes. */
const DELAY_SECONDS = [15, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 21_600]
const POINTS = [0.5, 1, 2, 3, 5, 10, 25, 50, 100]
const WORK_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

export const FAMILIES = {
  perch_deliveries_total: {
    type: 'counter',
    help: 'Webhooks received, by event and result: accepted, ignored, refused (not from GitHub or malformed), failed (could not be stored).',
    labels: ['event', 'result'],
  },
  perch_delivery_duration_seconds: {
    type: 'histogram',
    help: 'Time from the first byte of a webhook to its answer.',
    labels: [],
    buckets: ANSWER_SECONDS,
  },
  perch_reports_total: {
    type: 'counter',
    help: 'Reports received from clusters, by source and result.',
    labels: ['source', 'result'],
  },
  perch_flagger_hooks_total: {
    type: 'counter',
    help: 'Webhooks of Flagger, by hook and answer: go, stop, refused (a wrong key, or malformed), failed.',
    labels: ['hook', 'answer'],
  },
  perch_jobs_total: {
    type: 'counter',
    help: 'Jobs that ran, by task and result: done, later (waits for a rate limit), retry (failed, is tried again), given-up.',
    labels: ['task', 'result'],
  },
  perch_job_duration_seconds: {
    type: 'histogram',
    help: 'Time that a job ran, by task.',
    labels: ['task'],
    buckets: WORK_SECONDS,
  },
  perch_queue_depth: {
    type: 'gauge',
    help: 'Jobs in the queue, by state: due (waits and may run now), scheduled (waits for its time), active, failed (given up in the last week).',
    labels: ['state'],
    isShared: true,
  },
  perch_queue_age_seconds: {
    type: 'gauge',
    help: 'How long the oldest job that may run has waited, or 0 if none waits.',
    labels: [],
    isShared: true,
  },
  perch_command_duration_seconds: {
    type: 'histogram',
    help: 'Time from a command to its answer, by command and result (done, refused). GitHub dates comments to whole seconds, so it may be up to one second too long.',
    labels: ['command', 'result'],
    buckets: COMMAND_SECONDS,
  },
  perch_effects_total: {
    type: 'counter',
    help: 'What Perch did on GitHub, by effect (commit, open, close, merge) and result.',
    labels: ['effect', 'result'],
  },
  perch_notifications_total: {
    type: 'counter',
    help: 'Notifications sent outside of GitHub, by event and result: sent, refused (by the destination), unknown-destination (the operator has not configured it). If a destination is down, its job is tried again.',
    labels: ['event', 'result'],
  },
  perch_rollbacks_total: {
    type: 'counter',
    help: 'Rollback pull requests opened, by cause: failed (the analysis), command, or restart (a new version came).',
    labels: ['cause'],
  },
  perch_rollouts: {
    type: 'gauge',
    help: 'Rollouts, by state: stepping, finishing, rolling-back, by-hand (a share that somebody set), stopped (a person closed its step), stuck (Perch cannot do what comes next), unreadable. Only repositories that Perch has looked at recently count.',
    labels: ['state'],
    isShared: true,
  },
  perch_rollout_age_seconds: {
    type: 'gauge',
    help: 'How long the oldest rollout in a state has waited there; counted from when its open pull request was opened, if it has one.',
    labels: ['state'],
    isShared: true,
  },
  perch_gates: {
    type: 'gauge',
    help: 'Gates of open pull requests that change traffic, by gate and state (pass, wait, block).',
    labels: ['gate', 'state'],
    isShared: true,
  },
  perch_live_delay_seconds: {
    type: 'histogram',
    help: 'Time from the merge of a step until the deployer reported it, if the config names such a report.',
    labels: [],
    buckets: DELAY_SECONDS,
  },
  perch_traffic_difference_points: {
    type: 'histogram',
    help: "Difference between the canary's share in Prometheus and the one in Git, in percentage points, at each look at a rollout whose Prometheus Perch knows.",
    labels: [],
    buckets: POINTS,
  },
  perch_github_requests_total: {
    type: 'counter',
    help: 'Requests to the GitHub API, by API (rest, graphql), status class, and cost: free (304, not counted against the limit) or counted.',
    labels: ['api', 'status', 'cost'],
  },
  perch_github_refusals_total: {
    type: 'counter',
    help: 'Tasks that GitHub refuses until a person changes something, by cause.',
    labels: ['cause'],
  },
  perch_github_rate_limit_remaining: {
    type: 'gauge',
    help: "What is left of GitHub's rate limit according to its last answer, by installation and resource.",
    labels: ['installation', 'resource'],
  },
  perch_github_rate_limit: {
    type: 'gauge',
    help: "GitHub's rate limit, by installation and resource.",
    labels: ['installation', 'resource'],
  },
  perch_github_rate_limit_reset_timestamp_seconds: {
    type: 'gauge',
    help: 'When GitHub resets the rate limit, by installation and resource.',
    labels: ['installation', 'resource'],
  },
  perch_renders_total: {
    type: 'counter',
    help: 'Environments built by kustomize or helm, by tool and result. Cached builds do not count.',
    labels: ['tool', 'result'],
  },
  perch_render_duration_seconds: {
    type: 'histogram',
    help: 'Time of a build, by tool. It includes waiting for other builds to end.',
    labels: ['tool'],
    buckets: WORK_SECONDS,
  },
  perch_log_lines_total: {
    type: 'counter',
    help: 'Log lines that a person should look at, by level: warn, error, fatal.',
    labels: ['level'],
  },
  perch_thread_restarts_total: {
    type: 'counter',
    help: 'How often Perch had to restart the working thread.',
    labels: [],
  },
} as const satisfies Readonly<Record<string, Family>>

export type FamilyName = keyof typeof FAMILIES

/** The labels of a metric, with text values. */
export type LabelsOf<Name extends FamilyName> = Readonly<Record<(typeof FAMILIES)[Name]['labels'][number], string>>

/** One observation, as data that can go from one thread to another. */
export interface Sample {
  readonly name: FamilyName
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}
