import type { CanaryCheck, CanaryChecks } from '../../../ports/github/canary-checks.ts'
import { createRun, ownRuns, updateRun } from '../client/check-runs.ts'
import type { Client } from '../client/client.ts'

export function canaryChecks(client: Client): CanaryChecks {
  return {
    async find(sha, name) {
      const [newest] = await ownRuns(client, sha, { name, limit: 100 })
      return newest && { id: newest.id, isOver: newest.status === 'completed' }
    },
    create: (sha, check) => createRun(client, sha, { name: check.name, ...fieldsOf(check) }),
    update: (id, check) => updateRun(client, id, fieldsOf(check)),
  }
}

function fieldsOf({ conclusion, title, summary }: CanaryCheck): Readonly<Record<string, unknown>> {
  const state = conclusion === undefined ? { status: 'in_progress' } : { status: 'completed', conclusion }
  return { ...state, output: { title, summary } }
}
