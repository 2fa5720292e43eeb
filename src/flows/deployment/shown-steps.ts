import * as z from 'zod'
import {
  deployedEnvironments,
  DEPLOYMENT_STATES,
  type DeploymentState,
  shownAfter,
  type ShownStep,
} from '../../core/deployment/step-deployment.ts'
import type { ReviewedChange } from '../../core/gate/review.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { isBlueGreen, originPull, type Target } from '../../core/rollout/target.ts'
import type { RolloutFacts } from '../../core/rollout/transition.ts'
import { canaryVersion } from '../../core/traffic/version.ts'
import { historyOf } from '../measure/landing.ts'
import { liveSince } from '../notify/tell-step.ts'
import type { BaseHead } from '../repository/history.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { rolloutName } from '../../core/rollout/rollout-name.ts'

type Needs = Pick<RepositoryContext, 'memo' | 'repo' | 'ask'>

const Shown = z.object({ commit: z.string(), share: z.number(), state: z.enum(DEPLOYMENT_STATES) })

/** Shows the state of a rollout of a base branch on GitHub. The same state is not sent twice. */
export async function showStep(
  context: Needs & Pick<RepositoryContext, 'mirror' | 'renderer' | 'activity' | 'clock'>,
  base: BaseHead,
  { rollout, isRollingBack }: { readonly rollout: RolloutFacts; readonly isRollingBack: boolean },
): Promise<void> {
  const { standing, broughtBy } = rollout
  const { target } = standing
  // If a controller moves a rollout, its share in Git is not a step.
  const share = standing.phase === 'owned' ? 0 : standing.share
  const shown = await recallShown(context, base.ref, target)
  if (shown === undefined && (share === 0 || !isShown(rollout))) return
  const commit = share === 0 ? undefined : (await historyOf(context, base, standing))?.landing.sha
  const hasOneVersion = standing.versions?.same === true
  const { states, next } = shownAfter(shown, { commit, share, isRollingBack, hasOneVersion })
  for (const step of states) await ask(context, { target, pull: originPull(target) ?? broughtBy }, step)
  if (next === undefined) await context.memo.forget(keyOf(context, base.ref, target))
  else if (JSON.stringify(next) !== JSON.stringify(shown))
    await context.memo.set(keyOf(context, base.ref, target), next)
}

/** A split that someone set by hand may stay forever, and a switch has no steps. */
function isShown({ standing: { target, phase }, broughtBy }: RolloutFacts): boolean {
  return !isBlueGreen(target) && (phase !== 'by-hand' || broughtBy !== undefined)
}

/** Requests that GitHub shows the steps before a pull request's steps as live. */
export async function showLive(context: Needs, base: string, changes: readonly ReviewedChange[]): Promise<void> {
  for (const change of changes) {
    if (liveSince(change) === undefined) continue
    const { target, from } = change
    const shown = await recallShown(context, base, target)
    if (shown?.state !== 'in_progress' || shown.share !== from) continue
    const key = `live:${keyOf(context, base, target)}`
    if ((await context.memo.get(key)) === shown.commit) continue
    await ask(context, { target, pull: originPull(target) }, { ...shown, state: 'success' })
    await context.memo.set(key, shown.commit)
  }
}

async function recallShown(context: Needs, base: string, target: Target): Promise<ShownStep | undefined> {
  return Shown.safeParse(await context.memo.get(keyOf(context, base, target))).data
}

function keyOf({ repo }: Needs, base: string, target: Target): string {
  return `shown-step:${repo.id}:${rolloutName(base, target)}`
}

async function ask(
  { ask: asking }: Needs,
  { target, pull }: { readonly target: Target; readonly pull: number | undefined },
  { commit, share, state }: { readonly commit: Sha; readonly share: number; readonly state: DeploymentState },
): Promise<void> {
  const { service } = target
  const version = canaryVersion(target.route, target.neighbours)
  for (const environment of deployedEnvironments(target)) {
    const step = { environment, service, commit, share, version, state, pull }
    await asking.deployment(step, { code: 'step-shown', key: [state, environment, service, commit].join(' ') })
  }
}
