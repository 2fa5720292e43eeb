import * as z from 'zod'
import { type HeadAge, headAge, isSeen } from '../../core/command/head-age.ts'
import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import { RetryLater } from '../../ports/jobs.ts'
import type { RepositoryContext } from './repository-context.ts'

const Known = z.object({ sha: z.string(), at: z.number() })

type Needs = Pick<RepositoryContext, 'memo' | 'repo' | 'activity' | 'clock'>

/**
 * Remembers since when GitHub has shown this head. A pull request's `updated_at` comes with every look at it, uses GitHub's own
 * clock, and changes with each comment. So if it is older than a comment, the head existed before the comment.
 */
export async function rememberHead(context: Needs, pull: PullRequest): Promise<void> {
  const { sha } = pull.head
  if (pull.updatedAt === undefined || (await recallHead(context, pull.number))?.sha === sha) return
  await context.memo.set(keyOf(context, pull.number), { sha, at: pull.updatedAt })
}

/**
 * Remembers the head that a pull request was opened with, from its webhook. No comment is older than that head. So a person who
 * comments at once is believed, even if GitHub's list of the branch's moves cannot be read.
 */
export async function rememberFirstHead(
  context: Pick<RepositoryContext, 'memo' | 'repo'>,
  { pull, head, at }: { readonly pull: number; readonly head: Sha; readonly at: number },
): Promise<void> {
  const known = await recallHead(context, pull)
  // The webhook is late: the head has moved on.
  if (known !== undefined && known.sha !== head) return
  await context.memo.set(keyOf(context, pull), { sha: head, at: at - 1 })
}

/** Perch's own commit for a command counts as seen by everyone who saw the head that it was made on. */
export async function rememberOwnCommit(
  context: Needs,
  pull: number,
  commit: { readonly parent: Sha; readonly sha: Sha },
): Promise<void> {
  const known = await recallHead(context, pull)
  if (known?.sha === commit.parent) await context.memo.set(keyOf(context, pull), { sha: commit.sha, at: known.at })
}

/** How long GitHub's list of a branch's moves may lag behind. */
const LAG_MS = 60_000
const AGAIN_MS = 3_000

/** Whether the author of a comment could see this head. GitHub is asked only if memory does not tell. */
export async function ageOfHead(
  context: Needs,
  pull: PullRequest,
  { head, comment }: { readonly head: Sha; readonly comment: { readonly createdAt: number } },
): Promise<HeadAge> {
  if (isSeen(await recallHead(context, pull.number), head, comment)) return 'seen'
  // We cannot read the list of a fork.
  const moves = pull.head.isFork ? undefined : await context.activity.movesOf(pull.head.ref)
  const age = moves === undefined ? 'unknown' : headAge(moves, head, { comment, pull })
  const now = context.clock.now()
  if (age === 'unknown' && moves !== undefined && now - comment.createdAt < LAG_MS)
    throw new RetryLater(now + AGAIN_MS, "GitHub's activity list does not have the newest push yet")
  return age
}

async function recallHead(
  context: Pick<RepositoryContext, 'memo' | 'repo'>,
  pull: number,
): Promise<z.infer<typeof Known> | undefined> {
  return Known.safeParse(await context.memo.get(keyOf(context, pull))).data
}

function keyOf({ repo }: Pick<RepositoryContext, 'repo'>, pull: number): string {
  return `head:${repo.id}:${pull}`
}
