import type { CanaryCheck, CanaryChecks } from '../../../ports/github/canary-checks.ts'
import { at, type Client, listAll, request } from '../client/client.ts'
import { CheckRunAnswer } from '../schema.ts'

export function canaryChecks(client: Client): CanaryChecks {
  return {
    async find(sha, name) {
      const params = { ...at(client), ref: sha, check_name: name, app_id: client.app.appId, filter: 'all' }
      const route = 'GET /repos/{owner}/{repo}/commits/{ref}/check-runs'
      const answers = await listAll(client, route, { params, limit: 100, key: 'check_runs' })
      const [newest] = answers
        .map((answer) => CheckRunAnswer.parse(answer))
        .filter((run) => run.app?.id === client.app.appId && run.name === name)
        .sort((a, b) => b.id - a.id)
      return newest === undefined ? undefined : { id: newest.id, isOver: newest.status === 'completed' }
    },
    async create(sha, check) {
      const params = { ...at(client), head_sha: sha, name: check.name, ...fieldsOf(check) }
      const { data } = await request(client, 'POST /repos/{owner}/{repo}/check-runs', { params })
      return CheckRunAnswer.parse(data).id
    },
    async update(id, check) {
      const params = { ...at(client), check_run_id: id, ...fieldsOf(check) }
      await request(client, 'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}', { params })
    },
  }
}

function fieldsOf({ conclusion, title, summary }: CanaryCheck): Readonly<Record<string, unknown>> {
  const state = conclusion === undefined ? { status: 'in_progress' } : { status: 'completed', conclusion }
  return { ...state, output: { title, summary } }
}
