import { createHash } from 'node:crypto'
import { isOrderedByImages } from '../../core/arrival/order-version.ts'
import type { Review } from '../../core/gate/review.ts'
import { validateReport } from '../../core/message/check/checks.ts'
import { standingOf, type Standing, stepKey, sureShare } from '../../core/rollout/standing.ts'
import { movedRoutes, type Target, targetName } from '../../core/rollout/target.ts'
import { imagesAt } from './images-at.ts'
import { runningSince } from './running-version.ts'
import type { BaseHead } from '../repository/history.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { RolloutDifference } from '../../core/gate/rollout-difference.ts'

type Needs = Pick<RepositoryContext, 'mirror' | 'renderer' | 'memo' | 'repo' | 'activity' | 'clock'>

/**
 * A hash of everything in Git on which the verdicts on a traffic change depend: its effect, the config, and since when the rollouts of
 * its gates are at their steps. While it is the same on another head of the base branch, the verdicts are too: everything else comes
 * with a webhook, a timer or the sweep. Undefined where more of the base branch counts.
 */
export async function groundsOf(
  context: Needs,
  base: BaseHead,
  { review, differences }: { readonly review: Review; readonly differences: readonly RolloutDifference[] },
): Promise<string | undefined> {
  if (differences.length === 0 || differences.some(({ from, to }) => isUnsure(from) || isUnsure(to))) return undefined
  const byImages = differences.some(({ to, base: { config } }) => isOrderedByImages(to.target, config))
  const steps: unknown[] = []
  for (const standing of askedAbout(differences)) {
    const isAtStep = sureShare(standing) > 0
    const since = isAtStep ? await runningSince(context, base, standing) : undefined
    // Then the signals about the head itself count.
    if (isAtStep && since === undefined) return undefined
    const images = byImages ? await imagesOf(context, base, standing.target) : undefined
    steps.push([targetName(standing.target), stepKey(standing), standing.target.settings, since, images])
  }
  const config = differences.map(({ base: { config: own } }) => own)
  // The check does not show all rows and diffs, and the comment shows more of them.
  const { rows, diffs } = review
  const facts = [validateReport(review), rows, diffs, differences.map(movement), steps, config]
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex')
}

/** The versions of a rollout, where an order compares them with those of other environments by their images. */
async function imagesOf(context: Needs, { sha }: BaseHead, target: Target): Promise<unknown> {
  const found: unknown[] = []
  for (const environment of target.environments) found.push(await imagesAt(context, sha, { target, environment }))
  return found
}

function isUnsure(standing: Standing | undefined): boolean {
  return standing?.share === 'unknown' || standing?.target.isRendered === true
}

/** The rollouts that move, and the same services in other environments, because one may have to come after the other. */
function askedAbout(differences: readonly RolloutDifference[]): readonly Standing[] {
  const isAsked = (target: Target): boolean =>
    differences.some(
      ({ to: { target: moved } }) =>
        moved.service === target.service ||
        (moved.route.kind === target.route.kind && moved.route.name === target.route.name),
    )
  return (differences[0]?.base.targets ?? []).filter(isAsked).map(standingOf)
}

function movement({ from, to, version, reach, widened, leaving }: RolloutDifference): unknown {
  const rises = widened.map(({ target, ...rise }) => [targetName(target), rise])
  const ends = [from, to].map((end) => end && [end.phase, movedRoutes(end.target), stepKey(end)])
  return [ends, version, reach, rises, leaving?.share]
}
