/** Finds out whether a switch goes back to the version that was active on the base branch before. */
import { versionPods } from '../../core/exposure/pods.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { type Standing, standingOf } from '../../core/rollout/standing.ts'
import { isBlueGreen, type Target } from '../../core/rollout/target.ts'
import type { Role } from '../../core/traffic/route.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { type BaseHead, commitBefore } from '../repository/history.ts'
import { readTargetAt } from '../repository/load.ts'
import { findLanding, historyOf } from './landing.ts'
import { objectsAt } from './objects-at.ts'

type Needs = Pick<RepositoryContext, 'mirror' | 'renderer' | 'memo' | 'repo' | 'activity' | 'clock'>

/**
 * Whether a head does nothing to a blue/green rollout except sending the traffic back: the other version was active until the
 * last switch, and its pods are the same as then. If the last switch went back itself, undoing it does not count, because the
 * version that it left may be bad.
 */
export async function goesBack(
  context: Needs,
  { base, head }: { readonly base: BaseHead; readonly head: Sha },
  from: Standing,
): Promise<boolean> {
  if (!isBlueGreen(from.target) || from.share !== 0) return false
  const landing = (await historyOf(context, base, from))?.landing
  const before = landing === undefined ? undefined : await commitBefore(context, landing.sha)
  const then = before === undefined ? undefined : await sureStandingAt(context, before, from.target)
  if (before === undefined || then?.share !== 100) return false
  const merged = await context.mirror.merge(base.sha, head)
  if ('conflicts' in merged) return false
  const { target } = from
  if (!(await hasSamePods(context, { target, role: 'canary' }, { one: before, other: merged.tree }))) return false
  return !(await wentBack(context, { before, now: base.sha }, then))
}

/** Whether the last switch, which made the version in `now` active, went back to the version that was active before. */
async function wentBack(
  context: Needs,
  { before, now }: { readonly before: Sha; readonly now: Sha },
  then: Standing,
): Promise<boolean> {
  const landing = await findLanding(context, before, then)
  const earlier = landing === undefined ? undefined : await commitBefore(context, landing.sha)
  const old = earlier === undefined ? undefined : await sureStandingAt(context, earlier, then.target)
  if (earlier === undefined || old?.share !== 0) return false
  return hasSamePods(context, { target: then.target, role: 'stable' }, { one: earlier, other: now })
}

async function sureStandingAt(context: Needs, sha: Sha, target: Target): Promise<Standing | undefined> {
  const then = await readTargetAt(context, sha, target)
  return then?.unclear === undefined && then !== undefined ? standingOf(then) : undefined
}

async function hasSamePods(
  context: Needs,
  version: { readonly target: Target; readonly role: Role },
  at: { readonly one: Sha; readonly other: Sha },
): Promise<boolean> {
  for (const environment of version.target.environments) {
    const one = await podsAt(context, at.one, { environment, ...version })
    if (one === undefined || one !== (await podsAt(context, at.other, { environment, ...version }))) return false
  }
  return true
}

/** Undefined if unknown. Then it does not count as a switch back. */
async function podsAt(
  context: Needs,
  treeish: Sha,
  { environment: name, ...version }: { readonly environment: string; readonly target: Target; readonly role: Role },
): Promise<string | undefined> {
  const objects = (await objectsAt(context, treeish, { names: [name] }))?.get(name)
  return objects && versionPods(name, version, objects)
}
