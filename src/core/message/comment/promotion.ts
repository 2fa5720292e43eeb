import { PROMOTION_MARKER } from '../../marker/comment.ts'
import type { PromotionFlow } from '../../promotion/promotion.ts'
import { code, paragraphs } from '../markdown/markdown.ts'

/** On a promotion that somebody pushed to. */
export function changedPromotionNotice(): string {
  return paragraphs(
    PROMOTION_MARKER,
    'Somebody changed this promotion, so Perch no longer plans it again when an environment changes: that would lose their work. Merge it when it is right, or close it, delete its branch and comment `/promote` again.',
  )
}

/** On a promotion that has nothing left to carry. */
export function emptyPromotionNotice({ from, to }: PromotionFlow): string {
  return `Closed: ${code(to)} has all that can be promoted from ${code(from)}.`
}
