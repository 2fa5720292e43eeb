import * as z from 'zod'
import { type ApiClient, graphql } from './client/client.ts'

/** When a repository was last pushed to, and when its pull requests last changed. A comment changes a pull request too. */
const PULSES = `query ($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on Repository {
      databaseId
      pushedAt
      pullRequests(first: 1, orderBy: { field: UPDATED_AT, direction: DESC }) {
        totalCount
        nodes { number updatedAt }
      }
    }
  }
}`

const Pulse = z.object({
  databaseId: z.int(),
  pushedAt: z.string().nullable(),
  pullRequests: z.object({
    totalCount: z.int(),
    nodes: z.array(z.object({ number: z.int(), updatedAt: z.string() })),
  }),
})
const Answer = z.object({ nodes: z.array(Pulse.nullable().catch(null)) })

/** GraphQL accepts at most this many ids per query. Such a query costs two of 5,000 points an hour. */
const AT_ONCE = 100

/** GitHub's times are whole seconds and may appear late. Such a recent change may hide another one. */
const NEAR_MS = 2 * 60_000

/**
 * For each repository, by its number, a text that changes when someone pushes, changes a pull request, or comments on one. Absent
 * are repositories with a very recent change, and those that GitHub does not show.
 */
export async function pulsesOf(client: ApiClient, nodeIds: readonly string[]): Promise<ReadonlyMap<number, string>> {
  const found = new Map<number, string>()
  const latest = client.clock.now() - NEAR_MS
  for (let start = 0; start < nodeIds.length; start += AT_ONCE) {
    const ids = nodeIds.slice(start, start + AT_ONCE)
    const { nodes } = Answer.parse(await graphql(client, PULSES, { ids }))
    for (const node of nodes) {
      if (node === null) continue
      const { databaseId, pushedAt, pullRequests } = node
      const moments = [pushedAt, ...pullRequests.nodes.map(({ updatedAt }) => updatedAt)].flatMap((at) => at ?? [])
      if (moments.every((at) => Date.parse(at) < latest))
        found.set(databaseId, JSON.stringify([pushedAt, pullRequests]))
    }
  }
  return found
}
