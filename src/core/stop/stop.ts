import { branchPart } from '../rollout/branch.ts'

/** What stops raises: a hold one rollout, a freeze every rollout of an environment. */
type StopKind = 'hold' | 'freeze'

/** A stop as its branch says. Fields that cannot be read are undefined; the stop counts all the same. */
export interface Stop {
  readonly kind: StopKind
  /** Who asked for it. */
  readonly by: string | undefined
  readonly reason: string | undefined
  /** When it ends by itself, epoch milliseconds. */
  readonly until: number | undefined
  /** The comment or button that made it: by it a second try of the same command finds that the first one did it. */
  readonly cause?: string
  /** Of an abort: a mark of what Git asked for then. Once it asks for something else, another version may be on its way. */
  readonly state?: string
}

/** What to stop: a rollout, or with no service an environment. */
export interface StopScope {
  readonly environment: string
  readonly service?: string
}

/** Every branch that may be a stop; as a name for `Mirror.fetch`. */
export const STOP_REFS = 'refs/heads/perch/*'

/** Whether a ref is a stop: other branches below `perch/` are pull requests of ours. */
export function isStopRef(ref: string): boolean {
  return ['hold', 'freeze', 'abort'].some((kind) => ref.startsWith(`refs/heads/perch/${kind}/`))
}

/**
 * The branch whose existence is the stop: creating a ref either succeeds or says that somebody was faster, people see it
 * among the branches, and deleting it there works while Perch is down.
 */
export function stopBranch({ environment, service }: StopScope): string {
  const place = branchPart(environment)
  return service === undefined ? `perch/freeze/${place}` : `perch/hold/${place}/${branchPart(service)}`
}

/** The branch that makes Flagger roll a rollout back. */
export function abortBranch({ environment, service }: Required<StopScope>): string {
  return `perch/abort/${branchPart(environment)}/${branchPart(service)}`
}

/** Stops by branch, as they are kept. */
export type Stops = ReadonlyMap<string, Stop>

/** The names for which a stop of a rollout may be. */
type StoppedTarget = {
  readonly environment: string
  readonly environments: readonly string[]
  readonly service: string
}

/** Those that stop a rollout, each with what it is for. */
export function scopedStops(stops: Stops, target: StoppedTarget): readonly { scope: StopScope; stop: Stop }[] {
  const { environment, environments, service } = target
  const names = [...new Set([environment, ...environments])]
  const scopes: readonly StopScope[] = [{ environment, service }, ...names.map((name) => ({ environment: name }))]
  return scopes.flatMap((scope) => {
    const stop = stops.get(stopBranch(scope))
    return stop === undefined ? [] : [{ scope, stop }]
  })
}

/** Whether a stop has not ended by itself. */
export function isInForce({ until }: { readonly until?: number | undefined }, now: number): boolean {
  return until === undefined || now < until
}

/** Those that stop a rollout now. */
export function stopsOf(stops: Stops, target: StoppedTarget, now: number): readonly Stop[] {
  return scopedStops(stops, target)
    .map(({ stop }) => stop)
    .filter((stop) => isInForce(stop, now))
}
