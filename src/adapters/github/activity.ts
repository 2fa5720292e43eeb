import type { Activity } from '../../ports/github/activity.ts'
import { at, type Client, request } from './client/client.ts'
import { branchMovesIn } from './schema.ts'

export function activity(client: Client): Activity {
  return {
    async movesOf(branch) {
      const { status, data } = await request(client, 'GET /repos/{owner}/{repo}/activity', {
        params: { ...at(client), ref: `refs/heads/${branch}`, per_page: 100 },
        // An older GitHub Enterprise Server has no such list, and a permission may be missing.
        expected: [403, 404, 422],
      })
      return status === 200 ? branchMovesIn(data, client.app) : undefined
    },
  }
}
