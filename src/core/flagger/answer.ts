/** What Flagger hears. Unknown is never "go on". */
import type { FrozenWindow } from '../gate/restraint.ts'
import { isInForce } from '../stop/stop.ts'
import { windowEnd } from '../stop/window.ts'
import type { Canaries, KnownCanary, KnownStop } from './canaries.ts'
import type { HookPayload } from './hook.ts'

/**
 * `go`: nothing stops it · `stopped`: people or the config do · `unread`: Git was not read, or too long ago · `unreadable`: deployed branches
 * have a config that is not valid · `no-canary`: Git has no such Canary · `several`: it has more than one.
 */
export type HookAnswer =
  | { readonly code: 'go'; readonly rollout: string }
  | {
      readonly code: 'stopped'
      readonly rollout: string
      readonly stops: readonly KnownStop[]
      readonly windows: readonly FrozenWindow[]
    }
  | { readonly code: 'unread' }
  | { readonly code: 'unreadable'; readonly branches: readonly string[] }
  | { readonly code: 'no-canary' }
  | { readonly code: 'several'; readonly rollouts: readonly string[] }

type Asked = Pick<HookPayload, 'name' | 'namespace' | 'metadata'>

/** How old what is known of Git may be. A webhook of GitHub may be lost, and a stop with it. */
const MAX_AGE_MS = 10 * 60_000
const FRESH_MS = 3 * 60_000

/** Whether what is known may be used for an answer. */
export function isUsable(canaries: Canaries | undefined, now: number): canaries is Canaries {
  return canaries !== undefined && now - canaries.at < MAX_AGE_MS
}

/** Whether nobody need read Git again yet. */
export function isFresh({ at }: Canaries, now: number): boolean {
  return now - at < FRESH_MS
}

/** Whether a Canary may go on: start, raise its share, or be promoted. */
export function mayGoOn(canaries: Canaries | undefined, asked: Asked, now: number): HookAnswer {
  if (!isUsable(canaries, now)) return { code: 'unread' }
  if (canaries.unreadable.length > 0) return { code: 'unreadable', branches: canaries.unreadable }
  const found = canaries.known.filter((one) => isAsked(one, asked))
  const [canary] = found
  if (canary === undefined) return { code: 'no-canary' }
  if (found.length > 1) return { code: 'several', rollouts: found.map(({ rollout }) => rollout) }
  const { rollout } = canary
  const stops = canary.stops.filter((stop) => isInForce(stop, now))
  const windows = canary.windows.flatMap(({ environment, window }): FrozenWindow[] => {
    const until = windowEnd(window, now)
    return until === undefined ? [] : [{ environment, until, reason: window.reason }]
  })
  return stops.length + windows.length === 0 ? { code: 'go', rollout } : { code: 'stopped', rollout, stops, windows }
}

function isAsked({ name, namespace, environments }: KnownCanary, asked: Asked): boolean {
  const { environment } = asked.metadata
  const isThere = environment === undefined || environments.includes(environment)
  return name === asked.name && (namespace === '' || namespace === asked.namespace) && isThere
}
