import type { PreparedPromotion, PromotionFlow } from '../../core/promotion/promotion.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'
import { ok, type Result } from '../../core/result.ts'
import type { Renderer } from '../../ports/renderer.ts'
import { WORK_TREE } from '../../ports/checkout.ts'
import type { Worktree } from '../../ports/worktree.ts'
import { preparePromotion } from '../making/prepare-promotion.ts'
import { type FileChanges, snapshotOf, writeFiles } from './checkout.ts'

export interface PromotedFiles {
  readonly made: PreparedPromotion
  readonly files: FileChanges
}

/** Promotes configuration between environments in the files of a folder, planned and proven as for a pull request. */
export async function promoteInCheckout(
  context: { readonly worktree: Worktree; readonly renderer: Renderer },
  { flow, isDry }: { readonly flow: PromotionFlow; readonly isDry: boolean },
): Promise<Result<PromotedFiles, Refusal>> {
  const snapshot = await snapshotOf(context)
  if (!snapshot.ok) return snapshot
  const needs = { mirror: context.worktree, renderer: context.renderer }
  const made = await preparePromotion(needs, { treeish: WORK_TREE, snapshot: snapshot.value }, flow)
  if (!made.ok) return made
  return ok({ made: made.value, files: await writeFiles(context, made.value.plan.files, isDry) })
}
