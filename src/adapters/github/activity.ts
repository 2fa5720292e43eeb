import type { Activity } from '../../ports/github/activity.ts'
import { at, type Client, request } from './client/client.ts'
import { branchMovesIn } from './schema.ts'

export function activity(client: Client): Activity {
  return {
    async movesOf(branch) {
      const { status, data } = await request(client, 'GET /repos/{owner}/{repo}/activity', {
        params: { ...at(client), ref: `refs/heads/${branch}`, per_page: 100 },
        // Older versions of GitHub Enterprise Server lack this list, and the App may lack the permission.
        expected: [403, 404, 422],
      })
      return status === 200 ? branchMovesIn(data, client.app) : undefined
    },
  }
}
