import * as z from 'zod'
import { type ApiClient, graphql } from './client/client.ts'

/** When a repository was last pushed to, and what of its pull requests changed last: a comment changes one too. */
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

/** GraphQL takes so many ids at once. Such a query costs two points of 5,000 an hour. */
const AT_ONCE = 100

/** GitHub's moments are whole seconds, and may be shown late: one that is so near may hide another. */
const NEAR_MS = 2 * 60_000

/**
 * For each repository, by its number, one word that is another one when somebody has pushed, or has changed a pull request or commented on
 * one. Left out: those in which something has just happened, and those that GitHub does not show.
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
