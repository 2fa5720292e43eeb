import { PROMOTION_MARKER } from '../../marker/comment.ts'
import type { PromotionFlow } from '../../promotion/promotion.ts'
import { code, paragraphs } from '../markdown/markdown.ts'

/** The notice on a promotion to which somebody pushed. */
export function changedPromotionNotice(): string {
  return paragraphs(
    PROMOTION_MARKER,
    'Somebody pushed to this promotion or changed it with a command, so Perch no longer updates it when an environment changes: that would lose their work. Merge it when it is right, or close it, delete its branch and comment `/promote` again.',
  )
}

/** The notice on a promotion that has nothing left to carry. */
export function emptyPromotionNotice({ from, to }: PromotionFlow): string {
  return `Closed: ${code(to)} already has everything that can be promoted from ${code(from)}.`
}
