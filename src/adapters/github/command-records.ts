import { z } from 'zod'
import type { CommandRecords } from '../../ports/command-records.ts'
import { at, type Client, list, request } from './client.ts'
import { CheckRunAnswer } from './schema.ts'

/** A check run of ours: GitHub lets nobody delete one, and only the App that made it change it. */
export function commandRecords(client: Client): CommandRecords {
  return {
    async find(commit, comment) {
      const params = { ...at(client), ref: commit, check_name: nameOf(comment), app_id: client.app.appId }
      const route = 'GET /repos/{owner}/{repo}/commits/{ref}/check-runs'
      const answers = await list(client, route, { params, limit: 100, key: 'check_runs' })
      const runs = z.array(CheckRunAnswer).parse(answers)
      const ours = runs.find(({ app, name }) => app?.id === client.app.appId && name === nameOf(comment))
      return ours === undefined ? undefined : { answer: ours.output?.text ?? undefined }
    },
    async write(commit, { comment, title, summary, answer }) {
      await request(client, 'POST /repos/{owner}/{repo}/check-runs', {
        params: {
          ...at(client),
          head_sha: commit,
          name: nameOf(comment),
          external_id: String(comment),
          status: 'completed',
          conclusion: 'success',
          output: { title, summary, ...(answer === undefined ? {} : { text: answer }) },
        },
      })
    },
  }
}

function nameOf(comment: number): string {
  return `perch/command/${comment}`
}
