import type { Logger } from 'pino'
import { openMeter, type PrometheusMeter } from '../adapters/meter/prometheus-meter.ts'
import { openClock, type ServiceClock } from '../adapters/clock/clock.ts'
import { USUAL_PATH } from '../adapters/process-sandbox/program-path.ts'
import { machineWalls } from '../adapters/process-sandbox/walls.ts'
import { openQueue, type Queue } from '../adapters/queue/queue.ts'
import type { Timer } from '../ports/clock.ts'
import type { Jobs } from '../ports/jobs.ts'
import type { Memo } from '../ports/memo.ts'
import { noteCanaryNews } from '../flows/stop/canary-memory.ts'
import type { CauseOf } from '../flows/tasks/causes.ts'
import { jobOf } from '../flows/tasks/tasks.ts'
import type { ProcessEnvironment } from './env.ts'
import { readiness } from './readiness.ts'
import type { FlaggerOptions } from './edge/flagger-hooks.ts'
import { knownApprovals, knownCanaries } from './edge/known-canaries.ts'
import type { ReportOptions } from './edge/report-endpoints.ts'
import { startWorkThread } from './thread/start.ts'
import { openTraces } from './trace/open-traces.ts'
import { traceDeliveries, traceJobs } from './trace/trace-jobs.ts'
import { tracePort } from './trace/trace-ports.ts'
import { openGauges } from './watch/collect-gauges.ts'
import { jobCounter } from './watch/count-jobs.ts'
import { recordZeros } from './watch/record-zeros.ts'
import { EVENTS, INSTALLATION_EVENTS } from './edge/webhook-events.ts'

/** By default, Kubernetes gives a pod 30 s to stop. The next process finds the work that still runs then. */
const DRAIN_MS = 20_000

/** How many pull requests and rollouts one process works on in parallel. */
const CONCURRENCY = 4

export interface Service {
  readonly port: number
  readonly clock: ServiceClock
  /** Resolves when no job runs and none is due. */
  idle(): Promise<void>
  /** When the next waiting job is due. */
  nextDue(): number | undefined
  /** Stops accepting work, lets running work finish, and closes everything. */
  stop(): Promise<void>
}

export interface ServiceOptions {
  /** How often a failed job is retried before Perch reports the failure. */
  readonly retryLimit?: number
  readonly clock?: ServiceClock
  /** The meter, if the log already uses one. */
  readonly meter?: PrometheusMeter
  /** The code of the working thread. */
  readonly code?: URL
}

/**
 * Starts Perch as one process: the HTTP edge, the queue and the timer of the sweep on this thread, and the work on another one.
 */
export async function startService(
  env: ProcessEnvironment,
  log: Logger,
  options: ServiceOptions = {},
): Promise<Service> {
  const clock = options.clock ?? openClock()
  const queue = await openQueue({
    ...options,
    clock,
    dataDir: env.dataDir,
    ...(env.databaseUrl === undefined ? {} : { databaseUrl: env.databaseUrl }),
    log,
  })
  const meter = options.meter ?? openMeter()
  recordZeros(meter)
  const gauges = openGauges({ queue, clock, reconcileSeconds: env.reconcileSeconds })
  const walls = machineWalls(USUAL_PATH)
  // The other thread loads its modules at the same time as this one.
  const { code } = options
  const [thread, { startEdge }, { openWebhooks }, { tracer, close: closeTraces }] = await Promise.all([
    startWorkThread({ env, log, clock, queue, meter, ...(code === undefined ? {} : { code }) }),
    import('./edge/edge.ts'),
    import('./edge/open-webhooks.ts'),
    openTraces(env, log),
    meter.load(),
  ])
  await queue.work(thread.handle, { concurrency: CONCURRENCY, onExhausted: thread.giveUp, onEnd: jobCounter(meter) })
  const jobs = traceJobs(tracer, queue, clock)
  const accept = openWebhooks({ appId: env.appId, jobs, clock, memo: tracePort(tracer, 'memo', queue.memo) })
  const edge = await startEdge({
    host: env.host,
    port: env.port,
    secrets: secretsOf(env),
    events: eventsFor(env),
    accept: traceDeliveries(tracer, accept),
    ready: () =>
      readiness({ queue, backlogMs: () => gauges.queueAgeMs(), tools: () => thread.tools(), walls: () => walls }),
    metrics: async () => meter.text(await gauges.samples()),
    meter,
    ...forClusters(env, { memo: queue.memo, queue: jobs, clock }),
    log,
  })
  const stopSweeping = startSweeping({ queue, clock, log }, env.reconcileSeconds)
  log.info({ port: edge.port, api: env.apiUrl }, 'Perch is listening')
  return {
    port: edge.port,
    clock,
    idle: () => queue.idle(),
    nextDue: () => queue.nextDue(),
    async stop() {
      stopSweeping()
      await edge.close(5_000)
      const left = await queue.drain(DRAIN_MS)
      if (left > 0) log.warn({ left }, 'stopped with work unfinished; it is taken up again at the next start')
      await thread.stop()
      await queue.close()
      await closeTraces()
    },
  }
}

/** If onboarding is off, installation events are not needed. */
function eventsFor({ onboarding }: ProcessEnvironment): ReadonlySet<string> {
  const all = new Set<string>(Object.keys(EVENTS))
  return onboarding === 'off' ? all.difference(new Set(INSTALLATION_EVENTS)) : all
}

function secretsOf({ webhookSecret, webhookSecretPrevious: previous }: ProcessEnvironment): [string, ...string[]] {
  return previous === undefined ? [webhookSecret] : [webhookSecret, previous]
}

interface Parts {
  readonly queue: Queue
  readonly clock: Timer
  readonly log: Logger
}

interface ClusterParts {
  readonly memo: Memo
  readonly queue: Jobs
  readonly clock: Timer
}

/** The endpoints for reports and questions from clusters. */
function forClusters(
  { reportSecret }: ProcessEnvironment,
  parts: ClusterParts,
): { readonly reports?: ReportOptions; readonly flagger?: FlaggerOptions } {
  if (reportSecret === undefined) return {}
  return { reports: reportsInto(parts, reportSecret), flagger: flaggerFrom(parts, reportSecret) }
}

function reportsInto({ queue, clock }: Omit<ClusterParts, 'memo'>, secret: string): ReportOptions {
  return {
    secret,
    accept: ({ id: delivery, owner, repo: name, ...told }) =>
      queue.enqueue(
        jobOf({ type: 'report', repository: { owner, name }, ...told, why: { code: 'delivered', delivery } }),
      ),
    now: () => clock.now(),
  }
}

function flaggerFrom({ memo, queue, clock }: ClusterParts, secret: string): FlaggerOptions {
  return {
    secret,
    canariesOf: ({ owner, name }, maxAgeMs) => {
      const repository = { owner, name }
      const ask = (why: CauseOf<'canaries'>): Promise<void> =>
        queue.enqueue(jobOf({ type: 'canaries', repository, why }))
      return knownCanaries({ memo, ask, clock }, repository, maxAgeMs)
    },
    approvalsOf: (asked) => {
      const { owner, name } = asked.repository
      const task = { type: 'canary-approvals', repository: { owner, name }, rollout: asked.rollout } as const
      const ask = (why: CauseOf<'canary-approvals'>): Promise<void> => queue.enqueue(jobOf({ ...task, why }))
      return knownApprovals({ memo, ask, clock }, asked)
    },
    note: async ({ owner, name }, rollout, told) => {
      const repository = { owner, name }
      const isNew = await noteCanaryNews({ memo, clock }, { repository, rollout }, told)
      const why = { code: 'told', at: clock.now() } as const
      if (isNew) await queue.enqueue(jobOf({ type: 'canary-news', repository, rollout, why }))
    },
    now: () => clock.now(),
  }
}

/**
 * Sweeps at once, because a start may follow a crash, and then at every interval. All replicas together run one sweep per
 * interval.
 */
function startSweeping({ queue, clock, log }: Parts, seconds: number): () => void {
  const intervalMs = seconds * 1000
  const send = (why: CauseOf<'sweep'>): void => {
    queue
      .enqueue(jobOf({ type: 'sweep-all', why }))
      .catch((error: unknown) => log.error({ err: error }, 'could not send the sweep'))
  }
  send({ code: 'started', at: clock.now() })
  const sendNext = (): void => send({ code: 'interval', count: Math.floor(clock.now() / intervalMs) })
  return clock.every(intervalMs, sendNext)
}
