import type { PendingComment } from '../../core/command/pending.ts'
import { leavesNoTrace } from '../../core/command/trace.ts'
import { repeatedAnswer } from '../../core/message/comment/answer.ts'
import { pressedWords, recordWords } from '../../core/message/check/command-record.ts'
import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import { fetchHead } from './history.ts'
import type { RepositoryContext } from './repository-context.ts'

type Needs = Pick<RepositoryContext, 'memo' | 'repo' | 'mirror' | 'records'>

/**
 * Records permanently that commands were carried out, if no commit shows it. Memory knows it too, but may be lost, and everyone
 * with write access can delete an answer.
 */
export async function recordCommands(
  context: Needs,
  pull: PullRequest,
  { comment, body }: { readonly comment: PendingComment; readonly body: string },
): Promise<void> {
  if (comment.isLate || !leavesNoTrace(pull, comment.commands)) return
  const commit = await firstCommit(context)
  if (commit !== undefined)
    await context.records.write(commit, { ...recordWords(pull.number, comment), answer: keptAnswer(comment, body) })
}

/** The earlier answer to a comment, as far as memory cannot tell; undefined if the comment is new. */
export async function recordedAnswer(
  context: Needs,
  pull: PullRequest,
  comment: PendingComment,
): Promise<string | undefined> {
  if (!leavesNoTrace(pull, comment.commands) || (await isNewerThanMemory(context, comment.id))) return undefined
  const commit = await firstCommit(context)
  const found = commit === undefined ? undefined : await context.records.find(commit, String(comment.id))
  if (found === undefined) return undefined
  return found.answer ?? repeatedAnswer(comment.id, comment.login)
}

/** The same for a button on a check: the earlier answer to it, if there was one. */
export async function recordedPress(context: Needs, id: string): Promise<string | undefined> {
  const commit = await firstCommit(context)
  return commit === undefined ? undefined : (await context.records.find(commit, id))?.answer
}

export async function recordPress(
  context: Needs,
  pressed: Parameters<typeof pressedWords>[1] & { readonly pull: number },
  body: string,
): Promise<void> {
  const commit = await firstCommit(context)
  if (commit !== undefined)
    await context.records.write(commit, { ...pressedWords(pressed.pull, pressed), answer: body })
}

/** A deleted answer to an override stays deleted, because the answer is the override. */
function keptAnswer({ commands }: PendingComment, body: string): string | undefined {
  const isOverride = commands.some(({ result }) => result.ok && result.command.name === 'override')
  return isOverride ? undefined : body
}

/**
 * Remembers which comments existed when this memory began, because it cannot know whether those were answered. GitHub numbers
 * comments in ascending order, so every later one has a higher number.
 */
export async function rememberBeginning(context: Needs, comments: readonly { readonly id: number }[]): Promise<void> {
  const key = `beginning:${context.repo.id}`
  if ((await context.memo.get(key)) !== undefined) return
  await context.memo.set(key, Math.max(0, ...comments.map(({ id }) => id)))
}

async function isNewerThanMemory({ memo, repo }: Needs, comment: number): Promise<boolean> {
  const newest = await memo.get(`beginning:${repo.id}`)
  return typeof newest === 'number' && comment > newest
}

/** The default branch's oldest commit, the one commit in a repository that no push moves. */
async function firstCommit({ memo, repo, mirror }: Needs): Promise<Sha | undefined> {
  const key = `first-commit:${repo.id}`
  const known = await memo.get(key)
  if (typeof known === 'string') return known
  const head = await fetchHead({ mirror }, repo.defaultBranch)
  if (head === undefined) return undefined
  const first = await mirror.first(head)
  await memo.set(key, first)
  return first
}
