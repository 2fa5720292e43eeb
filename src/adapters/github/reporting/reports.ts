import { REPORT_PREFIX } from '../../../core/gate/signal.ts'
import type { KeptReport, Reports } from '../../../ports/github/reports.ts'
import { createRun, updateRun } from '../client/check-runs.ts'
import { at, type Client, GitHubUnavailable, request } from '../client/client.ts'
import { keptIn } from './signal-schema.ts'

export function reports(client: Client): Reports {
  return {
    async find(commit, name) {
      const { status, data } = await request(client, 'GET /repos/{owner}/{repo}/commits/{ref}/check-runs', {
        params: { ...at(client), ref: commit, check_name: REPORT_PREFIX + name, app_id: client.app.appId },
        expected: [404, 422],
      })
      if (status !== 200) return 'no-commit'
      const found = keptIn(data, client.app)
      // A truncated body arrives as text or as nothing. If it counted as "no run", Perch would create a second one.
      if (found === undefined) throw new GitHubUnavailable('the check runs of a commit: the answer holds no list')
      return found
    },
    async create(commit, name, kept) {
      await createRun(client, commit, { name: REPORT_PREFIX + name, ...fieldsOf(kept) })
    },
    update: (id, kept) => updateRun(client, id, fieldsOf(kept)),
  }
}

function fieldsOf({ state, since, heardAt, title, summary }: KeptReport): Readonly<Record<string, unknown>> {
  return {
    external_id: String(heardAt),
    status: 'completed',
    conclusion: state,
    completed_at: new Date(since).toISOString().replace(/\.\d+Z$/, 'Z'),
    output: { title, summary },
  }
}
