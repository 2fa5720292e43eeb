/** What can happen in a play, how often, and the words for it. */
import * as fc from 'fast-check'
import type { Part } from './network.ts'
import type { World } from './repository.ts'

/** A number that selects one of the existing items; 0 is the newest. */
type Pick = number

export type Change =
  | { readonly kind: 'version'; readonly to: number }
  | { readonly kind: 'share'; readonly to: number }
  | { readonly kind: 'bake'; readonly minutes: number }
  | { readonly kind: 'broken-config' }
  | { readonly kind: 'words'; readonly text: number }

/** Actions of people and clusters. */
export type Deed =
  | { readonly type: 'open'; readonly who: string; readonly change: Change; readonly at: Pick }
  /** Opens a pull request that makes a new canary, and gives it traffic. */
  | { readonly type: 'start'; readonly who: string; readonly to: number; readonly share: number; readonly at: Pick }
  | { readonly type: 'push'; readonly who: string; readonly pull: Pick; readonly change: Change; readonly at: Pick }
  | { readonly type: 'push-main'; readonly who: string; readonly change: Change; readonly at: Pick }
  | { readonly type: 'command'; readonly who: string; readonly pull: Pick; readonly text: string }
  | { readonly type: 'command-on-merged'; readonly who: string; readonly pull: Pick; readonly text: string }
  | { readonly type: 'merge'; readonly who: string; readonly pull: Pick }
  | { readonly type: 'merge-anyway'; readonly pull: Pick }
  | { readonly type: 'close'; readonly who: string; readonly pull: Pick }
  | { readonly type: 'reopen'; readonly who: string; readonly pull: Pick }
  | { readonly type: 'update-branch'; readonly who: string; readonly pull: Pick }
  | { readonly type: 'approve'; readonly who: string; readonly pull: Pick }
  | { readonly type: 'draft'; readonly who: string; readonly pull: Pick; readonly isDraft: boolean }
  | { readonly type: 'delete-branch'; readonly who: string; readonly pull: Pick }
  | { readonly type: 'delete-stop'; readonly who: string }
  | { readonly type: 'status'; readonly said: 'success' | 'failure' }

/** Events that happen to Perch, and time that passes. */
export type Fate =
  | { readonly type: 'wait'; readonly minutes: number }
  | { readonly type: 'outage'; readonly part: Part; readonly minutes: number }
  | { readonly type: 'strike'; readonly nth: number; readonly when: 'before' | 'after' }
  | { readonly type: 'crash'; readonly seconds: number; readonly loses: 'nothing' | 'memo' | 'all' }
  | { readonly type: 'lose-webhooks'; readonly count: number }
  | { readonly type: 'double-webhooks'; readonly count: number }
  | { readonly type: 'late-webhooks'; readonly count: number; readonly minutes: number }

export type Event = Deed | Fate

/** An event after a number of seconds. */
interface Timed {
  readonly after: number
  readonly event: Event
}

export interface Plan {
  /** The seed for everything else that is random: how long requests and webhooks take. */
  readonly seed: number
  readonly world: World
  readonly sweepSeconds: number
  readonly deletesBranches: boolean
  readonly events: readonly Timed[]
}

export const PEOPLE = { alice: 'write', bob: 'write', olga: 'maintain', adam: 'admin', mallory: 'read' } as const

const writer = fc.constantFrom('alice', 'bob', 'olga')
const anybody = fc.constantFrom('alice', 'alice', 'bob', 'olga', 'mallory')
const pick = fc.constantFrom(0, 0, 0, 1, 1, 2, 3)
const share = fc.constantFrom(0, 5, 10, 25, 50, 100)

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('version' as const), to: fc.integer({ min: 3, max: 5 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('share' as const), to: share }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('bake' as const), minutes: fc.constantFrom(1, 5, 20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('broken-config' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('words' as const), text: fc.nat({ max: 9 }) }) },
)

const scope = fc.constantFrom('', '', '', ' web', ' --env production', ' web --env production', ' --env all')
const command: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(share, scope).map(([to, where]) => `/canary ${to}${where}`) },
  { weight: 5, arbitrary: scope.map((where) => `/canary next${where}`) },
  { weight: 1, arbitrary: scope.map((where) => `/canary promote${where}`) },
  { weight: 2, arbitrary: fc.constantFrom('/canary plan 10,50,100', '/canary plan 25,100', '/canary plan') },
  { weight: 3, arbitrary: fc.constantFrom('/canary hold', '/canary hold it smells') },
  { weight: 3, arbitrary: fc.constant('/canary resume') },
  { weight: 3, arbitrary: fc.constantFrom('/canary abort', '/canary abort errors') },
  { weight: 2, arbitrary: fc.constantFrom('/canary status', '/canary why', '/canary retry', '/canary help') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('bake', 'live', 'hold', 'freeze').map((gate) => `/canary override ${gate} because`),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom('/freeze production', '/freeze production --until 20m party', '/freeze staging'),
  },
  { weight: 2, arbitrary: fc.constantFrom('/unfreeze production', '/unfreeze staging') },
  { weight: 1, arbitrary: fc.constant('/canary 5\n/canary hold') },
  { weight: 1, arbitrary: fc.constant('looks good') },
)

const people: readonly fc.WeightedArbitrary<Event>[] = [
  { weight: 6, arbitrary: fc.record({ type: fc.constant('open'), who: writer, change, at: pick }) },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('start'),
      who: writer,
      to: fc.integer({ min: 3, max: 5 }),
      share: fc.constantFrom(5, 5, 25, 50),
      at: pick,
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('push'), who: writer, pull: pick, change, at: pick }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('push-main'), who: writer, change, at: pick }) },
  { weight: 16, arbitrary: fc.record({ type: fc.constant('command'), who: anybody, pull: pick, text: command }) },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('command-on-merged'), who: anybody, pull: pick, text: command }),
  },
  { weight: 30, arbitrary: fc.record({ type: fc.constant('merge'), who: writer, pull: pick }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('merge-anyway'), pull: pick }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('close'), who: writer, pull: pick }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('reopen'), who: writer, pull: pick }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('update-branch'), who: writer, pull: pick }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('approve'), who: writer, pull: pick }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('draft'), who: writer, pull: pick, isDraft: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('delete-branch'), who: writer, pull: pick }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('delete-stop'), who: writer }) },
  {
    weight: 8,
    arbitrary: fc.record({ type: fc.constant('status'), said: fc.constantFrom('success', 'success', 'failure') }),
  },
  { weight: 10, arbitrary: fc.record({ type: fc.constant('wait'), minutes: fc.constantFrom(1, 5, 20, 20) }) },
]

const count = fc.integer({ min: 1, max: 4 })
const faults: readonly fc.WeightedArbitrary<Event>[] = [
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('outage'),
      part: fc.constantFrom<Part[]>('rest', 'graphql', 'git'),
      minutes: fc.constantFrom(1, 3, 12),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('strike'),
      nth: fc.nat({ max: 30 }),
      when: fc.constantFrom('before', 'after'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('crash'),
      seconds: fc.constantFrom(1, 10, 100),
      loses: fc.constantFrom('nothing', 'nothing', 'memo', 'all'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('lose-webhooks'), count }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('double-webhooks'), count }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('late-webhooks'), count, minutes: fc.constantFrom(1, 5, 15) }),
  },
]

/** Environments, and their order in waves. */
const CLUSTERS: readonly (readonly (readonly string[])[])[] = [
  [['staging', 'production']],
  [['eu-1'], ['eu-2', 'us-1']],
  [['eu-1'], ['eu-2'], ['us-1']],
]

const world: fc.Arbitrary<World> = fc
  .record({
    services: fc.constantFrom<readonly string[]>(['web'], ['web'], ['web', 'api']),
    environments: fc.constantFrom<readonly string[]>(['production'], ['production'], ['staging', 'production']),
    waves: fc.option(fc.constantFrom(...CLUSTERS), { nil: undefined, freq: 2 }),
    config: fc.record({
      steps: fc.constantFrom([5, 25, 100], [50, 100], [5, 25, 50, 100]),
      bakeMinutes: fc.constantFrom(5, 10),
      live: fc.constantFrom('timer', 'status'),
      isOrdered: fc.boolean(),
      autoMerge: fc.constantFrom('never', 'never', 'always'),
      approvals: fc.constantFrom(0, 0, 0, 1),
    }),
  })
  .map(({ waves, environments, config, ...rest }) =>
    waves === undefined
      ? { ...rest, environments, config }
      : { ...rest, environments: waves.flat(), config: { ...config, isOrdered: false, waves } },
  )

const after = fc.constantFrom(0, 1, 1, 5, 20, 60, 200)

function withDashboard(world: World, dashboard: boolean): World {
  return { ...world, config: { ...world.config, dashboard } }
}

/** Plays with or without faults. */
export function plans(options: { readonly hasFaults: boolean }): fc.Arbitrary<Plan> {
  const event = fc.oneof(...people, ...(options.hasFaults ? faults : []))
  return (
    fc
      .record({
        seed: fc.nat({ max: 1_000_000 }),
        world,
        sweepSeconds: fc.constantFrom(60, 60, 300),
        deletesBranches: fc.boolean(),
        events: fc.array(fc.record({ after, event }), { minLength: 8, maxLength: 45, size: 'max' }),
      })
      // Half of the plays have a dashboard. This draws nothing from the generator, so every seed still gives the same play.
      .map((plan) => ({ ...plan, world: withDashboard(plan.world, plan.seed % 2 === 0) }))
  )
}

export function changeWords(change: Change): string {
  switch (change.kind) {
    case 'version':
      return `makes the canary v${change.to}`
    case 'share':
      return `sets the canary's share to ${change.to}% by hand`
    case 'bake':
      return `sets the bake to ${change.minutes} minutes`
    case 'broken-config':
      return 'breaks the config'
    case 'words':
      return 'changes the README'
  }
}
