import type { Sha } from '../../rollout/facts.ts'
import { code } from '../markdown/markdown.ts'
import type { StaleRefusal } from '../../refusal/stale-refusal.ts'

export function explainStale(refusal: StaleRefusal): string {
  switch (refusal.code) {
    case 'fork':
      return 'This pull request comes from a fork, and Perch commits only to branches of this repository. Push the branch here and open the pull request from it.'
    case 'closed':
      return 'This pull request was closed without merging. Reopen it, or comment on an open one.'
    case 'head-is-other':
      return `The command names commit ${short(refusal.asked)}, but the head is ${short(refusal.head)} now. Look at the new commit and comment again.`
    case 'head-keeps-moving':
      return 'People keep pushing to this branch, so Perch gave up. Comment again when nobody is pushing.'
    case 'branch-behind':
      return `${code(refusal.base)} has changed the ${refusal.what === 'limit' ? 'limit' : 'weights'} of ${code(refusal.name)} since this branch was made, so nothing was committed. Update the branch (merge ${code(refusal.base)} into it), and comment again.`
    case 'head-not-seen':
      return refusal.age === 'later'
        ? `Somebody pushed ${short(refusal.head)} after this comment was written, so the comment does not count for that commit. Look at it and comment again.`
        : `GitHub does not say whether ${short(refusal.head)} was pushed before this comment was written. Look at that commit and comment again.`
    case 'too-late':
      return 'Perch could not finish this within a day, so it gave up. Look at where things stand now, and comment again if you still want it.'
  }
}

function short(sha: Sha): string {
  return code(sha.slice(0, 7))
}
