import { z } from 'zod'
import type { Sha } from '../core/rollout/facts.ts'
import type { Desk } from './desk.ts'

type Needs = Pick<Desk, 'memo' | 'repo'>

/** That a pull request has a commit as its head: written before it is judged, so that of two that are judged at once one sees the other. */
export async function rememberPeer(desk: Needs, head: Sha, pull: number): Promise<void> {
  await desk.memo.set(`head:${desk.repo.id}:${head}:${pull}`, true)
}

export async function forgetPeer(desk: Needs, head: Sha, pull: number): Promise<void> {
  await desk.memo.forget(`head:${desk.repo.id}:${head}:${pull}`)
}

/** The pull requests that had a commit as their head when they were last looked at, in order. */
export async function pullsWithHead(desk: Needs, head: Sha): Promise<readonly number[]> {
  const prefix = `head:${desk.repo.id}:${head}:`
  const entries = await desk.memo.entries(prefix)
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

export async function rememberGroup(desk: Needs, head: Sha, group: GroupRecord): Promise<void> {
  await desk.memo.set(`group:${desk.repo.id}:${head}`, group)
}

export async function forgetGroup(desk: Needs, head: Sha): Promise<void> {
  await desk.memo.forget(`group:${desk.repo.id}:${head}`)
}

/** The groups whose checks are concluded, by their commit. */
export async function recallGroups(desk: Needs): Promise<ReadonlyMap<Sha, GroupRecord>> {
  const prefix = `group:${desk.repo.id}:`
  const entries = await desk.memo.entries(prefix)
  return new Map(
    [...entries].flatMap(([key, value]) => {
      const group = GroupRecord.safeParse(value)
      return group.success ? [[key.slice(prefix.length), group.data] as const] : []
    }),
  )
}

export async function recallGroup(desk: Needs, head: Sha): Promise<GroupRecord | undefined> {
  const group = GroupRecord.safeParse(await desk.memo.get(`group:${desk.repo.id}:${head}`))
  return group.success ? group.data : undefined
}
