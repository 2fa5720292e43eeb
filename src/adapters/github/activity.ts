import { branchRef } from '../../core/branch-ref.ts'
import type { Activity } from '../../ports/github/activity.ts'
import { at, type Client, request } from './client/client.ts'
import { branchMovesIn } from './schema.ts'

export function activity(client: Client): Activity {
  return {
    async movesOf(branch) {
      const list = await activityOn(client, branch)
      return list === undefined ? undefined : branchMovesIn(list, client.app)
    },
  }
}

/** GitHub's record of the newest hundred moves of a branch. Undefined if GitHub does not provide it. */
export async function activityOn(client: Client, branch: string): Promise<unknown> {
  const { data } = await request(client, 'GET /repos/{owner}/{repo}/activity', {
    params: { ...at(client), ref: branchRef(branch), per_page: 100 },
    // Older versions of GitHub Enterprise Server lack this list, and the App may lack the permission.
    expected: [403, 404, 422],
  })
  return data
}
