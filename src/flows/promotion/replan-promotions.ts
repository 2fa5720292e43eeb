import { branchRef } from '../../core/branch-ref.ts'
import { PROMOTION_MARKER } from '../../core/marker/comment.ts'
import { initiatorIn, isOfCommand } from '../../core/marker/trailer.ts'
import { changedPromotionNotice, emptyPromotionNotice } from '../../core/message/comment/promotion.ts'
import { flowOf, isPromotion } from '../../core/promotion/branch.ts'
import type { PullRequest } from '../../core/rollout/facts.ts'
import { preparePromotion } from '../making/prepare-promotion.ts'
import { changesOnly } from '../repository/changes-only.ts'
import { orRefusal, sayOnce } from '../repository/github-refusals.ts'
import { pullAt } from '../repository/pull-ends.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { type ChangeDraft, remakeChange } from '../rollout/open-change.ts'
import type { BaseState } from '../rollout/rollouts.ts'
import { closePull } from '../rollout/take-steps.ts'
import { promotionDraft } from './open-promotion.ts'

/** Remakes the open promotions of a base branch if one of their environments has changed. */
export async function replanPromotions(context: RepositoryContext, base: BaseState): Promise<void> {
  const open = base.pulls.filter(
    (pull) => pull.state === 'open' && pull.base.ref === base.ref && isPromotion(pull, context.botLogin),
  )
  if (open.length === 0) return
  const refs = await context.mirror.fetch(open.map(({ head }) => branchRef(head.ref)))
  for (const pull of open) {
    const sha = refs.get(branchRef(pull.head.ref))
    if (sha !== undefined) await replanPromotion(context, base, pullAt(pull, sha))
  }
}

async function replanPromotion(context: RepositoryContext, base: BaseState, pull: PullRequest): Promise<void> {
  const { environments, targets } = base.snapshot
  const flow = flowOf(
    pull.head.ref,
    environments.map(({ name }) => name),
    targets.map(({ service }) => service),
  )
  // Nothing is promoted to an environment that does not exist. The promotion's gate says so.
  if (flow === undefined) return
  const made = await preparePromotion(context, { treeish: base.sha, snapshot: base.snapshot }, flow)
  if (!made.ok) {
    if (made.error.code === 'promotion' && made.error.why.code === 'nothing-to-promote')
      await orRefusal(() => closePull(context, pull, emptyPromotionNotice(flow)))
    return
  }
  const merged = await context.mirror.merge(base.sha, pull.head.sha)
  const { files } = made.value.plan
  const isSame = 'tree' in merged && (await changesOnly(context, { base: base.sha, head: merged.tree }, files))
  if (isSame) return
  const messages = (await context.mirror.ahead(base.sha, pull.head.sha)).map(({ message }) => message)
  const [asked] = messages.flatMap((message) => initiatorIn(message) ?? [])
  const draft = promotionDraft(context, base, { made: made.value, asked })
  // Perch makes the commits of commands itself, but a person asked for them.
  if (messages.some(isOfCommand) || (await remake(context, { base, pull }, draft)) === 'changed')
    await sayOnce(context, pull.number, { marker: PROMOTION_MARKER, body: changedPromotionNotice() })
}

async function remake(
  context: RepositoryContext,
  place: { readonly base: BaseState; readonly pull: PullRequest },
  draft: ChangeDraft,
): Promise<'changed' | undefined> {
  const done = await orRefusal(() => remakeChange(context, place, draft))
  return done.ok && !done.value.ok && done.value.error.code === 'step-changed' ? 'changed' : undefined
}
