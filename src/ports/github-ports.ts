import type { Activity } from './github/activity.ts'
import type { Branches } from './github/branches.ts'
import type { CanaryChecks } from './github/canary-checks.ts'
import type { Checks } from './github/checks.ts'
import type { CommandRecords } from './github/command-records.ts'
import type { Conversation } from './github/conversation.ts'
import type { Deployments } from './github/deployments.ts'
import type { Issues } from './github/issues.ts'
import type { MergeQueue } from './github/merge-queue.ts'
import type { People } from './github/people.ts'
import type { Protections } from './github/protections.ts'
import type { PullRequests } from './github/pull-requests.ts'
import type { Reports } from './github/reports.ts'
import type { Signals } from './github/signals.ts'

/** All that GitHub does and tells for one repository. */
export interface GitHubPorts {
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
}
