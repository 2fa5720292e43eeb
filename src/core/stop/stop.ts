import { branchRef } from '../branch-ref.ts'
import { branchPart } from '../rollout/branch.ts'

/** What a stop affects: a hold stops the raises of one rollout, a freeze those of every rollout in an environment. */
type StopKind = 'hold' | 'freeze'

/** A stop as stored in its branch. Fields that cannot be read are undefined, and the stop still counts. */
export interface Stop {
  readonly kind: StopKind
  /** Who asked for it. */
  readonly by: string | undefined
  readonly reason: string | undefined
  /** When it ends by itself, epoch milliseconds. */
  readonly until: number | undefined
  /** The comment or button that made it. A second try of the same command finds out by this that the first one did it. */
  readonly cause?: string
  /**
   * For an abort: a hash of what Git asked for at that time. If Git asks for something else later, another version may be on its
   * way.
   */
  readonly state?: string
}

/** What to stop: a rollout, or without a service an environment. */
export interface StopScope {
  readonly environment: string
  readonly service?: string
}

/** All branches that may be stops, in the form for `Mirror.fetch`. */
export const STOP_REFS = branchRef('perch/*')

/** Whether a ref is a stop. Other branches below `perch/` belong to pull requests of Perch. */
export function isStopRef(ref: string): boolean {
  return ['hold', 'freeze', 'abort'].some((kind) => ref.startsWith(branchRef(`perch/${kind}/`)))
}

/**
 * The branch whose existence is the stop. Creating a ref either succeeds or tells that it exists already, people see it among the
 * branches, and they can delete it there while Perch is down.
 */
export function stopBranch({ environment, service }: StopScope): string {
  const place = branchPart(environment)
  return service === undefined ? `perch/freeze/${place}` : `perch/hold/${place}/${branchPart(service)}`
}

/** The branch that makes Flagger roll a rollout back. */
export function abortBranch({ environment, service }: Required<StopScope>): string {
  return `perch/abort/${branchPart(environment)}/${branchPart(service)}`
}

/** Stops by the name of their branch. */
export type Stops = ReadonlyMap<string, Stop>

/** The names that a stop of a rollout may have. */
type StoppedTarget = {
  readonly environment: string
  readonly environments: readonly string[]
  readonly service: string
}

export interface ScopedStop {
  readonly scope: StopScope
  readonly stop: Stop
}

/** The stops of a rollout, each with its scope. */
export function scopedStops(stops: Stops, target: StoppedTarget): readonly ScopedStop[] {
  const { environment, environments, service } = target
  const names = [...new Set([environment, ...environments])]
  const scopes: readonly StopScope[] = [{ environment, service }, ...names.map((name) => ({ environment: name }))]
  return scopes.flatMap((scope) => {
    const stop = stops.get(stopBranch(scope))
    return stop === undefined ? [] : [{ scope, stop }]
  })
}

/** The stops of these names that are in force now. */
export function stopsNamed(stops: Stops, names: readonly StopScope[], now: number): readonly ScopedStop[] {
  return names.flatMap((scope) => {
    const stop = stops.get(stopBranch(scope))
    return stop !== undefined && isInForce(stop, now) ? [{ scope, stop }] : []
  })
}

/** Whether a stop has not expired. */
export function isInForce({ until }: { readonly until?: number | undefined }, now: number): boolean {
  return until === undefined || now < until
}

/** The stops of a rollout that are in force now. */
export function stopsOf(stops: Stops, target: StoppedTarget, now: number): readonly Stop[] {
  return scopedStops(stops, target)
    .map(({ stop }) => stop)
    .filter((stop) => isInForce(stop, now))
}
