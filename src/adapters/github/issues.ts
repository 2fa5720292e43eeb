import { GitHubRefused } from '../../ports/github/github-refused.ts'
import type { Issues, OwnIssue } from '../../ports/github/issues.ts'
import { at, type Client, graphql, outage, request } from './client/client.ts'
import { isGraphqlRefusal } from './graphql/graphql-errors.ts'
import { issueOf, listedIssuesOf } from './issue-schema.ts'

/** REST lists pull requests as issues too, and Perch creates many of those. GraphQL separates them. */
const OURS = `query ($owner: String!, $repo: String!, $login: String!) {
  repository(owner: $owner, name: $repo) {
    hasIssuesEnabled
    issues(first: 100, filterBy: { createdBy: $login }, orderBy: { field: CREATED_AT, direction: ASC }) {
      nodes { number state body updatedAt viewerDidAuthor }
    }
  }
}`

const ISSUES = '/repos/{owner}/{repo}/issues'

/**
 * Issues switched off, or an issue deleted: GitHub answers 410 for both. For a transferred issue that we may not read, it answers
 * 404.
 */
const GONE = [404, 410]

export function issues(client: Client): Issues {
  return {
    ours: () => asIssue(() => ours(client)),
    get: (number) => asIssue(() => read(client, number)),
    open: ({ title, body }) =>
      asIssue(async () => {
        const params = { ...at(client), title, body }
        const { status, data } = await request(client, `POST ${ISSUES}`, { params, expected: [410] })
        return status === 410 ? 'off' : issueOf(data)
      }),
    edit: (number, { body, isOpen }) =>
      asIssue(async () => {
        const state = isOpen === undefined ? {} : { state: isOpen ? 'open' : 'closed' }
        const text = body === undefined ? {} : { body }
        const params = { ...at(client), issue_number: number, ...text, ...state }
        await request(client, `PATCH ${ISSUES}/{issue_number}`, { params, expected: GONE })
      }),
  }
}

async function ours(client: Client): Promise<readonly OwnIssue[] | 'off'> {
  const listed = listedIssuesOf(await ask(client))
  return listed.hasIssues ? listed.issues : 'off'
}

async function ask(client: Client): Promise<unknown> {
  try {
    return await graphql(client, OURS, { ...at(client), login: client.app.login })
  } catch (error) {
    if (!isGraphqlRefusal(error)) throw error
    // Octokit's own error contains the whole request.
    throw outage(error, { route: 'the issues of Perch' }, client.clock)
  }
}

async function read(client: Client, number: number): Promise<OwnIssue | undefined> {
  const params = { ...at(client), issue_number: number }
  const { status, data } = await request(client, `GET ${ISSUES}/{issue_number}`, { params, expected: GONE })
  if (GONE.includes(status)) return undefined
  const found = issueOf(data)
  // A transferred issue has another number in its new repository.
  return found.number === number ? found : undefined
}

/**
 * Issues and pull requests share these routes, but need different permissions. So a refused write is reported as one about
 * issues.
 */
async function asIssue<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof GitHubRefused && error.refusal.action !== 'read')
      throw new GitHubRefused({ ...error.refusal, action: 'issue' })
    throw error
  }
}
