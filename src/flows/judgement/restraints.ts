import type { Config } from '../../core/config/schema.ts'
import type { Override } from '../../core/gate/gate.ts'
import type { FrozenWindow, Order, Restraints } from '../../core/gate/restraint.ts'
import { earliest } from '../../core/gate/live.ts'
import type { Snapshot } from '../../core/rollout/snapshot.ts'
import { type Standing, standingOf, sureShare } from '../../core/rollout/standing.ts'
import { isBlueGreen, movedRoutes, type Target } from '../../core/rollout/target.ts'
import { environmentsBefore, environmentsFrom } from '../../core/wave/wave.ts'
import { stopsOf, type Stops } from '../../core/stop/stop.ts'
import { windowEnd, windowStart } from '../../core/stop/window.ts'
import { measureIfLive } from '../measure/measure-step.ts'
import { approvalsOf } from './approvals.ts'
import { type RaisedVersion, versionsIn } from './order-versions.ts'
import { withSureService } from './rendered-targets.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { livenessOf, type LivenessQuestion } from '../measure/liveness.ts'

/** The input for judging the gates of a change. */
export type JudgementNeeds = Pick<
  RepositoryContext,
  | 'mirror'
  | 'renderer'
  | 'branches'
  | 'signals'
  | 'clock'
  | 'activity'
  | 'pulls'
  | 'people'
  | 'metrics'
  | 'memo'
  | 'repo'
  | 'ask'
  | 'meter'
>

/** Facts from outside the files that a judgement needs. */
export interface Surroundings {
  /** Undefined in a merge group: it contains several pull requests, whose reviews were checked before they were queued. */
  readonly pull:
    | {
        readonly number: number
        readonly author: string
        readonly branch: string | undefined
        /** Its approvals count, because it merges into the branch that it is judged for. */
        readonly hasSay: boolean
      }
    | undefined
  readonly stops: Stops
  /** An older open pull request that also moves one of these routes (`movedRoutes`). */
  readonly claimant: (routes: readonly string[]) => Promise<number | undefined>
  /** The overrides of maintainers for this head. Called only if a gate does not pass. */
  readonly overrides: () => Promise<readonly Override[]>
}

export interface RestraintQuestion extends LivenessQuestion {
  readonly head: string
  readonly around: Surroundings
}

interface RestrainedRollout {
  readonly target: Target
  readonly base: Snapshot
  /** Other environments in which the change moves the service in the same way. */
  readonly alongside: readonly string[]
  /** The canary's version after the change. */
  readonly raised: RaisedVersion
}

/** What restrains a raise of a rollout, apart from the previous step. The base branch's config decides the conditions. */
export async function restraintsOf(
  context: JudgementNeeds,
  question: RestraintQuestion,
  { target, base, alongside, raised }: RestrainedRollout,
): Promise<Restraints> {
  const { around } = question
  const entries = target.environments.map((name) => base.config.environments?.[name])
  const after = [...new Set(entries.flatMap((entry) => entry?.after ?? []))].map((environment) => ({ environment }))
  const orders: Order[] = []
  const asked = [...after, ...waveOrders(target, alongside)]
  const environments = new Set(asked.map(({ environment }) => environment))
  const side = { treeish: question.base.sha, snapshot: base }
  const sure =
    asked.length === 0 ? base : await withSureService(context, side, { service: target.service, environments })
  for (const order of asked)
    orders.push({ ...order, found: await orderOf(context, question, { target, base: sure, raised, ...order }) })
  const wanted = Math.max(0, ...entries.map((entry) => entry?.approvals ?? 0))
  return {
    ...restraintsIn(context, around, { config: base.config, scope: target, services: [target.service] }),
    orders,
    approvals: await approvalsOf(context, { ...question, base: question.base.sha }, wanted),
    conflict: await around.claimant(movedRoutes(target)),
  }
}

interface RestraintScope {
  readonly config: Config
  readonly scope: Pick<Target, 'environment' | 'environments'>
  readonly services: readonly string[]
}

/** What people and the config have stopped in some environments. */
export function restraintsIn(
  { clock }: Pick<RepositoryContext, 'clock'>,
  { stops }: Pick<Surroundings, 'stops'>,
  { config, scope, services }: RestraintScope,
): Pick<Restraints, 'stops' | 'windows' | 'freezesAt'> {
  const now = clock.now()
  const entries = scope.environments.map((name) => ({ name, entry: config.environments?.[name] }))
  const windows = entries.flatMap(({ name, entry }) =>
    (entry?.frozen ?? []).flatMap((window): FrozenWindow[] => {
      const until = windowEnd(window, now)
      return until === undefined ? [] : [{ environment: name, until, reason: window.reason }]
    }),
  )
  const starts = entries.flatMap(({ entry }) =>
    (entry?.frozen ?? []).flatMap((window) => windowStart(window, now) ?? []),
  )
  const names = services.length === 0 ? [''] : services
  const found = new Set(names.flatMap((service) => stopsOf(stops, { ...scope, service }, now)))
  return { stops: [...found], windows, freezesAt: earliest(starts) }
}

/**
 * The order for a switch: the environment that must come first has the version active, with all of its traffic, so it must be
 * live and baked there.
 */
async function switchedOrder(
  context: JudgementNeeds,
  question: RestraintQuestion,
  standing: Standing,
): Promise<Order['found']> {
  const { share, versions, target } = standing
  const liveness = await livenessOf(context, question, standing)
  const active = { share: share === 0 ? 100 : share, stable: undefined, canary: versions?.stable } as const
  const { bakeMs } = target.settings
  return { code: 'found', ...active, liveness, bakeMs, analysis: undefined }
}

async function orderOf(
  context: JudgementNeeds,
  question: RestraintQuestion,
  at: Pick<RestrainedRollout, 'target' | 'base' | 'raised'> & { readonly environment: string },
): Promise<Order['found']> {
  const { target, base, environment, raised } = at
  if (target.environments.includes(environment)) return { code: 'together' }
  const { kind, name } = target.route
  const there = base.targets.filter(({ environments }) => environments.includes(environment))
  const first =
    there.find(({ service }) => service === target.service) ??
    there.find(({ route }) => route.kind === kind && route.name === name)
  if (first === undefined) return { code: 'missing' }
  const standing = standingOf(first)
  if (standing.phase === 'owned') return { code: 'owned' }
  if (isBlueGreen(first)) return switchedOrder(context, question, standing)
  const step = sureShare(standing) === 0 ? undefined : await measureIfLive(context, question, standing)
  const versions = await versionsIn(context, question.base.sha, { standing, environment, raised })
  const { bakeMs } = first.settings
  return { code: 'found', ...versions, liveness: step?.liveness, bakeMs, analysis: step?.analysis }
}

/**
 * The other environments of the waves. Environments that this change moves in the same way have gates of their own, unless they
 * come first.
 */
function waveOrders(
  { environments, settings: { wave }, ...target }: Target,
  alongside: readonly string[],
): readonly Pick<Order, 'environment' | 'wave'>[] {
  if (wave === undefined) return []
  const earlier = environmentsBefore(wave).map((environment) => ({ environment, wave: 'earlier' }) as const)
  // Blue/green traffic moves at once, so there is no previous step.
  if (isBlueGreen(target)) return earlier
  const others = environmentsFrom(wave).filter((name) => !environments.includes(name) && !alongside.includes(name))
  return [...earlier, ...others.map((environment) => ({ environment, wave: 'not-earlier' }) as const)]
}
