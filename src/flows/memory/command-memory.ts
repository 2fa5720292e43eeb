import * as z from 'zod'
import { COMMAND_LIFE_MS, LATE_MS } from '../../core/command/pending.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

/** A comment with commands, and the progress of its commands. */
const Progress = z.object({
  state: z.enum(['waiting', 'done']),
  /** When it was first seen, epoch milliseconds. */
  at: z.number(),
})
type Progress = z.infer<typeof Progress>

type Needs = Pick<RepositoryContext, 'memo' | 'repo' | 'clock'>

interface CommandComment {
  readonly pull: number
  readonly comment: number
}

/** Remembers that a comment with commands waits for its answer, so that each sweep looks for it until it has one. */
export async function rememberWaitingCommand(context: Needs, at: CommandComment): Promise<void> {
  const key = keyOf(context, at)
  if (progressIn(await context.memo.get(key)) !== undefined) return
  await context.memo.set(key, { state: 'waiting', at: context.clock.now() } satisfies Progress)
}

/** Remembers that a comment has been answered: a deleted answer must not make its commands new. */
export async function rememberAnswered(context: Needs, at: CommandComment): Promise<void> {
  await context.memo.set(keyOf(context, at), { state: 'done', at: context.clock.now() } satisfies Progress)
}

/** The comments of a pull request that have been answered. */
export async function answeredCommands(context: Needs, pull: number): Promise<ReadonlySet<number>> {
  const prefix = `command:${context.repo.id}:${pull}:`
  const done = new Set<number>()
  for (const [key, value] of await context.memo.entries(prefix))
    if (progressIn(value)?.state === 'done') done.add(Number(key.slice(prefix.length)))
  return done
}

export interface KnownCommands {
  readonly done: ReadonlySet<number>
  /** `at`: since when. */
  readonly waiting: readonly (CommandComment & { readonly at: number })[]
}

/** Every remembered comment with commands in the repository. Forgets those that are too old to be carried out. */
export async function knownCommands(context: Needs): Promise<KnownCommands> {
  const prefix = `command:${context.repo.id}:`
  const done = new Set<number>()
  const waiting: (CommandComment & { readonly at: number })[] = []
  for (const [key, value] of await context.memo.entries(prefix)) {
    const progress = progressIn(value)
    const [pull = 0, comment = 0] = key.slice(prefix.length).split(':').map(Number)
    if (progress === undefined || context.clock.now() - progress.at > KEPT_MS) await context.memo.forget(key)
    else if (progress.state === 'done') done.add(comment)
    else waiting.push({ pull, comment, at: progress.at })
  }
  return { done, waiting }
}

/** Updates what is remembered about a pull request's comments with its conversation, which may have changed. */
export async function settleWaiting(
  context: Needs,
  pull: number,
  read: { readonly pending: ReadonlySet<number>; readonly answered: ReadonlySet<number> },
): Promise<void> {
  const prefix = `command:${context.repo.id}:${pull}:`
  for (const [key, value] of await context.memo.entries(prefix)) {
    const comment = Number(key.slice(prefix.length))
    if (progressIn(value)?.state !== 'waiting' || read.pending.has(comment)) continue
    if (read.answered.has(comment)) await rememberAnswered(context, { pull, comment })
    else await context.memo.forget(key)
  }
}

/** Longer than Perch looks for commands. */
const KEPT_MS = 2 * (COMMAND_LIFE_MS + LATE_MS)

function keyOf({ repo }: Needs, { pull, comment }: CommandComment): string {
  return `command:${repo.id}:${pull}:${comment}`
}

function progressIn(value: unknown): Progress | undefined {
  return Progress.safeParse(value).data
}
