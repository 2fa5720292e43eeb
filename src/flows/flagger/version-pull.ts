/** Finds the pull request that brought the version which a Canary of Flagger deploys. */
import type { Config } from '../../core/config/schema.ts'
import { deployedVersion } from '../../core/flagger/version.ts'
import { identityKey } from '../../core/manifest/identity.ts'
import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import { buildInputsOf } from '../../core/rollout/read-target.ts'
import type { Target } from '../../core/rollout/target.ts'
import { objectsAt } from '../measure/objects-at.ts'
import { commitBefore } from '../repository/history.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

type Needs = Pick<RepositoryContext, 'mirror' | 'renderer' | 'known' | 'repo' | 'pulls'>

/** A rollout that Flagger moves, on a deployed branch. */
export interface DeployedCanary {
  readonly branch: string
  readonly sha: Sha
  readonly config: Config
  readonly target: Target
}

export interface BroughtVersion {
  readonly pull: PullRequest
  /** The merge commit on the branch. */
  readonly landing: Sha
}

/** At most this many changes of its environments are examined, because each has to be rendered. */
const MAX_CHANGES = 12

/** Undefined if no pull request brought it, or if a long search would be needed. */
export async function versionPull(context: Needs, canary: DeployedCanary): Promise<BroughtVersion | undefined> {
  const landing = await landingOf(context, canary)
  const pull = landing === undefined ? undefined : await context.pulls.mergedAs(landing, canary.branch)
  return landing === undefined || pull === undefined ? undefined : { pull, landing }
}

/** The oldest of the newest commits in a row that have the current version. */
async function landingOf(context: Needs, canary: DeployedCanary): Promise<Sha | undefined> {
  const { sha, target } = canary
  const now = await versionAt(context, canary, sha)
  if (now === undefined || now === ABSENT) return undefined
  const changes = await context.mirror.landings(sha, buildInputsOf(target), MAX_CHANGES)
  for (const [index, change] of changes.entries()) {
    const parent = await commitBefore(context, change.sha)
    if (parent === undefined) return change.sha
    const before = changes[index + 1]
    // Its files did not change between that change and this commit's parent.
    const then = await versionAt(context, canary, before?.sha ?? parent)
    if (then === undefined) return undefined
    if (then !== now) return change.sha
  }
  return undefined
}

/** No environment contains it. */
const ABSENT = ''

/** What its environments deploy at a commit; undefined if one of them cannot be rendered. */
async function versionAt(context: Needs, { config, target }: DeployedCanary, sha: Sha): Promise<string | undefined> {
  const { owner } = target
  const all = await objectsAt(context, sha, { names: target.environments, config })
  if (owner === undefined || all === undefined) return undefined
  const versions = [...all.values()].flatMap((objects) => {
    // At that commit, the Canary may have had another target.
    const canary = objects.find((object) => identityKey(object) === identityKey(owner.identity))
    return (canary && deployedVersion(canary, objects)) ?? []
  })
  return versions.join('\n')
}
