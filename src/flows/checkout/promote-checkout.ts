import type { PreparedPromotion, PromotionFlow } from '../../core/promotion/promotion.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'
import { ok, type Result } from '../../core/result.ts'
import type { Renderer } from '../../ports/renderer.ts'
import type { Worktree } from '../../ports/worktree.ts'
import { preparePromotion } from '../making/prepare-promotion.ts'
import { HERE, snapshotOf } from './checkout.ts'

export interface PromotedFiles {
  readonly made: PreparedPromotion
  /** The actual or intended changes by path. The text before is empty for a new file. */
  readonly files: ReadonlyMap<string, { readonly before: string; readonly after: string }>
}

/** Promotes configuration between environments in the files of a folder, planned and proven as for a pull request. */
export async function promoteInCheckout(
  context: { readonly worktree: Worktree; readonly renderer: Renderer },
  { flow, isDryRun }: { readonly flow: PromotionFlow; readonly isDryRun: boolean },
): Promise<Result<PromotedFiles, Refusal>> {
  const snapshot = await snapshotOf(context)
  if (!snapshot.ok) return snapshot
  const needs = { mirror: context.worktree, renderer: context.renderer }
  const made = await preparePromotion(needs, { treeish: HERE, snapshot: snapshot.value }, flow)
  if (!made.ok) return made
  const texts = made.value.plan.files
  const before = await context.worktree.read(HERE, [...texts.keys()])
  if (!isDryRun) await context.worktree.write(texts)
  const files = [...texts].map(([path, after]) => [path, { before: before.get(path) ?? '', after }] as const)
  return ok({ made: made.value, files: new Map(files) })
}
