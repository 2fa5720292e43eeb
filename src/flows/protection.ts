import { z } from 'zod'
import { protectionGaps } from '../core/gate/protection.ts'
import { protectionNote } from '../core/problem/merge.ts'
import type { Problem } from '../core/problem/problem.ts'
import type { Desk } from './desk.ts'

/** Protection changes rarely, and a note may be late. */
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

type Needs = Pick<Desk, 'memo' | 'repo'>
type ProtectionNeeds = Needs & Pick<Desk, 'clock' | 'protections'>

/** Reads how branches are protected, where that was not done for hours. What GitHub does not say is no gap. */
export async function lookAtProtection(desk: ProtectionNeeds, branches: readonly string[]): Promise<void> {
  const now = desk.clock.now()
  for (const branch of branches) {
    const kept = await recall(desk, branch)
    if (kept !== undefined && now - kept.at < KEPT_MS) continue
    const protection = await desk.protections.of(branch)
    const gaps = protection === undefined ? [] : protectionGaps(protection)
    await desk.memo.set(keyOf(desk, branch), { at: now, gaps })
  }
}

/** What is worth saying of a deployed branch to whoever changes its traffic: from memory, or where that is lost as GitHub says now. */
export async function protectionNotes(desk: ProtectionNeeds, branch: string): Promise<readonly Problem[]> {
  if ((await recall(desk, branch)) === undefined) await lookAtProtection(desk, [branch])
  const note = protectionNote(branch, (await recall(desk, branch))?.gaps ?? [])
  return note === undefined ? [] : [note]
}

async function recall(desk: Needs, branch: string): Promise<z.infer<typeof Kept> | undefined> {
  const kept = Kept.safeParse(await desk.memo.get(keyOf(desk, branch)))
  return kept.success ? kept.data : undefined
}

function keyOf({ repo }: Pick<Desk, 'repo'>, branch: string): string {
  return `protection:${repo.id}:${branch}`
}
