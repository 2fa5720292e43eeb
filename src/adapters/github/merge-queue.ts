import type { MergeQueue } from '../../ports/github/merge-queue.ts'
import { at, type Client, graphql, outage } from './client/client.ts'
import { isForbidden, isGraphqlRefusal, isUnknownField } from './graphql/graphql-errors.ts'
import { queuedPullsOf } from './graphql/merge-queue-schema.ts'

const WAITING = `query ($owner: String!, $repo: String!, $branch: String!) {
  repository(owner: $owner, name: $repo) {
    mergeQueue(branch: $branch) {
      entries(first: 100) { nodes { position pullRequest { number headRefOid } } }
    }
  }
}`

/** Uses GraphQL, because REST cannot list a merge queue. */
export function mergeQueue(client: Client): MergeQueue {
  return {
    async waiting(branch) {
      try {
        return queuedPullsOf(await graphql(client, WAITING, { ...at(client), branch }))
      } catch (error) {
        if (!isGraphqlRefusal(error)) throw error
        if (isUnknownField(error) || isForbidden(error)) return undefined
        throw outage(error, { route: 'the merge queue of a branch', branch }, client.clock)
      }
    },
  }
}
