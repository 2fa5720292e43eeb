import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { USUAL_PATH } from '../adapters/fence/locate.ts'
import { machineWalls } from '../adapters/fence/walls.ts'
import { openMirror } from '../adapters/git/mirror.ts'
import { cachedRenderer } from '../adapters/kustomize/cached-renderer.ts'
import { openRenderer } from '../adapters/kustomize/renderer.ts'
import { cachedValidators } from '../adapters/policy/cached-validators.ts'
import { openValidators } from '../adapters/policy/validators.ts'
import { openMetrics } from '../adapters/prometheus/metrics.ts'
import { openQueue, type Queue } from '../adapters/queue/queue.ts'
import { openSchemas } from '../adapters/schemas/schemas.ts'
import type { Desk } from '../flows/desk.ts'
import type { Place } from '../flows/work.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Mirror } from '../ports/mirror.ts'
import type { Renderer } from '../ports/renderer.ts'
import type { Validators } from '../ports/validators.ts'
import { startEdge } from './edge.ts'
import { type Environment, handedDown } from './env.ts'
import { type GitHubAccess, openGitHub } from './github.ts'
import { perchApp } from './perch-app.ts'
import { readiness } from './readiness.ts'
import { EVENTS, isEventName, readPayload } from './webhook-events.ts'
import type { ReportOptions } from './report-endpoints.ts'
import { deliveryJob, giveUp, handleJobs, sweepJob, toldJob, type WorkerParts } from './worker.ts'

/** GitHub gives a pod's replacement 30 s by Kubernetes' default; what still runs then is found again by the next process. */
const DRAIN_MS = 20_000

/** How many pull requests and rollouts are worked on side by side in one process. */
const CONCURRENCY = 4

export interface Service {
  readonly port: number
  /** Stops taking work, lets what runs come to its end, and closes everything. */
  stop(): Promise<void>
}

export interface ServiceOptions {
  /** How often a job that fails is tried again before words are said about it. */
  readonly retryLimit?: number
}

/** Perch as one process: the HTTP edge, the queue, the worker and the sweep's clock. */
export async function startService(env: Environment, log: Logger, options: ServiceOptions = {}): Promise<Service> {
  const queue = await openQueue({
    ...options,
    dataDir: env.dataDir,
    ...(env.databaseUrl === undefined ? {} : { databaseUrl: env.databaseUrl }),
    log,
  })
  const github = openGitHub(env, log)
  const renderer = cachedRenderer(openRenderer({ log }))
  const validators = cachedValidators(openValidators({ log, schemas: env.schemaFolders ?? [] }))
  await validators.tools()
  const walls = machineWalls(USUAL_PATH)
  const { prometheusServers: servers = [], prometheusToken: token } = env
  const metrics = openMetrics({ servers, ...(token === undefined ? {} : { token }), log })
  await github.probot.load((app) => perchApp(app, { jobs: queue, memo: queue.memo, appId: env.appId }), {
    cwd: env.dataDir,
    addHandler: () => undefined,
  })

  const parts: WorkerParts = {
    probot: github.probot,
    jobs: queue,
    log,
    deskFor: deskFactory({ env, log, queue, github, renderer, validators, metrics }),
    placeOf: (owner, repo) => github.placeOf(owner, repo),
    everyRepository: () => github.everyRepository(),
  }
  await queue.work(handleJobs(parts), { concurrency: CONCURRENCY, onExhausted: giveUp(parts) })
  const edge = await startEdge({
    host: env.host,
    port: env.port,
    secrets:
      env.webhookSecretPrevious === undefined ? [env.webhookSecret] : [env.webhookSecret, env.webhookSecretPrevious],
    events: new Set(Object.keys(EVENTS)),
    accept: (delivery) => accept(queue, delivery),
    ready: () => readiness({ queue, renderer, validators, walls: () => walls }),
    ...(env.reportSecret === undefined ? {} : { reports: reportsInto(queue, env.reportSecret) }),
    log,
  })
  const clock = startSweeping(queue, env.reconcileSeconds, log)
  log.info({ port: edge.port, api: env.apiUrl }, 'Perch is listening')
  return {
    port: edge.port,
    async stop() {
      clearInterval(clock)
      await edge.close(5_000)
      const left = await queue.drain(DRAIN_MS)
      if (left > 0) log.warn({ left }, 'stopped with work unfinished; it is taken up again at the next start')
      await queue.close()
    },
  }
}

async function accept(
  queue: Queue,
  delivery: { readonly id: string; readonly event: string; readonly payload: unknown },
): Promise<void> {
  if (!isEventName(delivery.event)) return
  const payload = readPayload(delivery.event, delivery.payload)
  if (payload !== undefined) await queue.enqueue(deliveryJob({ id: delivery.id, name: delivery.event, payload }))
}

function reportsInto(queue: Queue, secret: string): ReportOptions {
  return { secret, accept: ({ id, ...told }) => queue.enqueue(toldJob(told, id)), now: () => Date.now() }
}

/** At once, because a start may follow a crash; then at every interval. One sweep a moment, however many replicas there are. */
function startSweeping(queue: Queue, seconds: number, log: Logger): NodeJS.Timeout {
  const intervalMs = seconds * 1000
  const send = (id: string): void => {
    queue.enqueue(sweepJob(id)).catch((error: unknown) => log.error({ err: error }, 'could not send the sweep'))
  }
  send(`start:${Date.now()}`)
  return setInterval(() => send(`at:${Math.floor(Date.now() / intervalMs)}`), intervalMs)
}

interface Parts {
  readonly env: Environment
  readonly log: Logger
  readonly queue: Queue
  readonly github: GitHubAccess
  readonly renderer: Renderer
  readonly validators: Validators
  readonly metrics: Metrics
}

/** One mirror a repository, kept for the life of the process: it is what makes its fetches wait for each other. */
function deskFactory({
  env,
  log,
  queue,
  github,
  renderer,
  validators,
  metrics,
}: Parts): (place: Place) => Promise<Desk> {
  const mirrors = new Map<string, Mirror>()
  const environment = handedDown()
  const schemas = openSchemas()
  return async (place) => {
    const { repo, installation } = place
    const url = `${env.gitUrl}/${repo.owner}/${repo.name}.git`
    const folder = join(env.dataDir, 'mirrors', `${repo.id}.git`)
    const mirror =
      mirrors.get(url) ??
      openMirror({ folder, url, token: (refused) => github.tokenFor(installation, refused), log, environment })
    mirrors.set(url, mirror)
    const clock = { now: () => Date.now() }
    return {
      repo,
      installation,
      mirror,
      renderer,
      validators,
      schemas,
      jobs: queue,
      memo: queue.memo,
      metrics,
      clock,
      // The App's key, which a rotation of the webhook's secret leaves alone, and which no other repository's mark fits.
      seal: (text) => createHmac('sha256', env.privateKey).update(`perch:${repo.id}:${text}`).digest('hex'),
      log,
      ...(await github.portsFor(place)),
    }
  }
}
