import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { openMirror } from '../adapters/git/mirror.ts'
import { cachedRenderer } from '../adapters/kustomize/cached-renderer.ts'
import { openRenderer } from '../adapters/kustomize/renderer.ts'
import { cachedValidators } from '../adapters/policy/cached-validators.ts'
import { openNotifier } from '../adapters/notify/notifier.ts'
import { openValidators } from '../adapters/policy/validators.ts'
import { openMetrics } from '../adapters/prometheus/metrics.ts'
import { openSchemas } from '../adapters/schemas/schemas.ts'
import type { RepositoryContext } from '../flows/repository/repository-context.ts'
import { askIn } from '../flows/tasks/ask.ts'
import type { RepositoryRef } from '../flows/tasks/tasks.ts'
import type { Clock } from '../ports/clock.ts'
import type { Jobs } from '../ports/jobs.ts'
import type { Memo } from '../ports/memo.ts'
import type { Meter } from '../ports/meter.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Mirror } from '../ports/mirror.ts'
import type { Renderer } from '../ports/renderer.ts'
import type { Tracer } from '../ports/tracer.ts'
import type { Validators } from '../ports/validators.ts'
import type { ProcessEnvironment } from './env.ts'
import { handedDown } from './process-env.ts'
import { keepKnown } from './thread/keep-known.ts'
import { type GitHubAccess, openGitHub } from './github/github.ts'
import { traceJobs } from './trace/trace-jobs.ts'
import { traceContext, tracePort } from './trace/trace-ports.ts'
import { watchEffects } from './watch/watch-effects.ts'
import { watchRenderer } from './watch/watch-renderer.ts'
import type { WorkerParts } from './worker/worker-parts.ts'

interface WorkOptions {
  readonly env: ProcessEnvironment
  readonly log: Logger
  readonly meter: Meter
  readonly clock: Clock
  readonly jobs: Jobs
  readonly memo: Memo
  readonly tracer: Tracer
}

/** The tools that read and render a repository. */
export interface RepositoryTools {
  readonly mirror: (options: Parameters<typeof openMirror>[0]) => Mirror
  readonly renderer: Renderer
}

/** Everything that working on jobs needs: GitHub, mirrors, the renderer and the validators. */
export async function openWork(
  options: WorkOptions,
  tools: RepositoryTools = { mirror: openMirror, renderer: openRenderer({ log: options.log }) },
): Promise<{
  readonly parts: WorkerParts
  readonly renderer: Renderer
  readonly validators: Validators
}> {
  const { env, log, clock, meter, tracer } = options
  const jobs = traceJobs(tracer, options.jobs, clock)
  const memo = tracePort(tracer, 'memo', options.memo)
  const github = openGitHub(env, { log, clock, meter })
  const renderer = cachedRenderer(watchRenderer(tools.renderer, meter))
  const validators = cachedValidators(
    openValidators({
      log,
      schemas: env.schemaFolders ?? [],
      crds: env.crdFolders ?? [],
      dryRunKubeconfig: env.dryRunKubeconfig,
    }),
  )
  const { prometheusServers: servers = [], prometheusToken: token } = env
  const metrics = openMetrics({ servers, ...(token === undefined ? {} : { token }), log })
  const parts: WorkerParts = {
    jobs,
    log,
    meter,
    clock,
    contextFor: contextFactory({
      ...options,
      jobs,
      memo,
      openMirror: tools.mirror,
      github,
      renderer,
      validators,
      metrics,
    }),
    placeOf: (owner, repo) => github.placeOf(owner, repo),
    memo,
    webhooksSince: (moment) => github.webhooksSince(moment),
    redeliver: (delivery) => github.redeliver(delivery),
    everyRepository: () => github.everyRepository(),
    pulses: (places) => github.pulses(places),
  }
  return { parts, renderer, validators }
}

interface Parts extends WorkOptions {
  readonly openMirror: RepositoryTools['mirror']
  readonly github: GitHubAccess
  readonly renderer: Renderer
  readonly validators: Validators
  readonly metrics: Metrics
}

/** Keeps one mirror per repository for the life of the process, so that its fetches run one at a time. */
function contextFactory({
  env,
  log,
  clock,
  jobs,
  memo,
  meter,
  tracer,
  github,
  renderer,
  validators,
  metrics,
  openMirror: open,
}: Parts): (place: RepositoryRef) => Promise<RepositoryContext> {
  const mirrors = new Map<string, Mirror>()
  const environment = handedDown()
  const schemas = openSchemas()
  const notifier = openNotifier({
    destinations: env.notifyDestinations ?? [],
    secret: env.notifySecret,
    webUrl: env.gitUrl,
    log,
  })
  const knownOf = keepKnown()
  return async (place) => {
    const { repo, installation } = place
    const pageUrl = `${env.gitUrl}/${repo.owner}/${repo.name}`
    const url = `${pageUrl}.git`
    const folder = join(env.dataDir, 'mirrors', `${repo.id}.git`)
    const token = (refused?: string): Promise<string> => github.tokenFor(installation, refused)
    const mayRead = (): Promise<boolean> => github.mayReadContents(installation)
    const mirror = mirrors.get(url) ?? open({ folder, url, token, mayRead, log, environment })
    mirrors.set(url, mirror)
    const ports = await github.portsFor(place)
    return traceContext(tracer, {
      repo,
      pageUrl,
      ask: askIn(place, jobs),
      mirror,
      known: knownOf(repo.id),
      renderer,
      validators,
      schemas,
      memo,
      metrics,
      meter,
      notifier,
      clock,
      // Derived from the App's key, which stays the same when the webhook's secret is rotated. Seals of other repositories do not
      // match.
      seal: (text) => createHmac('sha256', env.privateKey).update(`perch:${repo.id}:${text}`).digest('hex'),
      log,
      ...ports,
      ...watchEffects(ports, { repo, log, meter }),
    })
  }
}
