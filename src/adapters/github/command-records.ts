import type { CommandRecords } from '../../ports/github/command-records.ts'
import { createRun, ownRuns } from './client/check-runs.ts'
import type { Client } from './client/client.ts'

/** Records are this App's check runs: nobody can delete a check run on GitHub, and only the App that created it can change it. */
export function commandRecords(client: Client): CommandRecords {
  return {
    async find(commit, cause) {
      const [run] = await ownRuns(client, commit, { name: nameOf(cause), limit: 100 })
      return run && { answer: run.output?.text ?? undefined }
    },
    async write(commit, { cause, title, summary, answer }) {
      await createRun(client, commit, {
        name: nameOf(cause),
        external_id: cause,
        status: 'completed',
        conclusion: 'success',
        output: { title, summary, ...(answer === undefined ? {} : { text: answer }) },
      })
    },
  }
}

function nameOf(cause: string): string {
  return `perch/command/${cause}`
}
