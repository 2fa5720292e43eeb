import type { AnalysisReport } from '../../analysis/report.ts'
import { abortMarker, failedMarker } from '../../marker/comment.ts'
import type { CloseReason } from '../../rollout/transition.ts'
import { analysisTable, findingWords } from '../gate/analysis.ts'
import { bounded } from '../markdown/bounded.ts'
import { driversWords } from '../markdown/drivers.ts'
import { paragraphs } from '../markdown/markdown.ts'
import { placeWords } from './pull-request.ts'

interface ClosingFacts {
  readonly failure?: AnalysisReport | undefined
  /** The rollout in another environment that was measured. */
  readonly failedIn?: string | undefined
  readonly by?: number | undefined
  /** The comment or button that asked for it. */
  readonly cause?: string | undefined
  /** Who drives the rollout. */
  readonly drivers?: readonly string[]
}

/** The comment on a pull request of ours before Perch closes it. */
export function closingComment(reason: CloseReason, facts: ClosingFacts = {}): string {
  const { by, cause } = facts
  switch (reason) {
    case 'rolling-back':
      return `Closed: ${by === undefined ? 'the rollout is being rolled back' : `#${by} rolls this rollout back`}.`
    case 'aborted':
      return paragraphs(cause === undefined ? undefined : abortMarker(cause), 'Closed: the rollout was aborted.')
    case 'failed':
      return failedWords(facts)
    case 'superseded':
      return 'Closed: from the current state of the base branch, this is not the next step.'
    case 'replaced':
      return `Closed: ${by === undefined ? 'another step' : `#${by}`} is open for this rollout and replaces this step.`
    case 'nothing-to-do':
      return 'Closed: from the current state of the base branch, this rollout has no next step.'
    case 'not-deployed':
      return 'Closed: the base of this pull request is not a deployed branch, so no rollout runs there. `branches` in `.github/canary.yml` on the default branch names the deployed branches.'
    case 'misplaced':
      return 'Closed: this step was made for another base branch, or before the repository got another default branch. If it is still the next step, Perch opens it again.'
    case 'owned':
      return 'Closed: a controller in the cluster now moves the traffic of this rollout, and would overwrite the weights. `/canary status` names it.'
    case 'apart':
      return 'Closed: the environments of this wave are no longer at the same step. Until they are, each of them moves in a pull request of its own.'
    case 'split':
      return 'Closed: the base branch no longer has the rollout of this step. Its environments now move separately, its route is gone, or one of them has another name. `/canary status` shows what it has now.'
  }
}

function failedWords({ failure, failedIn, drivers = [] }: ClosingFacts): string {
  const failed = `Closed: the canary failed its analysis${placeWords(failedIn)}`
  if (failure === undefined) return `${failed}.`
  const words = `${failed}: ${findingWords(failure)}`
  return bounded(
    paragraphs(
      failedMarker(failure.from),
      words,
      analysisTable(failure),
      'Next, Perch opens the rollback pull request.',
      driversWords(drivers),
    ),
  )
}
