import type { Statuses } from '../../ports/statuses.ts'
import { at, type Client, list } from './client.ts'
import { statusOf } from './schema.ts'

export function statuses(client: Client): Statuses {
  return {
    async of(sha) {
      const params = { ...at(client), ref: sha }
      return (await list(client, 'GET /repos/{owner}/{repo}/commits/{ref}/statuses', { params, limit: 300 })).map(
        statusOf,
      )
    },
  }
}
