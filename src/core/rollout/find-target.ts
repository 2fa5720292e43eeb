import { causeAmong, problemRefusal } from '../refusal/unreadable.ts'
import { err, ok, type Result } from '../result.ts'
import { resourcesOf } from '../layer/layout.ts'
import { narrowed } from './read-target.ts'
import { resolve, type RolloutQuery } from './resolve.ts'
import type { Snapshot } from './snapshot.ts'
import type { Target } from './target.ts'
import type { Refusal } from '../refusal/refusal.ts'

/**
 * The targets that a command means in a snapshot: one target, or with `--env all` those of a service in every environment. Perch
 * never changes several environments unless somebody asks for it. If a route is missing and may be in a file that cannot be read,
 * the refusal says so.
 */
export function findTargets(
  snapshot: Snapshot,
  query: RolloutQuery,
  changes: readonly string[],
): Result<readonly Target[], Refusal> {
  const found = resolve(snapshot.targets, query, changes)
  if (!found.ok) return err(found.error.code === 'no-service' ? whyNotSeen(snapshot, found.error) : found.error)
  const { targets, alone } = found.value
  if (alone !== undefined) return ok(targets.map((target) => narrowed(snapshot.config, target, alone)))
  const shared = targets.find((target) => target.environments.length > 1 && !isOneWave(target))
  if (query.environment !== undefined || shared === undefined) return ok(targets)
  const { service, environment, environments, route } = shared
  return err({ code: 'shared-file', service, file: route.place.file, environments, all: environment })
}

/** The config says that these environments move together. */
function isOneWave({ environments, settings: { wave } }: Target): boolean {
  return wave !== undefined && environments.every((name) => wave.all[wave.index]?.includes(name))
}

/** Why there is nothing to judge: the environments only deploy charts of other repositories, and Perch never downloads those. */
export function onlyRemoteCharts(snapshot: Snapshot): Refusal | undefined {
  const { environments, layout, remoteCharts } = snapshot
  if (remoteCharts.length === 0) return undefined
  const isRemoteOnly = environments.every(
    ({ name, kind, charts, nested }) =>
      kind !== 'helm' &&
      charts === undefined &&
      nested === undefined &&
      resourcesOf(layout, name).every((file) => holdsDeployers(layout.texts.get(file) ?? '')),
  )
  return isRemoteOnly ? noRoute(snapshot) : undefined
}

/** Whether a text has objects that tell Argo CD or Flux what to deploy, and nothing else. */
function holdsDeployers(text: string): boolean {
  const versions = [...text.matchAll(/^apiVersion: *["']?(\S+)/gm)].map(([, version = '']) => version)
  return versions.length > 0 && versions.every((version) => DEPLOYERS.test(version))
}

const DEPLOYERS = /^(?:argoproj\.io|[\w-]+\.toolkit\.fluxcd\.io)\//

/** Why no route is found if the command names none. */
export function noRoute(snapshot: Snapshot, environment?: string): Refusal {
  return whyNotSeen(snapshot, { code: 'no-service', asked: undefined, environment, known: [] })
}

/**
 * Why a route may exist although it is not found: a file cannot be read, or a chart is not rendered or is not in this repository.
 */
function whyNotSeen(
  { environments, problems, unrendered, remoteCharts }: Snapshot,
  refusal: Extract<Refusal, { code: 'no-service' }>,
): Refusal {
  const { environment } = refusal
  const names = environments.map(({ name }) => name)
  if (environment !== undefined && environment !== 'all' && !names.includes(environment))
    return { code: 'no-environment', asked: environment, known: names }
  const isMeant = ({ environments }: Snapshot['problems'][number]): boolean =>
    environment === undefined || environment === 'all' || environments.includes(environment)
  const hidden = refusal.known.length === 0 ? unrendered[0] : undefined
  const problem = problems.find(isMeant) ?? hidden
  if (problem !== undefined) return problemRefusal(causeAmong(unrendered, problem))
  const { asked } = refusal
  const named = remoteCharts.filter(({ name, chart }) => asked === undefined || name.includes(asked) || chart === asked)
  const charts = named.slice(0, MAX_CHARTS).map(({ title, chart }) => ({ title, chart }))
  return charts.length === 0 ? refusal : { ...refusal, charts }
}

/** More names would not help a reader. */
const MAX_CHARTS = 3
