/** Finds the commit that brought the canary's version to the base branch, by rendering its environment. */
import { isSameVersion, versionBehind } from '../../core/arrival/version-behind.ts'
import type { Config } from '../../core/config/schema.ts'
import { inputsOf } from '../../core/environment/environment.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { mayHaveTraffic, type Standing, standingOf } from '../../core/rollout/standing.ts'
import { sameRollouts, type Target } from '../../core/rollout/target.ts'
import type { Landing } from '../../ports/mirror.ts'
import { readEnvironmentTexts } from '../build/environment-texts.ts'
import { renderEnvironment } from '../judgement/comparison/render.ts'
import { loadSnapshot } from '../repository/load.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { BaseState } from '../rollout/rollouts.ts'

type Needs = Pick<RepositoryContext, 'mirror' | 'renderer' | 'repo' | 'known'>

/** The version of a canary at one commit. */
interface VersionAtCommit {
  /** One text for its labels and images. */
  readonly version: string
  /** The stable version is the same as the canary's. */
  readonly isSameAsStable: boolean
  readonly standing: Standing
}

export interface ArrivedVersion {
  readonly landing: Landing
  /** The state of the rollout before the commit. */
  readonly before: Standing
  /**
   * The commit since which the canary has no traffic: the one that brought the version, or a later one. Undefined if it has
   * traffic.
   */
  readonly cleared: Landing | undefined
  /** The canary had no traffic at some commit since the version came. */
  readonly wasIdle: boolean
}

/** How many changes of an environment are read to find the one that brought the version. People have to start older versions. */
const MAX_CHANGES = 16

/** Undefined if the version cannot be read, if its environment cannot be rendered, or if something else drives its rollout. */
export async function versionAt(
  context: Needs,
  sha: Sha,
  { target, config }: { readonly target: Target; readonly config: Config },
): Promise<VersionAtCommit | undefined> {
  const [name = ''] = target.environments
  const snapshot = await loadSnapshot(context, sha, { config, isWanted: (one) => one.name === name })
  const [there] = sameRollouts(snapshot.targets, { ...target, environments: [name] })
  const found = snapshot.environments.find((one) => one.name === name)
  if (there === undefined || there.owner !== undefined || found === undefined) return undefined
  // An environment that must not be rendered is not, although the renderer would refuse it too.
  if (found.refusals.length > 0) return undefined
  const { environment, texts } = await readEnvironmentTexts(context, sha, found)
  const { secrets } = config
  const rendered = await renderEnvironment(context, { environment, texts, secrets })
  if (!rendered.ok || !rendered.parsed.ok) return undefined
  const side = { environment: name, target: there, objects: rendered.parsed.objects }
  const [canary, stable] = [versionBehind(side, 'canary'), versionBehind(side, 'stable')]
  const isSameAsStable = canary === undefined || (stable !== undefined && isSameVersion(canary, stable))
  return { version: JSON.stringify(canary ?? null), isSameAsStable, standing: standingOf(there) }
}

/** The commit that brought a version; undefined if the newest changes do not contain it. */
export async function arrivedVersion(
  context: Needs,
  base: BaseState,
  { target, now }: { readonly target: Target; readonly now: VersionAtCommit },
): Promise<ArrivedVersion | undefined> {
  const [name] = target.environments
  const { config, environments } = base.snapshot
  const files = environments.flatMap((one) => (one.name === name ? inputsOf(one) : []))
  let landing: Landing | undefined
  let cleared: Landing | undefined
  let hadTraffic = false
  let wasIdle = false
  for (const change of await context.mirror.landings(base.sha, files, MAX_CHANGES)) {
    const then = await versionAt(context, change.sha, { target, config })
    if (then?.version !== now.version)
      return then === undefined || landing === undefined
        ? undefined
        : { landing, before: then.standing, cleared, wasIdle }
    landing = change
    const hasTraffic = mayHaveTraffic(then.standing)
    hadTraffic ||= hasTraffic
    wasIdle ||= !hasTraffic
    if (!hadTraffic) cleared = change
  }
  return undefined
}
