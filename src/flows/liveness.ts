import { type Liveness, liveByStatus, liveByTimer, type Evidence } from '../core/gate/live.ts'
import type { Sha } from '../core/rollout/facts.ts'
import { standingOf, stepKey, type Standing } from '../core/rollout/standing.ts'
import { filesOf, kustomizationsOf } from '../core/rollout/read-target.ts'
import type { Target } from '../core/rollout/target.ts'
import type { Landing } from '../ports/mirror.ts'
import type { Desk } from './desk.ts'
import { readTargetAt } from './load.ts'

type Needs = Pick<Desk, 'mirror' | 'statuses' | 'clock'>

/** Steps are far apart; a step's files change more often than this only where something else is wrong. */
const MAX_LANDINGS = 30

/** One API request each: the step's own commit, and the newest that still carry it. */
const MAX_COMMITS_ASKED = 5

/** The commit with which the base branch came to where a rollout stands now. */
export async function landingOf(
  desk: Pick<Desk, 'mirror'>,
  base: Sha,
  standing: Standing,
): Promise<Landing | undefined> {
  const { target } = standing
  const files = filesOf(target)
  // It may have come by a patch that is no longer listed: then only a kustomization tells.
  return (
    (await landingIn(desk, { base, files }, standing)) ??
    landingIn(desk, { base, files: [...files, ...kustomizationsOf(target)] }, standing)
  )
}

async function landingIn(
  desk: Pick<Desk, 'mirror'>,
  at: { readonly base: Sha; readonly files: readonly string[] },
  standing: Standing,
): Promise<Landing | undefined> {
  let found: Landing | undefined
  for (const landing of await desk.mirror.landings(at.base, at.files, MAX_LANDINGS)) {
    const then = await standingAt(desk, landing.sha, standing.target)
    if (then === undefined || stepKey(then) !== stepKey(standing)) break
    found = landing
  }
  return found
}

async function standingAt(desk: Pick<Desk, 'mirror'>, sha: Sha, target: Target): Promise<Standing | undefined> {
  const then = await readTargetAt(desk, sha, target)
  return then === undefined ? undefined : standingOf(then)
}

export interface LivenessQuestion {
  readonly base: Sha
  /** A commit that just got a status. */
  readonly hint?: Sha | undefined
  /** Called before statuses are read: one that is set after that must find somebody who waits for it. */
  readonly onWait?: (pattern: string) => Promise<void>
}

/** Whether the step on the base branch is live, from what the config names. */
export async function livenessOf(desk: Needs, at: LivenessQuestion, standing: Standing): Promise<Liveness> {
  const landing = await landingOf(desk, at.base, standing)
  const { live } = standing.target.settings
  if ('after' in live) return liveByTimer(landing?.time ?? desk.clock.now(), live.after, desk.clock.now())
  if ('deployment' in live) return { state: 'not-yet', waitsFor: 'status', pattern: live.deployment }
  await at.onWait?.(live.status)
  const commits = landing === undefined ? [{ sha: at.base }] : await carriers(desk, at, landing)
  const evidence: Evidence[] = []
  for (const { sha } of commits) evidence.push({ statuses: await desk.statuses.of(sha) })
  return liveByStatus(evidence, live.status)
}

/** The commits whose statuses speak for a step, newest first: the branch's newest, the one hinted at, and the step's own. */
async function carriers(
  desk: Pick<Desk, 'mirror'>,
  at: { readonly base: Sha; readonly hint?: Sha | undefined },
  landing: Landing,
): Promise<readonly Landing[]> {
  const all = await desk.mirror.landings(at.base, 'all', 200)
  const end = all.findIndex(({ sha }) => sha === landing.sha)
  if (end === -1) return [landing]
  const carrying = all.slice(0, end + 1)
  return carrying.filter(({ sha }, index) => index < MAX_COMMITS_ASKED - 1 || sha === at.hint || index === end)
}
