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
  return ref.startsWith('refs/heads/perch/hold/') || ref.startsWith('refs/heads/perch/freeze/')
}

/**
 * The branch whose existence is the stop: creating a ref either succeeds or says that somebody was faster, people see it
 * among the branches, and deleting it there works while Perch is down.
 */
export function stopBranch({ environment, service }: StopScope): string {
  const place = branchPart(environment)
  return service === undefined ? `perch/freeze/${place}` : `perch/hold/${place}/${branchPart(service)}`
}

/** Stops by branch, as they are kept. */
export type Stops = ReadonlyMap<string, Stop>

/** Those that stop a rollout now. */
export function stopsOf(
  stops: Stops,
  target: { readonly environment: string; readonly environments: readonly string[]; readonly service: string },
  now: number,
): readonly Stop[] {
  const { environment, environments, service } = target
  const names = [...new Set([environment, ...environments])]
  const branches = [stopBranch({ environment, service }), ...names.map((name) => stopBranch({ environment: name }))]
  return branches.flatMap((branch) => stops.get(branch) ?? []).filter(({ until }) => until === undefined || now < until)
}
