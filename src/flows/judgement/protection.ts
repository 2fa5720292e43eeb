import * as z from 'zod'
import { protectionGaps } from '../../core/gate/protection.ts'
import { protectionNote } from '../../core/problem/merge.ts'
import type { Problem } from '../../core/problem/problem.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

/** Protection rarely changes, and a note may be late. */
const KEPT_MS = 6 * 3_600_000

const Kept = z.object({
  at: z.number(),
  gaps: z.array(
    z.union([
      z.object({ code: z.enum(['not-required', 'not-ours']), check: z.enum(['canary/validate', 'canary/gate']) }),
      z.object({ code: z.enum(['spares-admins', 'not-up-to-date']) }),
    ]),
  ),
})

type Needs = Pick<RepositoryContext, 'memo' | 'repo'>
type ProtectionNeeds = Needs & Pick<RepositoryContext, 'clock' | 'protections'>

/** Reads how branches are protected, unless that was done in the last hours. Unknown settings do not count as gaps. */
export async function lookAtProtection(context: ProtectionNeeds, branches: readonly string[]): Promise<void> {
  const now = context.clock.now()
  for (const branch of branches) {
    const kept = await recall(context, branch)
    if (kept !== undefined && now - kept.at < KEPT_MS) continue
    const protection = await context.protections.of(branch)
    const gaps = protection === undefined ? [] : protectionGaps(protection)
    await context.memo.set(keyOf(context, branch), { at: now, gaps })
  }
}

/**
 * Notes about the protection of a deployed branch, for people who change its traffic. From memory, or from GitHub if memory was
 * lost.
 */
export async function protectionNotes(context: ProtectionNeeds, branch: string): Promise<readonly Problem[]> {
  if ((await recall(context, branch)) === undefined) await lookAtProtection(context, [branch])
  const note = protectionNote(branch, (await recall(context, branch))?.gaps ?? [])
  return note === undefined ? [] : [note]
}

async function recall(context: Needs, branch: string): Promise<z.infer<typeof Kept> | undefined> {
  return Kept.safeParse(await context.memo.get(keyOf(context, branch))).data
}

function keyOf({ repo }: Pick<RepositoryContext, 'repo'>, branch: string): string {
  return `protection:${repo.id}:${branch}`
}
