import { NEWEST_VERSION } from '../../core/flagger/approvals.ts'
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
 * Reads who approved the pull request that brought a version, so that Flagger's questions are answered without a request to GitHub. What Git had
 * when Flagger asked about a version for the first time is that version: one that comes to Git later must not be taken for it.
 */
export async function readApprovals(context: Needs, { rollout, why: { version, wanted } }: Asked): Promise<void> {
  const { memo, repo, clock } = context
  const mark = await canariesMark(memo, repo)
  const at = clock.now()
  const called = { repository: repo, rollout }
  const before = (await recallVersions(memo, called)).find((known) => known.version === version)
  const known = version === NEWEST_VERSION ? undefined : before
  const canaries =
    known === undefined ? await deployedCanaries(context, rollout) : await canariesOn(context, known, rollout)
  const [canary] = canaries
  if (canary === undefined || canaries.length > 1) return
  const { branch, sha } = canary
  const pull = known?.pull ?? (await pullOf(context, canary))
  const has = pull === undefined ? 0 : await countApprovals(context, pull, wanted)
  context.log.debug({ rollout, version, pull: pull?.number, has, wanted }, 'read the approvals of a version')
  await rememberVersion(memo, called, {
    version,
    branch,
    sha,
    mark,
    at,
    has,
    wanted,
    ...(pull === undefined ? {} : { pull }),
  })
}

type VersionPull = NonNullable<KnownVersion['pull']>

async function pullOf(context: Needs, canary: DeployedCanary): Promise<VersionPull | undefined> {
  const brought = await versionPull(context, canary)
  if (brought === undefined) return undefined
  const { pull, landing } = brought
  const [, base] = await context.mirror.landings(landing, 'all', 2)
  return {
    number: pull.number,
    head: pull.head.sha,
    // Its commits are those that this did not have.
    base: base?.sha ?? landing,
    author: pull.author.login,
    // A fork's pushes are in another repository's record.
    ...(pull.head.isFork ? {} : { branch: pull.head.ref }),
  }
}

/** By the rules for pull requests of Perch, whether they came before or after the merge. */
async function countApprovals(context: Needs, pull: VersionPull, wanted: number): Promise<number> {
  const { number, head, base, author, branch } = pull
  // A squash leaves its commits on no branch.
  await context.mirror.fetch([`refs/pull/${number}/head`])
  const around = { pull: { number, author, branch, hasSay: true } }
  return (await approvalsOf(context, { base, head, around }, wanted))?.has ?? 0
}
