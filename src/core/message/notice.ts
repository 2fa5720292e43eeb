import { targetName } from '../rollout/target.ts'
import { bounded } from './limits.ts'
import { code, paragraphs } from './markdown.ts'
import { type Proposal } from './pull-request.ts'
import { explainRefusal, type Refusal } from './refusal.ts'

/** Marks a notice, so that the same one is given once per step. */
export function noticeMarker({ target, move }: Proposal, refusal: Refusal): string {
  const step = move.kind === 'share' ? `share-${move.to}` : move.kind
  return `<!-- perch:notice:${encodeURIComponent(targetName(target))}:${step}:${refusal.code} -->`
}

/** That a rollout cannot go on by itself, and what to do. */
export function notice(proposal: Proposal, refusal: Refusal): string {
  const words = `⚠️ The rollout of ${code(targetName(proposal.target))} cannot go on by itself. ${explainRefusal(refusal)}`
  return bounded(paragraphs(noticeMarker(proposal, refusal), words))
}
