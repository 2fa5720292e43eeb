/**
 * Quotes from GitHub's webhook reference about the events below, by event: "To subscribe to this event, a GitHub App must have at
 * least read-level access for the "<name>" repository permission."
 * https://docs.github.com/en/webhooks/webhook-events-and-payloads
 */
export const PERMISSION_OF_EVENT: Readonly<Record<string, string>> = {
  check_run: 'Checks',
  check_suite: 'Checks',
  deployment: 'Deployments',
  deployment_status: 'Deployments',
  issue_comment: 'Issues',
  issues: 'Issues',
  merge_group: 'Merge queues',
  pull_request: 'Pull requests',
  pull_request_review: 'Pull requests',
  pull_request_review_comment: 'Pull requests',
  push: 'Contents',
  status: 'Commit statuses',
}

/**
 * The manifest keys of the permissions in the reference.
 * https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps and the schema `app-permissions` of
 * GitHub's OpenAPI description.
 */
export const KEY_OF_PERMISSION: Readonly<Record<string, string>> = {
  Checks: 'checks',
  'Commit statuses': 'statuses',
  Contents: 'contents',
  Deployments: 'deployments',
  Issues: 'issues',
  'Merge queues': 'merge_queues',
  'Pull requests': 'pull_requests',
}
