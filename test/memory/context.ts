import { createHmac } from 'node:crypto'
import { keepKnown } from '../../src/entry/thread/keep-known.ts'
import { askIn } from '../../src/flows/tasks/ask.ts'
import type { RepositoryContext } from '../../src/flows/repository/repository-context.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Jobs } from '../../src/ports/jobs.ts'
import type { Log } from '../../src/ports/log.ts'
import type { Memo } from '../../src/ports/memo.ts'
import { type Meter, UNWATCHED } from '../../src/ports/meter.ts'
import type { Metrics } from '../../src/ports/metrics.ts'
import type { Renderer } from '../../src/ports/renderer.ts'
import type { Validators } from '../../src/ports/validators.ts'
import type { Notifier } from '../../src/ports/notifier.ts'
import type { Mirror } from '../../src/ports/mirror.ts'
import { memoryActivity, memoryBranches } from './github/branches.ts'
import { memoryCanaryChecks, memoryChecks, memoryRecords, memoryReports } from './github/check-runs.ts'
import { memoryConversation } from './github/conversation.ts'
import { memoryDeployments } from './github/deployments.ts'
import { memoryIssues } from './github/issues.ts'
import type { GitHubState } from './github/github.ts'
import { memoryMetrics } from './metrics.ts'
import { memoryMirror } from './mirror.ts'
import { memoryPullRequests } from './github/pull-requests.ts'
import { memorySignals } from './github/signals.ts'
import { memoryValidators } from './validators.ts'
import { QUIET } from '../quiet-log.ts'

export interface ContextParts {
  readonly jobs: Jobs
  readonly memo: Memo
  readonly clock: Clock
  readonly log?: Log
  readonly metrics?: Metrics
  readonly meter?: Meter
  readonly notifier?: Notifier
  /** A mirror that has fetched already. */
  readonly mirror?: Mirror
  /** Default: none, as if kustomize and helm were not installed. */
  readonly renderer?: Renderer
  /** None by default. */
  readonly validators?: Validators
}

export const NO_TOOLS: Renderer = {
  render: async () => ({ ok: false, code: 'tool-missing', detail: '' }),
  tool: async () => undefined,
}

export const NO_DESTINATIONS: Notifier = { destinations: () => [], send: async () => 'unknown-destination' }

/** Kept from task to task, like in the service. */
const knownOf = keepKnown()

/** Everything that a flow needs, on a model of GitHub. */
export function memoryContext(
  state: GitHubState,
  { log = QUIET, metrics, mirror, notifier = NO_DESTINATIONS, jobs, renderer = NO_TOOLS, ...parts }: ContextParts,
): RepositoryContext {
  return {
    repo: state.repo,
    pageUrl: `https://github.com/${state.repo.owner}/${state.repo.name}`,
    ask: askIn(state, jobs),
    botLogin: state.bot.login,
    ...portsOf(state),
    mirror: mirror ?? memoryMirror(state),
    known: knownOf(state.repo.id),
    renderer,
    validators: memoryValidators(),
    schemas: { misfits: async () => [] },
    metrics: metrics ?? memoryMetrics({}),
    meter: UNWATCHED,
    notifier,
    seal: (text) => createHmac('sha256', 'key').update(`perch:${state.repo.id}:${text}`).digest('hex'),
    log,
    ...parts,
  }
}

/** The ports to GitHub's API. */
export function portsOf(
  state: GitHubState,
): Pick<
  RepositoryContext,
  | 'pulls'
  | 'conversation'
  | 'checks'
  | 'branches'
  | 'activity'
  | 'records'
  | 'people'
  | 'protections'
  | 'queue'
  | 'signals'
  | 'deployments'
  | 'issues'
  | 'reports'
  | 'canaryChecks'
> {
  return {
    pulls: memoryPullRequests(state),
    conversation: memoryConversation(state),
    checks: memoryChecks(state),
    branches: memoryBranches(state),
    activity: memoryActivity(state),
    records: memoryRecords(state),
    people: { permission: async (login) => state.roles.get(login) ?? 'none' },
    protections: {
      of: async (branch) =>
        state.refs.has(`refs/heads/${branch}`)
          ? {
              checks: state.required.map((name) => ({ name, isOurs: true })),
              isUpToDate: true,
              hasQueue: false,
              sparesAdmins: false,
            }
          : undefined,
    },
    queue: { waiting: async () => [...state.queued] },
    signals: memorySignals(state),
    deployments: memoryDeployments(state),
    issues: memoryIssues(state),
    reports: memoryReports(state),
    canaryChecks: memoryCanaryChecks(state),
  }
}
