import * as z from 'zod'
import { malformed, Moment, ObjectName, type Report, type ReportRead } from './report.ts'

/**
 * The body that the notification-controller's `generic-hmac` provider sends:
 * https://fluxcd.io/flux/components/notification/events/
 */
const Event = z.object({
  involvedObject: z.object({
    apiVersion: z.string().default(''),
    kind: ObjectName,
    namespace: ObjectName,
    name: ObjectName,
  }),
  severity: z.string(),
  timestamp: Moment,
  reason: z.string().default(''),
  metadata: z.record(z.string(), z.string()).nullish(),
  reportingController: z.string().default('Flux'),
})

/**
 * The reasons of info events that say that a revision was applied. Other info events are about progress, waiting or a rollback.
 */
const APPLIED = ['ReconciliationSucceeded', 'InstallSucceeded', 'UpgradeSucceeded']

/**
 * Reads an event. If the alert's `eventMetadata` has a `cluster`, it is added to the name, so that two clusters are two reports.
 */
export function readFluxEvent(body: unknown): ReportRead {
  const parsed = Event.safeParse(body)
  if (!parsed.success) return malformed(parsed.error)
  const event = parsed.data
  const metadata = metadataOf(event)
  const state = stateOf(event, metadata)
  if (state === undefined) return { code: 'ignored', why: 'it does not say that a revision was applied, or failed' }
  const commit = commitIn(metadata)
  if (commit === undefined) return { code: 'ignored', why: 'it names no commit' }
  const cluster = ObjectName.optional().safeParse(metadata('cluster'))
  if (!cluster.success) return { code: 'malformed', what: 'metadata.cluster: is not a valid name' }
  const { kind, namespace, name } = event.involvedObject
  const parts = [kind, namespace, name, cluster.data ?? ''].filter((part) => part !== '')
  const report: Report = {
    name: parts.join('/').toLowerCase(),
    commit,
    state,
    at: event.timestamp,
    reason: event.reason.slice(0, 100),
    teller: event.reportingController.slice(0, 100),
  }
  return { code: 'report', report }
}

type Metadata = (key: string) => string | undefined

/** Keys may have a prefix: the API group of the object, or that of events. */
function metadataOf({ metadata, involvedObject }: z.infer<typeof Event>): Metadata {
  const [group = ''] = involvedObject.apiVersion.split('/')
  return (key) => metadata?.[key] ?? metadata?.[`${group}/${key}`] ?? metadata?.[`event.toolkit.fluxcd.io/${key}`]
}

function stateOf({ severity, reason }: z.infer<typeof Event>, metadata: Metadata): Report['state'] | undefined {
  if (severity === 'error') return 'failure'
  const isApplied = APPLIED.includes(reason) || metadata('commit_status') === 'update'
  return severity === 'info' && isApplied ? 'success' : undefined
}

/**
 * The commit of an event, looked up in Flux's own order. A revision is `main@sha1:<hex>`, `main/<hex>` in older versions, or not
 * a commit at all.
 */
function commitIn(metadata: Metadata): string | undefined {
  const revision = metadata('commit') ?? metadata('originRevision') ?? metadata('revision') ?? ''
  return /(?:^|[@:/])([0-9a-f]{40})$/.exec(revision)?.[1]
}
