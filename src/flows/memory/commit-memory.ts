import * as z from 'zod'
import type { Sha } from '../../core/rollout/facts.ts'
import { recallAll } from './remembered.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

type Needs = Pick<RepositoryContext, 'memo' | 'repo'>

/**
 * Remembers that a commit is the head of a pull request. Written before the pull request is judged, so that of two that are
 * judged at the same time, one sees the other.
 */
export async function rememberPeer(context: Needs, head: Sha, pull: number): Promise<void> {
  await context.memo.set(`peer:${context.repo.id}:${head}:${pull}`, true)
}

export async function forgetPeer(context: Needs, head: Sha, pull: number): Promise<void> {
  await context.memo.forget(`peer:${context.repo.id}:${head}:${pull}`)
}

/** The pull requests that had a commit as their head at the last look, in ascending order. */
export async function pullsWithHead(context: Needs, head: Sha): Promise<readonly number[]> {
  const prefix = `peer:${context.repo.id}:${head}:`
  const entries = await context.memo.entries(prefix)
  return [...entries.keys()].map((key) => Number(key.slice(prefix.length))).sort((a, b) => a - b)
}

/** A merge group, and what its checks depend on. */
const GroupRecord = z.object({
  base: z.string(),
  ref: z.string(),
  /** It changes traffic, so it is judged again when a stop is created or removed. */
  traffic: z.boolean(),
  /** The signals that its verdict depends on, by `waitKey`. */
  waits: z.array(z.string()),
  /** The stops at that time (`stopsKey`). */
  stops: z.string(),
  /** When time alone may change its verdict, epoch milliseconds. */
  until: z.number().optional(),
})
export type GroupRecord = z.infer<typeof GroupRecord>

export async function rememberGroup(context: Needs, head: Sha, group: GroupRecord): Promise<void> {
  await context.memo.set(`group:${context.repo.id}:${head}`, group)
}

export async function forgetGroup(context: Needs, head: Sha): Promise<void> {
  await context.memo.forget(`group:${context.repo.id}:${head}`)
}

/** The groups with concluded checks, by commit. */
export async function recallGroups(context: Needs): Promise<ReadonlyMap<Sha, GroupRecord>> {
  return await recallAll(context, 'group', GroupRecord)
}

export async function recallGroup(context: Needs, head: Sha): Promise<GroupRecord | undefined> {
  return GroupRecord.safeParse(await context.memo.get(`group:${context.repo.id}:${head}`)).data
}
