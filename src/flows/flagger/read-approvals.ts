import { NEWEST_VERSION } from '../../core/flagger/approvals.ts'
import { targetName } from '../../core/rollout/target.ts'
import { commitBefore } from '../repository/history.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import { approvalsOf } from '../judgement/approvals.ts'
import { type KnownVersion, recallVersions, rememberVersion } from '../stop/approval-memory.ts'
import { canariesMark } from '../stop/canary-memory.ts'
import { canariesOn, deployedCanaries } from './read-canaries.ts'
import { type DeployedCanary, versionPull } from './version-pull.ts'

type Needs = Pick<
  RepositoryContext,
  'mirror' | 'renderer' | 'known' | 'repo' | 'memo' | 'clock' | 'pulls' | 'branches' | 'people' | 'log'
>

type Asked = Pick<TaskOf<'canary-approvals'>, 'rollout' | 'why'>

/**
 * Reads who approved the pull request that brought a version, so that Flagger's questions are answered without a request to GitHub. When Flagger
 * first asks about a version, Perch assumes that it is the version in Git at that moment. A later version in Git must not be confused with it.
 * The version that Git has now is read each time, because both need approvals.
 */
export async function readApprovals(context: Needs, { rollout, why: { version, wanted } }: Asked): Promise<void> {
  const { memo, repo, clock } = context
  const called = { repository: repo, rollout }
  const about = { wanted, mark: await canariesMark(memo, repo), at: clock.now() }
  const before = await recallVersions(memo, called)
  const head = only(await deployedCanaries(context, rollout))
  if (head === undefined) return
  const last = before.find(
    (one) => one.version === NEWEST_VERSION && one.sha === head.sha && one.branch === head.branch,
  )
  const newest = { ...about, ...(await approvalsAt(context, { canary: head, pull: last?.pull, wanted })) }
  await rememberVersion(memo, called, { ...newest, version: NEWEST_VERSION })
  if (version === NEWEST_VERSION) return
  const known = before.find((one) => one.version === version)
  if (known === undefined) return rememberVersion(memo, called, { ...newest, version })
  const canary = only(await canariesOn(context, known, rollout))
  if (canary === undefined) return
  const found = await approvalsAt(context, { canary, pull: known.pull, wanted })
  await rememberVersion(memo, called, { ...about, ...found, version })
}

function only<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined
}

interface VersionQuestion {
  readonly canary: DeployedCanary
  /** The pull request that brought the version; undefined if unknown. */
  readonly pull: VersionPull | undefined
  readonly wanted: number
}

async function approvalsAt(
  context: Needs,
  { canary, pull: known, wanted }: VersionQuestion,
): Promise<Pick<KnownVersion, 'branch' | 'sha' | 'pull' | 'has'>> {
  const { branch, sha } = canary
  const pull = known ?? (await pullOf(context, canary))
  const has = pull === undefined ? 0 : await countApprovals(context, pull, wanted)
  context.log.debug(
    { rollout: targetName(canary.target), sha, pull: pull?.number, has, wanted },
    'read the approvals of a version',
  )
  return { branch, sha, has, ...(pull === undefined ? {} : { pull }) }
}

type VersionPull = NonNullable<KnownVersion['pull']>

async function pullOf(context: Needs, canary: DeployedCanary): Promise<VersionPull | undefined> {
  const brought = await versionPull(context, canary)
  if (brought === undefined) return undefined
  const { pull, landing } = brought
  const base = await commitBefore(context, landing)
  return {
    number: pull.number,
    head: pull.head.sha,
    // The commits that this base does not contain belong to the pull request.
    base: base ?? landing,
    author: pull.author.login,
    // GitHub records pushes to a fork in the fork's repository.
    ...(pull.head.isFork ? {} : { branch: pull.head.ref }),
  }
}

/** Counts by Perch's rules for pull requests, no matter whether the approvals came before or after the merge. */
async function countApprovals(context: Needs, pull: VersionPull, wanted: number): Promise<number> {
  const { number, head, base, author, branch } = pull
  // After a squash, no branch contains its commits.
  await context.mirror.fetch([`refs/pull/${number}/head`])
  const around = { pull: { number, author, branch, hasSay: true } }
  return (await approvalsOf(context, { base, head, around }, wanted))?.has ?? 0
}
