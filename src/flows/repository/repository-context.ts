import type { RepositoryName } from '../../core/rollout/facts.ts'
import type { Activity } from '../../ports/github/activity.ts'
import type { Branches } from '../../ports/github/branches.ts'
import type { CanaryChecks } from '../../ports/github/canary-checks.ts'
import type { Checks } from '../../ports/github/checks.ts'
import type { Clock } from '../../ports/clock.ts'
import type { CommandRecords } from '../../ports/github/command-records.ts'
import type { Conversation } from '../../ports/github/conversation.ts'
import type { Deployments } from '../../ports/github/deployments.ts'
import type { Issues } from '../../ports/github/issues.ts'
import type { Log } from '../../ports/log.ts'
import type { MergeQueue } from '../../ports/github/merge-queue.ts'
import type { Memo } from '../../ports/memo.ts'
import type { Meter } from '../../ports/meter.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Mirror } from '../../ports/mirror.ts'
import type { Notifier } from '../../ports/notifier.ts'
import type { People } from '../../ports/github/people.ts'
import type { Protections } from '../../ports/github/protections.ts'
import type { PullRequests } from '../../ports/github/pull-requests.ts'
import type { Renderer } from '../../ports/renderer.ts'
import type { Reports } from '../../ports/github/reports.ts'
import type { Schemas } from '../../ports/schemas.ts'
import type { Signals } from '../../ports/github/signals.ts'
import type { Validators } from '../../ports/validators.ts'
import type { TaskRequests } from '../tasks/ask.ts'
import type { KnownTexts } from '../../core/config/known-texts.ts'

/**
 * Everything that a flow needs for one repository. A flow declares the part that it uses: `Pick<RepositoryContext, 'mirror'>`.
 */
export interface RepositoryContext {
  readonly repo: RepositoryName
  /** The repository's web page: `https://github.com/acme/gitops`. */
  readonly pageUrl: string
  /** The login under which Perch opens pull requests: `<slug>[bot]`. */
  readonly botLogin: string
  readonly pulls: PullRequests
  readonly conversation: Conversation
  readonly checks: Checks
  readonly branches: Branches
  readonly activity: Activity
  readonly records: CommandRecords
  readonly people: People
  readonly protections: Protections
  readonly queue: MergeQueue
  readonly signals: Signals
  readonly deployments: Deployments
  readonly issues: Issues
  readonly reports: Reports
  readonly canaryChecks: CanaryChecks
  readonly mirror: Mirror
  /** Cached results of reading its texts. */
  readonly known: KnownTexts
  readonly renderer: Renderer
  readonly validators: Validators
  readonly schemas: Schemas
  readonly ask: TaskRequests
  readonly memo: Memo
  readonly metrics: Metrics
  readonly meter: Meter
  readonly notifier: Notifier
  readonly clock: Clock
  /** A mark for a text, of letters and digits, that only this service can compute. */
  readonly seal: (text: string) => string
  readonly log: Log
}
