/** Since when the canary runs the version that it runs now: a newer one has to go live and bake, whatever the weights did before it came. */
import * as z from 'zod'
import { versionBehind } from '../../core/arrival/version-behind.ts'
import { additionsAt } from '../../core/delivery/additions-at.ts'
import { environmentNamed, inputsOf } from '../../core/environment/environment.ts'
import type { StepCommit } from '../../core/gate/step-history.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { type Standing, sureShare } from '../../core/rollout/standing.ts'
import { isBlueGreen, type Target, targetName } from '../../core/rollout/target.ts'
import { buildObjects } from '../build/build-environment.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { type BaseHead, historyOf, MAX_COMMITS } from './landing.ts'
import { objectsAt } from './objects-at.ts'

type Needs = Pick<RepositoryContext, 'mirror' | 'renderer' | 'memo' | 'repo'>

/** So many changes of an environment are built to find the one that brought the version. The oldest of them counts where none did. */
const MAX_BUILDS = 15

const RunningVersion = z.object({
  /** The commit that brought the step. */
  landing: z.string(),
  checkedTo: z.string(),
  /** What `runningAt` tells of that; undefined where nobody had to ask. */
  version: z.string().optional(),
  since: z.object({ sha: z.string(), time: z.number() }),
})
type RunningVersion = z.infer<typeof RunningVersion>

/**
 * The commit since which the base branch has both the share and the canary's version that it has now; undefined where its history does
 * not show it. Images tell versions apart too: where labels name roles (`track: canary`), nothing else does.
 */
export async function runningSince(
  context: Needs,
  base: BaseHead,
  standing: Standing,
): Promise<StepCommit | undefined> {
  const landing = (await historyOf(context, base, standing))?.landing
  const hasOne = landing === undefined || landing.sha === base.sha || isBlueGreen(standing.target)
  if (hasOne || sureShare(standing) === 0) return landing
  const key = `running-version:${context.repo.id}:${base.ref}:${targetName(standing.target)}`
  const { data } = RunningVersion.safeParse(await context.memo.get(key))
  const known = data?.landing === landing.sha ? data : { landing: landing.sha, checkedTo: landing.sha, since: landing }
  if (known.checkedTo === base.sha) return known.since
  const next = await lookedUpTo(context, base.sha, { target: standing.target, known })
  if (next !== undefined) await context.memo.set(key, next)
  return (next ?? known).since
}

/** What is known of a newer base commit; undefined where it cannot be built: then it is red already, and no deployer runs it. */
async function lookedUpTo(
  context: Needs,
  base: Sha,
  { target, known }: { readonly target: Target; readonly known: RunningVersion },
): Promise<RunningVersion | undefined> {
  const line = (await context.mirror.landings(base, 'all', MAX_COMMITS)).map(({ sha }) => sha)
  // After a push by force the commit that was checked may be gone; that of the step is there.
  const from = line.includes(known.checkedTo) ? known.checkedTo : known.landing
  const end = line.indexOf(from)
  const newer = new Set(end === -1 ? line : line.slice(0, end))
  const changes = (await context.mirror.landings(base, filesOf(target), MAX_BUILDS)).filter(({ sha }) => newer.has(sha))
  if (changes.length === 0) return { ...known, checkedTo: base }
  const version = await runningAt(context, base, target)
  if (version === undefined) return undefined
  const before = from === known.checkedTo ? known.version : undefined
  const old = before ?? (await runningThen(context, from, target))
  const since = old === version ? known.since : await arrivalOf(context, changes, { target, version })
  return { ...known, checkedTo: base, version, since: since ?? known.since }
}

/** The oldest of the newest changes that all have a version. */
async function arrivalOf(
  context: Needs,
  changes: readonly StepCommit[],
  { target, version }: { readonly target: Target; readonly version: string },
): Promise<StepCommit | undefined> {
  let since: StepCommit | undefined
  for (const change of changes) {
    if (((await runningThen(context, change.sha, target)) ?? version) !== version) break
    since = change
  }
  return since
}

/** All that the builds of a target's environments read. */
function filesOf({ layout, environments }: Target): readonly string[] {
  const found = environments.flatMap((name) => environmentNamed(layout.environments, name) ?? [])
  return [...new Set(found.flatMap(inputsOf))]
}

/** What the canary ran at an older commit. Files that are called otherwise today may have made its environments then. */
async function runningThen(context: Needs, sha: Sha, target: Target): Promise<string | undefined> {
  const known = await runningAt(context, sha, target)
  if (known !== undefined) return known
  const versions: unknown[] = []
  for (const environment of target.environments) {
    const objects = await objectsAt(context, sha, environment)
    if (objects === undefined) return undefined
    versions.push(versionBehind({ environment, target, objects }, 'canary') ?? null)
  }
  return JSON.stringify(versions)
}

/**
 * What the canary runs at a commit, in each environment of a target, from the files that make them today: one text for its labels and
 * images. Undefined where an environment cannot be built.
 */
async function runningAt(context: Needs, sha: Sha, target: Target): Promise<string | undefined> {
  const versions: unknown[] = []
  for (const name of target.environments) {
    const environment = environmentNamed(target.layout.environments, name)
    if (environment === undefined || environment.refusals.length > 0) return undefined
    const texts = await context.mirror.read(sha, inputsOf(environment))
    const { deployer } = environment
    if (deployer !== undefined && additionsAt(deployer, texts) === 'unknown') return undefined
    const built = await buildObjects(context, { environment, texts, secrets: [], documents: new Map() })
    if (!built.ok || !built.parsed.ok) return undefined
    versions.push(versionBehind({ environment: name, target, objects: built.parsed.objects }, 'canary') ?? null)
  }
  return JSON.stringify(versions)
}
