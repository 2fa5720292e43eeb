import { type Liveness, livenessBy, wantOf } from '../core/gate/live.ts'
import { waitKey } from '../core/gate/signal.ts'
import type { Sha } from '../core/rollout/facts.ts'
import { standingOf, stepKey, type Standing } from '../core/rollout/standing.ts'
import { filesOf, kustomizationsOf } from '../core/rollout/read-target.ts'
import type { Target } from '../core/rollout/target.ts'
import type { Landing } from '../ports/mirror.ts'
import type { Desk } from './desk.ts'
import { readTargetAt } from './load.ts'

type Needs = Pick<Desk, 'mirror' | 'signals' | 'clock'>

/** Steps are far apart; a step's files change more often than this only where something else is wrong. */
const MAX_LANDINGS = 30

/** Requests for each: the step's own commit, and the newest that still carry it. */
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
  /** Commits that webhooks told of: they are asked too, however many came after them. */
  readonly told?: readonly Sha[] | undefined
  /** Called before signals are read: one that comes after that must find somebody who waits for it (by `waitKey`). */
  readonly onWait?: (keys: readonly string[]) => Promise<void>
}

/** Whether the step on the base branch is live, from what the config names. */
export async function livenessOf(desk: Needs, at: LivenessQuestion, standing: Standing): Promise<Liveness> {
  const landing = await landingOf(desk, at.base, standing)
  const { live } = standing.target.settings
  const wants = live.flatMap((entry) => wantOf(entry) ?? [])
  const now = desk.clock.now()
  const when = { landedAt: landing?.time ?? now, now }
  if (wants.length === 0) return livenessBy(live, { commits: [], ...when })
  await at.onWait?.(wants.map(({ source, pattern }) => waitKey(source, pattern)))
  const commits = landing === undefined ? [{ sha: at.base }] : await carriers(desk, at, landing)
  const said = await desk.signals.about(
    commits.map(({ sha }) => sha),
    wants,
  )
  return livenessBy(live, { commits: said, ...when })
}

/** The commits whose signals speak for a step, newest first: the branch's newest, those that were told of, and the step's own. */
async function carriers(
  desk: Pick<Desk, 'mirror'>,
  at: Pick<LivenessQuestion, 'base' | 'told'>,
  landing: Landing,
): Promise<readonly Landing[]> {
  const all = await desk.mirror.landings(at.base, 'all', 200)
  const end = all.findIndex(({ sha }) => sha === landing.sha)
  if (end === -1) return [landing]
  const carrying = all.slice(0, end + 1)
  return carrying.filter(
    ({ sha }, index) => index < MAX_COMMITS_ASKED - 1 || at.told?.includes(sha) === true || index === end,
  )
}
