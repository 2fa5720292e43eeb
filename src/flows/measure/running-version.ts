/**
 * Finds since when the canary runs its current version. A new version must go live and bake, even if the weights have not changed
 * for a long time.
 */
import * as z from 'zod'
import { versionBehind } from '../../core/arrival/version-behind.ts'
import type { StepCommit } from '../../core/gate/step-history.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { buildInputsOf } from '../../core/rollout/read-target.ts'
import { type Standing, sureShare } from '../../core/rollout/standing.ts'
import { isBlueGreen, type Target } from '../../core/rollout/target.ts'
import type { BaseHead } from '../repository/history.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { rolloutName } from '../../core/rollout/rollout-name.ts'
import { historyOf, MAX_COMMITS } from './landing.ts'
import { objectsAt, targetObjectsAt } from './objects-at.ts'

type Needs = Pick<RepositoryContext, 'mirror' | 'renderer' | 'memo' | 'repo' | 'activity' | 'clock'>

/** How many changes of an environment Perch builds to find the one that brought the version. If all have it, the oldest of these counts. */
const MAX_BUILDS = 15

const RunningVersion = z.object({
  /** The commit that brought the step. */
  landing: z.string(),
  checkedTo: z.string(),
  /** The version at `checkedTo`. Undefined as long as nothing has changed the environment. */
  version: z.string().optional(),
  since: z.object({ sha: z.string(), time: z.number() }),
})
type RunningVersion = z.infer<typeof RunningVersion>

/**
 * Since when the base branch has its current share and its current canary version. That is later than the commit that brought them if
 * somebody moved the branch back to it. Undefined if the history does not show it.
 */
export async function runningSince(
  context: Needs,
  base: BaseHead,
  standing: Standing,
): Promise<StepCommit | undefined> {
  const since = await runningCommit(context, base, standing)
  const landedAt = (await historyOf(context, base, standing))?.landedAt
  return since && { ...since, time: Math.max(since.time, landedAt?.at ?? 0) }
}

/**
 * The commit that brought the current share and the current canary version. Images count as versions too: if labels name roles
 * (`track: canary`), only images tell versions apart.
 */
export async function runningCommit(
  context: Needs,
  base: BaseHead,
  standing: Standing,
): Promise<StepCommit | undefined> {
  const landing = (await historyOf(context, base, standing))?.landing
  const hasOne = landing === undefined || landing.sha === base.sha || isBlueGreen(standing.target)
  if (hasOne || sureShare(standing) === 0) return landing
  const key = `running-version:${context.repo.id}:${rolloutName(base.ref, standing.target)}`
  const { data } = RunningVersion.safeParse(await context.memo.get(key))
  const known = data?.landing === landing.sha ? data : { landing: landing.sha, checkedTo: landing.sha, since: landing }
  if (known.checkedTo === base.sha) return known.since
  const next = await lookedUpTo(context, base.sha, { target: standing.target, known })
  if (next === 'not-seen') return undefined
  if (next !== undefined) await context.memo.set(key, next)
  return (next ?? known).since
}

/**
 * What is known about a newer base commit. Undefined if it cannot be built: then it is already red, or Perch never builds the
 * environment. `not-seen`: the tool was missing or busy, so the commit may contain another version.
 */
async function lookedUpTo(
  context: Needs,
  base: Sha,
  { target, known }: { readonly target: Target; readonly known: RunningVersion },
): Promise<RunningVersion | 'not-seen' | undefined> {
  const line = (await context.mirror.landings(base, 'all', MAX_COMMITS)).map(({ sha }) => sha)
  // A force-push may have removed the commit that was checked last.
  const from = line.includes(known.checkedTo) ? known.checkedTo : known.landing
  const end = line.indexOf(from)
  const newer = new Set(end === -1 ? line : line.slice(0, end))
  const changes = (await context.mirror.landings(base, buildInputsOf(target), MAX_BUILDS)).filter(({ sha }) =>
    newer.has(sha),
  )
  if (changes.length === 0) return { ...known, checkedTo: base }
  const version = await runningAt(context, base, target)
  if (version === undefined || version === 'not-seen') return version
  const before = from === known.checkedTo ? known.version : undefined
  const old = before ?? (await runningThen(context, from, target))
  const since = old === version ? known.since : await arrivalOf(context, changes, { target, version })
  return { ...known, checkedTo: base, version, since: since ?? known.since }
}

/** The oldest of the newest changes that all have a version; those that cannot be built do not count. */
async function arrivalOf(
  context: Needs,
  changes: readonly StepCommit[],
  { target, version }: { readonly target: Target; readonly version: Version },
): Promise<StepCommit | undefined> {
  let since: StepCommit | undefined
  for (const change of changes) {
    const then = await runningThen(context, change.sha, target)
    if (then !== undefined && then !== version) break
    if (then === version) since = change
  }
  return since
}

/** The canary's version at an older commit. Its environments may have had files with other names at that time. */
async function runningThen(context: Needs, sha: Sha, target: Target): Promise<Version | undefined> {
  const known = await runningAt(context, sha, target)
  if (known !== undefined && known !== 'not-seen') return known
  const all = await objectsAt(context, sha, { names: target.environments })
  const versions: unknown[] = []
  for (const environment of target.environments) {
    const objects = all?.get(environment)
    if (objects === undefined) return undefined
    versions.push(versionBehind({ environment, target, objects }, 'canary') ?? null)
  }
  return versionOf(versions)
}

/** The canary's version at a commit, built from the files that make the target's environments today. */
async function runningAt(context: Needs, sha: Sha, target: Target): Promise<Version | 'not-seen' | undefined> {
  const versions: unknown[] = []
  for (const name of target.environments) {
    const objects = await targetObjectsAt(context, sha, { target, environment: name })
    if (objects === undefined || objects === 'not-seen') return objects
    versions.push(versionBehind({ environment: name, target, objects }, 'canary') ?? null)
  }
  return versionOf(versions)
}

/** The labels and images of a canary in each environment, as one text. */
type Version = `[${string}]`

function versionOf(versions: readonly unknown[]): Version {
  return `[${versions.map((one) => JSON.stringify(one)).join()}]`
}
