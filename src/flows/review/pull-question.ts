import type { Comment, Sha } from '../../core/rollout/facts.ts'
import type { Stops } from '../../core/stop/stop.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { Question } from '../judgement/judge-merge.ts'
import { protectionNotes } from './protection.ts'
import { type PullEnds, isStacked } from '../repository/pull-ends.ts'
import { surroundingsOf } from '../judgement/surroundings.ts'

export interface PullContext {
  readonly stops: Stops
  /** A commit that a webhook has just named. */
  readonly mentioned?: Sha | undefined
  readonly comments: () => Promise<readonly Comment[]>
  readonly onWait?: (keys: readonly string[]) => Promise<void>
}

/** What has to be found out about an open pull request at its head. */
export function questionOf(
  context: Pick<RepositoryContext, 'memo' | 'repo' | 'pulls' | 'seal' | 'clock' | 'protections'>,
  ends: PullEnds,
  { stops, mentioned, comments, onWait }: PullContext,
): Question {
  const { pull, base, judgedFor } = ends
  return {
    base,
    baseRef: judgedFor,
    head: pull.head.sha,
    mentioned,
    ...(onWait === undefined ? {} : { onWait }),
    ...(isStacked(ends) ? { stackedOn: { base: pull.base.ref, judgedFor } } : {}),
    notes: () => protectionNotes(context, judgedFor),
    around: surroundingsOf(context, { ends, stops }, comments),
  }
}
