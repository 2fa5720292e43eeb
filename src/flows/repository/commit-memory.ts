import * as z from 'zod'
import type { Sha } from '../../core/rollout/facts.ts'
import { recallAll } from './remembered.ts'
import type { RepositoryContext } from './repository-context.ts'

type Needs = Pick<RepositoryContext, 'memo' | 'repo'>

/** That a pull request has a commit as its head: written before it is judged, so that of two that are judged at once one sees the other. */
export async function rememberPeer(context: Needs, head: Sha, pull: number): Promise<void> {
  await context.memo.set(`head:${context.repo.id}:${head}:${pull}`, true)
}

export async function forgetPeer(context: Needs, head: Sha, pull: number): Promise<void> {
  await context.memo.forget(`head:${context.repo.id}:${head}:${pull}`)
}

/** The pull requests that had a commit as their head when they were last looked at, in order. */
export async function pullsWithHead(context: Needs, head: Sha): Promise<readonly number[]> {
  const prefix = `head:${context.repo.id}:${head}:`
  const entries = await context.memo.entries(prefix)
  return [...entries.keys()].map((key) => Number(key.slice(prefix.length))).sort((a, b) => a - b)
}

/** A group of the merge queue, and what its checks rest on. */
const GroupRecord = z.object({
  base: z.string(),
  ref: z.string(),
  /** It changes traffic, so that it is judged again when a stop comes or goes. */
  traffic: z.boolean(),
  /** What it was judged by, by `waitKey`. */
  waits: z.array(z.string()),
  /** Which stops there were (`stopsKey`). */
  stops: z.string(),
  /** When time alone may turn it, epoch milliseconds. */
  until: z.number().optional(),
})
export type GroupRecord = z.infer<typeof GroupRecord>

export async function rememberGroup(context: Needs, head: Sha, group: GroupRecord): Promise<void> {
  await context.memo.set(`group:${context.repo.id}:${head}`, group)
}

export async function forgetGroup(context: Needs, head: Sha): Promise<void> {
  await context.memo.forget(`group:${context.repo.id}:${head}`)
}

/** The groups whose checks are concluded, by their commit. */
export async function recallGroups(context: Needs): Promise<ReadonlyMap<Sha, GroupRecord>> {
  return await recallAll(context, 'group', GroupRecord)
}

export async function recallGroup(context: Needs, head: Sha): Promise<GroupRecord | undefined> {
  return GroupRecord.safeParse(await context.memo.get(`group:${context.repo.id}:${head}`)).data
}
