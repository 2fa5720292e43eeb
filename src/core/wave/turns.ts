/** Which environments of a service may take the next step in waves. */
import { mayHaveTraffic, type Standing, sureShare } from '../rollout/standing.ts'
import { isBlueGreen, nextStep, originPull, planOf, type Target } from '../rollout/target.ts'
import { readNotes } from '../traffic/annotations.ts'
import type { Route } from '../traffic/route.ts'
import { withCanary } from '../traffic/start.ts'
import { canaryVersion, labelsTellVersion } from '../traffic/version.ts'
import type { Wave } from './wave.ts'

/** What a rollout may do, from the state of the other rollouts of its service. */
export type Turn =
  | {
      readonly kind: 'goes'
      /** The share of its next step, at most that of the earlier environments. Undefined if its own plan decides. */
      readonly to: number | undefined
      /** The rollout that it follows. Its step tells since when this rollout may go. */
      readonly follows: Standing
      /** The pull request that began the rollout in the first environment. */
      readonly origin: number | undefined
    }
  /** `waitsFor`: the environments that are next, or whose state is unknown. */
  | { readonly kind: 'waits'; readonly waitsFor: readonly string[] }

/** Ranks above all shares. `PROMOTED`: both versions are the same. `DONE`: the weights are reset too. */
const PROMOTED = 101
const DONE = 102

interface Member {
  readonly standing: Standing
  readonly wave: Wave
  readonly rank: number
}

/** The turns of rollouts in waves, for services that have canary traffic somewhere. */
export function turnsOf(standings: readonly Standing[]): ReadonlyMap<Target, Turn> {
  const inWaves = standings.filter(({ target }) => target.settings.wave !== undefined && !isBlueGreen(target))
  const services = Map.groupBy(inWaves, ({ target }) => target.service)
  return new Map([...services.values()].flatMap(turnsIn))
}

function turnsIn(standings: readonly Standing[]): readonly (readonly [Target, Turn])[] {
  const members = membersOf(standings)
  const active = members.map(({ standing }) => standing).filter(mayHaveTraffic)
  const [first] = active
  if (first === undefined) return []
  const unsure = unsureIn(members)
  if (unsure.length > 0) return members.map(({ standing }) => [standing.target, { kind: 'waits', waitsFor: unsure }])
  const { going, rank, follows = first } = nextIn(members)
  const waitsFor = going.flatMap(({ standing }) => standing.target.environments)
  return members.map((member): readonly [Target, Turn] => {
    const { target } = member.standing
    if (!going.includes(member) || !mayGo(member.standing, first)) return [target, { kind: 'waits', waitsFor }]
    return [target, { kind: 'goes', to: goalOf(member, rank), follows, origin: originPull(first.target) }]
  })
}

/** At most the share of the earlier environments, without skipping a step of its own plan. */
function goalOf({ standing }: Member, rank: number | undefined): number | undefined {
  const next = nextStep(planOf(standing.target), sureShare(standing))
  return rank === undefined || next === undefined ? undefined : Math.min(rank, next)
}

/** The rollouts in the order of their waves. */
function membersOf(standings: readonly Standing[]): readonly Member[] {
  const version = standings.find((one) => one.phase !== 'owned' && mayHaveTraffic(one))?.versions?.canary
  return standings
    .flatMap((standing): Member[] => {
      const { wave } = standing.target.settings
      return wave === undefined ? [] : [{ standing, wave, rank: rankOf(standing, version) }]
    })
    .toSorted((one, other) => one.wave.index - other.wave.index)
}

function rankOf({ phase, share, versions }: Standing, version: string | undefined): number {
  if (phase === 'finishing-weights') return PROMOTED
  if (phase === 'idle' && version !== undefined && versions?.stable === version) return DONE
  return sureShare({ share })
}

/** The environments whose state is unknown, or that have traffic on another version than the others. */
function unsureIn(members: readonly Member[]): readonly string[] {
  const named = members[0]?.wave.all.flat() ?? []
  const known = new Set(members.flatMap(({ standing }) => standing.target.environments))
  const missing = named.filter((name) => !known.has(name))
  const active = members.filter(({ standing }) => mayHaveTraffic(standing))
  const version = active[0]?.standing.versions?.canary
  const unsure = members.filter(
    ({ standing }) =>
      standing.phase === 'unreadable' ||
      standing.phase === 'owned' ||
      (mayHaveTraffic(standing) && standing.versions?.canary !== version),
  )
  return [...new Set([...missing, ...unsure.flatMap(({ standing }) => standing.target.environments)])]
}

interface NextInTurn {
  readonly going: readonly Member[]
  /** The lowest rank of the earlier environments. Undefined if there are none. */
  readonly rank: number | undefined
  readonly follows: Standing | undefined
}

/** The first wave that is behind the previous one, or else the first wave. Within a wave, the environments that are behind the others. */
function nextIn(members: readonly Member[]): NextInTurn {
  const waves = [...Map.groupBy(members, ({ wave }) => wave.index).values()]
  const behind = waves.findIndex((wave, place) => place > 0 && lowest(wave) < lowest(waves[place - 1] ?? []))
  const place = Math.max(behind, 0)
  const wave = waves[place] ?? []
  const going = wave.filter(({ rank }) => rank === lowest(wave))
  const ahead = behind > 0 ? (waves[place - 1] ?? []) : wave.filter((member) => !going.includes(member))
  const follows = ahead.find(({ standing }) => mayHaveTraffic(standing))?.standing
  return { going, rank: ahead.length === 0 ? undefined : lowest(ahead), follows }
}

function lowest(members: readonly Member[]): number {
  return Math.min(...members.map(({ rank }) => rank))
}

/** An environment without traffic may begin only with the same version, and only if nobody has rolled that version back there. */
function mayGo(standing: Standing, first: Standing): boolean {
  const { phase, versions } = standing
  if (phase !== 'idle') return true
  const version = versions?.canary
  return version !== undefined && version === first.versions?.canary && !isTakenBack(standing, first)
}

/**
 * A rollback sets the share to 0 in the annotation, and keeps the version there. If labels name roles, every version has the same name. Then the
 * pull request that began the rollout tells whether the rollback belongs to this rollout or to an earlier one.
 */
function isTakenBack({ target }: Standing, first: Standing): boolean {
  const { route, settings, neighbours } = target
  const { percentage, version } = readNotes(route, settings.prefix)
  if (percentage !== '0' || version !== canaryVersion(route, neighbours)) return false
  return labelsTellVersion(started(target), neighbours) || originPull(target) === originPull(first.target)
}

/** Before the rollout, the route may have no destination for the canary. */
function started({ route, neighbours }: Target): Route {
  const split = withCanary(route, neighbours)
  return split.ok ? split.value : route
}
