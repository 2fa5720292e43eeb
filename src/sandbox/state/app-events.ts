/**
 * The permission that an App needs to subscribe to an event. From GitHub's webhook reference, which says for each event: "To
 * subscribe to this event, a GitHub App must have at least read-level access for the "…" repository permission."
 * https://docs.github.com/webhooks/webhook-events-and-payloads
 */
import { Refusal } from './refusal.ts'
import type { Permissions } from './types.ts'

/** One of the permissions is enough. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  branch_protection_rule: ['administration'],
  check_run: ['checks'],
  check_suite: ['checks'],
  commit_comment: ['contents'],
  create: ['contents'],
  delete: ['contents'],
  deployment: ['deployments'],
  deployment_status: ['deployments'],
  fork: ['contents'],
  // Also for comments on pull requests, although `pull_requests: write` is enough to write those.
  issue_comment: ['issues'],
  issues: ['issues'],
  label: ['metadata'],
  merge_group: ['merge_queues'],
  pull_request: ['pull_requests'],
  pull_request_review: ['pull_requests'],
  pull_request_review_comment: ['pull_requests'],
  pull_request_review_thread: ['pull_requests'],
  push: ['contents'],
  release: ['contents'],
  repository: ['metadata'],
  repository_ruleset: ['administration'],
  star: ['metadata'],
  status: ['statuses'],
  workflow_job: ['actions'],
  workflow_run: ['actions'],
}

/** "All GitHub Apps receive this event by default. You cannot manually subscribe to this event." */
const SENT_TO_ALL = ['github_app_authorization', 'installation', 'installation_repositories', 'installation_target']

/** Whether an App with these permissions receives an event to which it is subscribed. */
export function allowsEvent(permissions: Permissions, event: string): boolean {
  if (SENT_TO_ALL.includes(event)) return true
  return NEEDED[event]?.some((name) => name === 'metadata' || permissions[name] !== undefined) ?? false
}

/** Refuses to register an App, with the message of GitHub's form for manifests. */
export function checkEvents(permissions: Permissions, events: readonly string[]): void {
  const unsupported = events.filter((event) => NEEDED[event] === undefined)
  const notAllowed = events.filter((event) => unsupported.includes(event) || !allowsEvent(permissions, event))
  const problems = [
    ...(unsupported.length === 0 ? [] : [`Default events unsupported: ${listed(unsupported)}`]),
    ...(notAllowed.length === 0 ? [] : [`Default events are not supported by permissions: ${listed(notAllowed)}`]),
  ]
  if (problems.length > 0) throw new Refusal(422, problems.join('\n'))
}

/** `a`, `a and b`, `a, b, and c`. */
function listed(names: readonly string[]): string {
  return new Intl.ListFormat('en').format(names)
}
