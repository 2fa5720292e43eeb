import * as z from 'zod'
import { malformed, Moment, ObjectName, type Report, type ReportRead } from './report.ts'

/** The body from the template in docs/live.md that the administrator of Argo CD installs. */
const Body = z.object({
  app: ObjectName,
  /** Distinguishes applications with the same name in several Argo CDs. */
  cluster: ObjectName.nullish(),
  commit: z.string().nullish(),
  phase: z.string().nullish(),
  health: z.string().nullish(),
  at: Moment,
})

/** Reads a notification. Synced is not enough: the application must be healthy too. */
export function readArgoCdReport(body: unknown): ReportRead {
  const parsed = Body.safeParse(body)
  if (!parsed.success) return malformed(parsed.error)
  const { app, cluster, commit, phase, health, at } = parsed.data
  const state = stateOf(phase, health)
  if (state === undefined) return { code: 'ignored', why: 'the application is neither applied and healthy, nor failed' }
  // A sync that failed before it began has no commit.
  if (!/^[0-9a-f]{40}$/.test(commit ?? '')) return { code: 'ignored', why: 'it names no commit' }
  const parts = ['argocd', app, ...(cluster === undefined || cluster === null ? [] : [cluster])]
  const report: Report = {
    name: parts.join('/').toLowerCase(),
    commit: commit ?? '',
    state,
    at,
    reason: `${phase ?? 'unknown'}, ${health ?? 'unknown'}`.slice(0, 100),
    teller: 'Argo CD',
  }
  return { code: 'report', report }
}

/** https://argo-cd.readthedocs.io/en/stable/operator-manual/health/ */
function stateOf(phase: string | null | undefined, health: string | null | undefined): Report['state'] | undefined {
  if (phase === 'Failed' || phase === 'Error' || health === 'Degraded') return 'failure'
  return phase === 'Succeeded' && health === 'Healthy' ? 'success' : undefined
}
