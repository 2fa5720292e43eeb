import type { Review } from '../gate/review.ts'
import { planOf } from '../rollout/target.ts'
import { changeTitle } from './checks.ts'
import { paragraphs } from './markdown.ts'
import { planPicture } from './plan-picture.ts'
import { summaryDiff, trafficTable } from './traffic.ts'
import { verdictLine } from './verdict.ts'

/** Marks the one comment that Perch keeps up to date. Only a comment by this very App counts: anybody can write the marker. */
export const SUMMARY_MARKER = '<!-- perch:summary -->'

/** GitHub's limit for a comment is 65,536 characters. */
const ROOM_FOR_DIFF = 50_000

/** The comment that stays at the top of a pull request: what would change, where the plan is, what the gate waits for. */
export function summaryComment(review: Review): string {
  const pictures = review.changes.map((change) =>
    paragraphs(
      `**${changeTitle(change)}**`,
      planPicture({ plan: planOf(change.target), now: change.from, next: change.to }),
    ),
  )
  const verdicts = review.changes.flatMap(({ verdicts }) => verdicts)
  const gates = verdicts.map((verdict) => `- ${verdictLine(verdict)}`).join('\n')
  const problems = review.problems.map(({ what, next }) => `- ⛔ ${what} ${next}`).join('\n')
  return paragraphs(
    SUMMARY_MARKER,
    '### Canary',
    review.rows.length > 0 ? trafficTable(review.rows) : 'This pull request changes no canary traffic.',
    ...pictures,
    gates === '' ? undefined : `**The gate**\n\n${gates}`,
    problems === '' ? undefined : `**Problems**\n\n${problems}`,
    summaryDiff(review.diffs, ROOM_FOR_DIFF),
    '<sub>`/canary help` lists the commands.</sub>',
  )
}
