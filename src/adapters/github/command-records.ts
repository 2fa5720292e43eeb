import * as z from 'zod'
import type { CommandRecords } from '../../ports/github/command-records.ts'
import { at, type Client, listAll, request } from './client/client.ts'
import { CheckRunAnswer } from './schema.ts'

/** Records are this App's check runs: nobody can delete a check run on GitHub, and only the App that created it can change it. */
export function commandRecords(client: Client): CommandRecords {
  return {
    async find(commit, cause) {
      const params = { ...at(client), ref: commit, check_name: nameOf(cause), app_id: client.app.appId }
      const route = 'GET /repos/{owner}/{repo}/commits/{ref}/check-runs'
      const answers = await listAll(client, route, { params, limit: 100, key: 'check_runs' })
      const runs = z.array(CheckRunAnswer).parse(answers)
      const ours = runs.find(({ app, name }) => app?.id === client.app.appId && name === nameOf(cause))
      return ours === undefined ? undefined : { answer: ours.output?.text ?? undefined }
    },
    async write(commit, { cause, title, summary, answer }) {
      await request(client, 'POST /repos/{owner}/{repo}/check-runs', {
        params: {
          ...at(client),
          head_sha: commit,
          name: nameOf(cause),
          external_id: cause,
          status: 'completed',
          conclusion: 'success',
          output: { title, summary, ...(answer === undefined ? {} : { text: answer }) },
        },
      })
    },
  }
}

function nameOf(cause: string): string {
  return `perch/command/${cause}`
}
