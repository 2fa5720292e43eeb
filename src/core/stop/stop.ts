import { BREAK, titleText } from '../message/inert.ts'
import { branchPart } from '../rollout/branch.ts'

/** What stops raises: a hold one rollout, a freeze every rollout of an environment. */
export type StopKind = 'hold' | 'freeze'

/** A stop as its branch says. What cannot be read of it is undefined; it stops all the same. */
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

/** Every branch that is a stop; as a name for `Mirror.fetch`. */
export const STOP_REFS = 'refs/heads/perch/*'

/**
 * The branch whose existence is the stop: creating a ref either succeeds or says that somebody was faster, people see it
 * among the branches, and deleting it there works while Perch is down.
 */
export function stopBranch({ environment, service }: StopScope): string {
  const place = branchPart(environment)
  return service === undefined ? `perch/freeze/${place}` : `perch/hold/${place}/${branchPart(service)}`
}

const MAX_WORDS = 2_000

const TRAILERS = { by: 'Stop-By', reason: 'Stop-Reason', until: 'Stop-Until', cause: 'Stop-Cause' } as const

/** The whole message of a stop's commit; `stopFrom` reads it back. */
export function stopMessage(scope: StopScope, stop: Omit<Stop, 'kind'>): string {
  const { by, reason, until, cause } = stop
  const title =
    scope.service === undefined ? `Freeze ${scope.environment}` : `Hold ${scope.environment}/${scope.service}`
  const lines = [
    `${TRAILERS.by}: ${quiet(by ?? '')}`,
    ...(reason === undefined ? [] : [`${TRAILERS.reason}: ${quiet(reason)}`]),
    ...(until === undefined ? [] : [`${TRAILERS.until}: ${new Date(until).toISOString()}`]),
    ...(cause === undefined ? [] : [`${TRAILERS.cause}: ${cause}`]),
  ]
  return [
    titleText(title),
    'Nothing raises the canary here while this branch exists.',
    lines.map((line) => line.trim()).join('\n'),
  ].join('\n\n')
}

/** GitHub reads mentions and closing words in commit messages too. */
function quiet(text: string): string {
  return titleText(text, MAX_WORDS)
}

/** Reads a stop from the branch's name and its commit's message. */
export function stopFrom(branch: string, message: string): Stop {
  const lines = message.split('\n')
  const read = (trailer: string): string | undefined => {
    const value = lines.findLast((line) => line.startsWith(`${trailer}: `))?.slice(trailer.length + 2)
    return value === undefined || value === '' ? undefined : value.replaceAll(BREAK, '')
  }
  const until = Date.parse(read(TRAILERS.until) ?? '')
  const cause = read(TRAILERS.cause)
  return {
    kind: branch.startsWith('perch/freeze/') ? 'freeze' : 'hold',
    by: read(TRAILERS.by),
    reason: read(TRAILERS.reason),
    until: Number.isNaN(until) ? undefined : until,
    ...(cause === undefined ? {} : { cause }),
  }
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
