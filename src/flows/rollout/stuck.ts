import { stuckWords } from '../../core/message/comment/notice.ts'
import { type Target, targetName } from '../../core/rollout/target.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { isPassing, type Refusal } from '../../core/refusal/refusal.ts'
import type { StandingLine } from '../../core/rollout/related.ts'

type Needs = Pick<RepositoryContext, 'memo' | 'repo'>

/** What one look at a base branch found about rollouts that cannot continue by themselves. */
export interface StuckBoard {
  put(target: Target, refusal: Refusal | undefined): Promise<void>
  /** Whether some of the reasons may end before the branch moves. */
  isPassing(): boolean
  /** Forgets rollouts that no longer exist. */
  close(): Promise<void>
}

/** Remembers why rollouts do not continue, so that `/canary status` can say it. If it is lost, the next look finds it again. */
export async function stuckBoard(context: Needs, base: string): Promise<StuckBoard> {
  const before = await context.memo.entries(prefixOf(context, base))
  const stuck = new Set<string>()
  let passing = false
  return {
    async put(target, refusal) {
      if (refusal === undefined) return
      const key = prefixOf(context, base) + targetName(target)
      const words = stuckWords(target, refusal)
      stuck.add(key)
      passing ||= isPassing(refusal)
      if (before.get(key) !== words) await context.memo.set(key, words)
    },
    isPassing: () => passing,
    async close() {
      for (const key of before.keys()) if (!stuck.has(key)) await context.memo.forget(key)
    },
  }
}

/** The lines of `/canary status`, with the reasons why rollouts do not continue. */
export async function withStuck(
  context: Needs,
  base: string,
  lines: readonly StandingLine[],
): Promise<readonly StandingLine[]> {
  const known = await context.memo.entries(prefixOf(context, base))
  return lines.map((line) => {
    const words = known.get(prefixOf(context, base) + targetName(line.standing.target))
    return typeof words === 'string' ? { ...line, stuck: words } : line
  })
}

/** Branch names contain no colon. */
function prefixOf({ repo }: Needs, base: string): string {
  return `stuck:${repo.id}:${base}:`
}
