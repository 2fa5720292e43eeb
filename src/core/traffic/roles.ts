import { shortHost } from './host.ts'
import type { Role } from './route.ts'

/** The names of the two versions, from the config; undefined where they are left to be found by name. */
export interface RoleNames {
  readonly stable: string | undefined
  readonly canary: string | undefined
}

const STABLE_WORDS = ['stable', 'primary', 'baseline']
const CANARY_WORDS = ['canary']

/**
 * The role of a destination: by the names in the config (a subset or a host, short or full), else by the words that the
 * field uses, alone (`canary`) or at the end of a name (`web-canary`). Never by position.
 */
export function roleOf(
  destination: { readonly host: string; readonly subset: string | undefined },
  names: RoleNames,
): Role {
  const called = [destination.subset, destination.host, shortHost(destination.host)]
  const isCalled = (name: string | undefined, words: readonly string[]): boolean =>
    name === undefined
      ? words.some((word) => endsIn(destination.subset ?? shortHost(destination.host), word))
      : called.includes(name)
  if (isCalled(names.canary, CANARY_WORDS)) return 'canary'
  return isCalled(names.stable, STABLE_WORDS) ? 'stable' : 'other'
}

function endsIn(name: string, word: string): boolean {
  return name === word || name.endsWith(`-${word}`)
}
