/** Remembers the pull requests that brought the versions of Flagger's Canaries, and their approvals. */
import * as z from 'zod'
import { approved, type MissingApprovals } from '../../core/flagger/answer.ts'
import { NEWEST_VERSION, type VersionApprovals } from '../../core/flagger/approvals.ts'
import type { Memo } from '../../ports/memo.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { TargetName } from '../../core/rollout/target.ts'
import { type CalledRepository, canariesMark, repositoryKey } from './canary-memory.ts'

const KnownVersion = z.object({
  /** The name of the version in questions (`versionAsked`). */
  version: z.string(),
  /** The branch that contained the version when Flagger first asked about it. */
  branch: z.string(),
  sha: z.string(),
  /** What had last moved when GitHub was asked (`canariesMark`), and when that was, epoch milliseconds. */
  mark: z.string(),
  at: z.number(),
  /**
   * The pull request that brought the version. `base`: the branch that it was merged into; `branch`: undefined if it is a fork's.
   */
  pull: z
    .object({
      number: z.int(),
      head: z.string(),
      base: z.string(),
      author: z.string(),
      branch: z.string().optional(),
    })
    .optional(),
  has: z.int(),
  wanted: z.int(),
})
export type KnownVersion = z.infer<typeof KnownVersion>

/** A rollout that Flagger moves. */
export interface CalledRollout {
  readonly repository: CalledRepository
  readonly rollout: TargetName
}

/** Several clusters may run different versions. Anyone with the key of the webhooks can name any number of versions. */
const MAX_VERSIONS = 10

/** The versions that Flagger asked about, newest first. */
export async function recallVersions(memo: Memo, called: CalledRollout): Promise<readonly KnownVersion[]> {
  return z
    .array(KnownVersion)
    .catch([])
    .parse(await memo.get(versionsKey(called)))
}

export async function rememberVersion(memo: Memo, called: CalledRollout, found: KnownVersion): Promise<void> {
  const others = (await recallVersions(memo, called)).filter(({ version }) => version !== found.version)
  await memo.set(versionsKey(called), [found, ...others].slice(0, MAX_VERSIONS))
  if (found.pull !== undefined) await memo.set(pullKey(called.repository, found.pull.number), true)
}

/** The approvals of a version; undefined if they were not read, or if something has moved since. */
export async function recallApprovals(
  memo: Memo,
  { version, ...called }: CalledRollout & { readonly version: string },
): Promise<VersionApprovals | undefined> {
  const mark = await canariesMark(memo, called.repository)
  return approvalsIn(await recallVersions(memo, called), version, mark)
}

/**
 * What Flagger waits for, according to the last question that was looked into; undefined if that was too long ago, or if nothing
 * is missing.
 */
export async function recallMissing(
  { memo, repo, clock }: Pick<RepositoryContext, 'memo' | 'repo' | 'clock'>,
  rollout: TargetName,
): Promise<MissingApprovals | undefined> {
  const versions = await recallVersions(memo, { repository: repo, rollout })
  const [last] = versions
  const known = last && approvalsIn(versions, last.version, await canariesMark(memo, repo))
  if (last === undefined || known === undefined) return undefined
  const answer = approved({ rollout, approvals: last.wanted }, known, clock.now())
  return answer.code === 'unapproved' || answer.code === 'no-pull' ? answer : undefined
}

/**
 * The approvals of the asked version. If they are enough, the approvals of the version that is now in Git, which must be approved
 * too. Anyone with the key of the webhooks can ask about a checksum before its version is in Git. Then the approvals stored with
 * it belong to another version.
 */
function approvalsIn(versions: readonly KnownVersion[], version: string, mark: string): VersionApprovals | undefined {
  const [asked, newest] = [version, NEWEST_VERSION].map((called) =>
    versions.find((known) => known.version === called && known.mark === mark),
  )
  if (asked === undefined || newest === undefined) return undefined
  const { at, pull, has } = isApproved(asked) ? newest : asked
  return { at, has, ...(pull === undefined ? {} : { pull: pull.number }) }
}

function isApproved({ pull, has, wanted }: KnownVersion): boolean {
  return pull !== undefined && has >= wanted
}

/** Whether Flagger has asked about the approvals of a pull request. */
export async function isAskedAbout(memo: Memo, repository: CalledRepository, pull: number): Promise<boolean> {
  return (await memo.get(pullKey(repository, pull))) === true
}

function versionsKey({ repository, rollout }: CalledRollout): string {
  return `${repositoryKey('canary-versions', repository)}:${rollout}`
}

function pullKey(repository: CalledRepository, pull: number): string {
  return `${repositoryKey('canary-pull', repository)}:${pull}`
}
