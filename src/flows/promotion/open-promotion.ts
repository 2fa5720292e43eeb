import { branchIn, branchRef } from '../../core/branch-ref.ts'
import type { Initiator } from '../../core/marker/trailer.ts'
import { promotionBody, promotionCommit, promotionTitle } from '../../core/message/pull-request/promotion.ts'
import { isPromotion, PROMOTION_LABEL, promotionBranch } from '../../core/promotion/branch.ts'
import type { PreparedPromotion, PromotionFlow } from '../../core/promotion/promotion.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { PullRequest } from '../../core/rollout/facts.ts'
import { preparePromotion } from '../making/prepare-promotion.ts'
import type { TreeSnapshot } from '../judgement/comparison/render.ts'
import type { BaseHead } from '../repository/history.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { type ChangeDraft, type ChangeNeeds, openChange } from '../rollout/open-change.ts'

/** A base branch with the contents of its files. */
export interface PromotionSite extends BaseHead, Pick<TreeSnapshot, 'snapshot'> {}

type Needs = ChangeNeeds & Pick<RepositoryContext, 'renderer'>

/** Opens the pull request that promotes configuration from one environment to another. Returns an existing open one. */
export async function openPromotion(
  context: Needs,
  site: PromotionSite,
  { flow, asked }: { readonly flow: PromotionFlow; readonly asked: Initiator },
): Promise<Result<PullRequest, Refusal>> {
  const made = await preparePromotion(context, { treeish: site.sha, snapshot: site.snapshot }, flow)
  if (!made.ok) return made
  const overlap = await clearOverlap(context, site, flow)
  if (overlap !== undefined) return err(overlap)
  const opened = await openChange(context, site, promotionDraft(context, site, { made: made.value, asked }))
  return opened.ok ? ok(opened.value) : opened
}

export function promotionDraft(
  { repo }: Pick<RepositoryContext, 'repo'>,
  { ref }: BaseHead,
  { made, asked }: { readonly made: PreparedPromotion; readonly asked: Initiator | undefined },
): ChangeDraft {
  const { flow, plan } = made
  return {
    branch: promotionBranch({ ref, isDefault: ref === repo.defaultBranch }, flow),
    title: promotionTitle(flow),
    body: promotionBody(made, asked),
    commit: promotionCommit(made, asked),
    labels: [PROMOTION_LABEL, flow.to],
    files: plan.files,
  }
}

/**
 * A promotion of everything includes a promotion of one service, and Git cannot have both `a/b` and `a/b/c`. So an open one is
 * reported, and the branch that a closed one of ours left behind is removed.
 */
async function clearOverlap(
  context: Pick<RepositoryContext, 'branches' | 'pulls' | 'mirror' | 'repo' | 'botLogin'>,
  { ref }: BaseHead,
  flow: PromotionFlow,
): Promise<Refusal | undefined> {
  const base = { ref, isDefault: ref === context.repo.defaultBranch }
  const all = promotionBranch(base, { ...flow, service: undefined })
  const refs = await context.mirror.fetch([flow.service === undefined ? branchRef(`${all}/*`) : branchRef(all)])
  for (const [name, sha] of refs) {
    const branch = branchIn(name) ?? name
    const pulls = await context.pulls.from(branch)
    const open = pulls.find((pull) => pull.state === 'open' && isPromotion(pull, context.botLogin))
    if (open !== undefined) return { code: 'promotion', why: { code: 'promotion-open', pull: open.number } }
    const isLeftover = pulls.some((pull) => isPromotion(pull, context.botLogin) && pull.head.sha === sha)
    if (!isLeftover) return { code: 'branch-taken', branch }
    await context.branches.remove(branch)
  }
  return undefined
}
