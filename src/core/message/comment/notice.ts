import type { OwnStart } from '../../arrival/automation.ts'
import {
  DEPLOYMENTS_MARKER,
  MERGE_MARKER,
  noticeMarker,
  notLiveMarker,
  ownStartMarker,
  STEP_MARKER,
} from '../../marker/comment.ts'
import type { Liveness } from '../../gate/live.ts'
import { type Target, targetName } from '../../rollout/target.ts'
import { bounded } from '../markdown/bounded.ts'
import { driversWords } from '../markdown/drivers.ts'
import { liveSentenceAlone } from '../gate/live.ts'
import { code, paragraphs } from '../markdown/markdown.ts'
import { explainRefusal } from '../refusal/refusal.ts'
import { isPassing, type Refusal } from '../../refusal/refusal.ts'
import type { Proposal } from '../../rollout/proposal.ts'

/** Says that a rollout cannot continue by itself, and what to do. */
export function notice(proposal: Proposal, refusal: Refusal): string {
  const { target, driver } = proposal
  const call = driver === undefined ? undefined : driversWords([driver])
  return bounded(paragraphs(noticeMarker(proposal, refusal), stuckWords(target, refusal), call))
}

/** Why a rollout does not continue, and what to do. */
export function stuckWords(target: Target, refusal: Refusal): string {
  const again = isPassing(refusal) ? ' Perch tries again by itself every few minutes.' : ''
  return `⚠️ The rollout of ${code(targetName(target))} cannot continue by itself. ${explainRefusal(refusal)}${again}`
}

/** Says that a rollout could not start by itself on the pull request that brings its version. */
export function ownStartNotice({ id, target }: Pick<OwnStart, 'id' | 'target'>, refusal: Refusal): string {
  const words = `⚠️ Perch could not start the rollout of ${code(targetName(target))} by itself. ${explainRefusal(refusal)}`
  return bounded(paragraphs(ownStartMarker(id), words))
}

/** Says that Perch cannot merge a pull request by itself. */
export function mergeNotice(refusal: Refusal, drivers: readonly string[]): string {
  const words = `⚠️ ${explainRefusal(refusal)} Until then, somebody has to merge it.`
  return bounded(paragraphs(MERGE_MARKER, words, driversWords(drivers)))
}

/** Says that a step waits for the previous one, which does not become live. */
export function notLiveNotice(target: Target, liveness: Liveness, drivers: readonly string[]): string {
  const words = `⚠️ ${code(targetName(target))} waits here, because the previous step is not live. ${liveSentenceAlone(liveness)}`
  return bounded(paragraphs(notLiveMarker(target), words, driversWords(drivers)))
}

/** Says that a step is now treated like a person's pull request. */
export function changedStepNotice(): string {
  return paragraphs(
    STEP_MARKER,
    '⚠️ Somebody pushed to this step, so Perch now treats it like a pull request of a person: it no longer updates or merges it, and people who pushed to it cannot approve it. Merge it yourself, or close it and delete its branch. Then `/canary next` opens the step again, and `/canary abort` opens a rollback.',
  )
}

/** Says that GitHub does not show the steps as deployments. Everything else continues. */
export function deploymentsNotice(refusal: Refusal): string {
  const words = `⚠️ ${explainRefusal(refusal)} The rollout continues without them. If you do not want deployments, remove \`deployments: true\` from \`.github/canary.yml\`.`
  return bounded(paragraphs(DEPLOYMENTS_MARKER, words))
}
