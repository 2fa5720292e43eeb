import * as z from 'zod'

/** A report of a cluster about one commit. Times are epoch milliseconds. */
export const Report = z.object({
  /** The subject, in lower case: `kustomization/flux-system/apps`, `argocd/web`. */
  name: z.string(),
  commit: z.string(),
  state: z.enum(['success', 'failure']),
  /** When it happened, by the cluster's clock. */
  at: z.number(),
  /** One or a few words from the sender, such as `ReconciliationSucceeded`. */
  reason: z.string(),
  /** The program that reported it, such as `kustomize-controller`. */
  teller: z.string(),
})
export type Report = z.infer<typeof Report>

/** The result of reading a request's body. `ignored`: it is valid, but there is nothing to store. */
export type ReportRead =
  | { readonly code: 'report'; readonly report: Report }
  | { readonly code: 'ignored'; readonly why: string }
  | { readonly code: 'malformed'; readonly what: string }

/** Names of Kubernetes objects and of clusters. */
export const ObjectName = z.string().regex(/^[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?$/i, 'is not a valid name')

/** An RFC 3339 time. */
export const Moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

export function malformed(error: z.ZodError): ReportRead {
  const [issue] = error.issues
  return { code: 'malformed', what: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unreadable'}`.slice(0, 200) }
}

/** The maximum difference between a cluster's clock and Perch's clock. Older reports are replays, or no longer useful. */
export const MAX_SKEW_MS = 3_600_000

/** The stored reports of one name on one commit. */
export interface StoredReport {
  readonly state: Report['state'] | undefined
  /** When Perch first heard of the current state, by its own clock. */
  readonly since: number
  /** The time of the newest stored report, by the cluster's clock. */
  readonly heardAt: number
}

/** A repeated success is stored this often. It only changes which reports count as older. */
const AGAIN_MS = 10 * 60_000

/**
 * What to store after a report that arrived at `receivedAt`, or `nothing` if nothing changes. Perch's own clock decides since
 * when a state lasts, so no cluster can shorten a bake. The cluster's clock only orders its reports, so that an old one that
 * arrives late, or again, does not undo a newer one.
 */
export function keep(
  known: StoredReport | undefined,
  report: Report,
  receivedAt: number,
): (StoredReport & { readonly state: Report['state'] }) | 'nothing' {
  const kept = { state: report.state, since: receivedAt, heardAt: report.at }
  if (known === undefined) return kept
  if (report.at < known.heardAt) return 'nothing'
  const isSame = report.state === known.state
  // If two have the same time, the worse one counts.
  if (report.at === known.heardAt && (isSame || report.state === 'success')) return 'nothing'
  if (!isSame) return kept
  const isAgain = report.state === 'success' && report.at < known.heardAt + AGAIN_MS
  return isAgain ? 'nothing' : { ...kept, since: known.since }
}
