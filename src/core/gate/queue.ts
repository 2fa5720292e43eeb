/** A part of a merge group, in the order of the group: the changes of one pull request, or a commit that belongs to none. */
export interface GroupPart {
  /** `#7`, or an abbreviated commit. */
  readonly name: string
  readonly pull: number | undefined
  /** The state of the rollouts after this part, by route and environment (`movedRoutes`). */
  readonly routes: ReadonlyMap<string, RouteState>
  /** The environments whose files this part changes. */
  readonly touches: ReadonlySet<string>
}

interface RouteState {
  readonly share: number
  readonly stable: string | undefined
  /** All weights and both versions, as one text. */
  readonly key: string
}

type Routes = GroupPart['routes']

const ABSENT: RouteState = { share: 0, stable: undefined, key: '' }

/**
 * The parts that raise a route in a merge group. If there are several, the second step would merge together with the first,
 * before anyone has seen that one live.
 */
export function raisersOf(route: string, base: Routes, parts: readonly GroupPart[]): readonly GroupPart[] {
  const raises = (old: RouteState, now: RouteState): boolean =>
    now.share > old.share || (old.share > 0 && now.stable !== old.stable)
  return partsThat(raises, { route, base, parts })
}

/** The parts that may contribute to a change of a rollout. `isHidden`: weights and versions do not show the whole change. */
export function moversOf(
  { routes, environments, isHidden }: GroupChange,
  base: Routes,
  parts: readonly GroupPart[],
): readonly GroupPart[] {
  const moves = new Set(routes.flatMap((route) => partsThat((old, now) => old.key !== now.key, { route, base, parts })))
  const touches = (part: GroupPart): boolean => isHidden && environments.some((name) => part.touches.has(name))
  return parts.filter((part) => moves.has(part) || touches(part))
}

export interface GroupChange {
  readonly routes: readonly string[]
  readonly environments: readonly string[]
  readonly isHidden: boolean
}

function partsThat(
  does: (old: RouteState, now: RouteState) => boolean,
  { route, base, parts }: { readonly route: string; readonly base: Routes; readonly parts: readonly GroupPart[] },
): readonly GroupPart[] {
  return parts.filter((part, index) => {
    const before = parts[index - 1]?.routes ?? base
    return does(before.get(route) ?? ABSENT, part.routes.get(route) ?? ABSENT)
  })
}
