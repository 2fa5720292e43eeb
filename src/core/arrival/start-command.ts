import { nextStep, planOf, type Target } from '../rollout/target.ts'
import type { NewVersion } from './new-version.ts'

/** The share that a rollout begins with. */
export function firstShare(target: Target): number {
  return nextStep(planOf(target), 0) ?? 100
}

/** The command that starts a rollout. It names everything, so that its meaning does not depend on later changes of the pull request. */
export function startCommand({ target }: Pick<NewVersion, 'target'>): string {
  return `/canary ${firstShare(target)} ${target.service} --env ${target.environment}`
}

/** The new versions whose rollouts can start now, and those whose environment comes after one of them or after one that gets a share here. */
export function inOrder(
  all: readonly NewVersion[],
  changes: readonly { readonly target: Target; readonly to: number }[],
): {
  readonly first: readonly NewVersion[]
  readonly later: readonly NewVersion[]
} {
  const begun = [...all, ...changes.filter(({ to }) => to > 0)]
  const isLater = ({ target, after }: NewVersion): boolean =>
    begun.some(
      (one) => one.target.service === target.service && one.target.environments.some((name) => after.includes(name)),
    )
  return { first: all.filter((one) => !isLater(one)), later: all.filter(isLater) }
}

/** A key that is equal for equal offers. */
export function offerKey(offered: readonly NewVersion[]): string {
  return offered.length === 0 ? '' : JSON.stringify(offered.map((one) => [startCommand(one), one.from ?? null, one.to]))
}
