/** This App's check runs. Verdicts, command records, reports and the news of Flagger are stored as check runs. */
import type * as z from 'zod'
import type { Sha } from '../../../core/rollout/facts.ts'
import { CheckRunAnswer } from '../schema.ts'
import { at, type Client, listAll, request } from './client.ts'

/** This App's check runs on a commit, newest first: all runs, not only the newest of each name. With `name`: only those. */
export async function ownRuns(
  client: Client,
  sha: Sha,
  { name, limit }: { readonly name?: string; readonly limit: number },
): Promise<readonly z.infer<typeof CheckRunAnswer>[]> {
  const named = name === undefined ? {} : { check_name: name }
  const params = { ...at(client), ref: sha, app_id: client.app.appId, filter: 'all', ...named }
  const route = 'GET /repos/{owner}/{repo}/commits/{ref}/check-runs'
  const answers = await listAll(client, route, { params, limit, key: 'check_runs' })
  return answers
    .map((answer) => CheckRunAnswer.parse(answer))
    .filter((run) => run.app?.id === client.app.appId && (name === undefined || run.name === name))
    .sort((a, b) => b.id - a.id)
}

type RunFields = Readonly<Record<string, unknown>>

export async function createRun(client: Client, sha: Sha, fields: RunFields): Promise<number> {
  const params = { ...at(client), head_sha: sha, ...fields }
  const { data } = await request(client, 'POST /repos/{owner}/{repo}/check-runs', { params })
  return CheckRunAnswer.parse(data).id
}

export async function updateRun(client: Client, id: number, fields: RunFields): Promise<void> {
  const params = { ...at(client), check_run_id: id, ...fields }
  await request(client, 'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}', { params })
}
