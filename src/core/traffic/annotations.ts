import type { Edit } from '../manifest/edit/edit.ts'
import type { Route } from './route.ts'

/** What Perch writes into the annotations of a route's object, in the same commit as the weights. */
export interface RolloutNotes {
  readonly percentage: string | undefined
  readonly version: string | undefined
  readonly pr: string | undefined
  readonly steps: string | undefined
}

const KEYS = {
  percentage: 'canary-percentage',
  version: 'canary-version',
  pr: 'pr',
  steps: 'steps',
} as const satisfies Record<keyof RolloutNotes, string>

/** The annotations of a blue/green route. */
const STRATEGY_KEYS = { active: 'active-version', strategy: 'deployment-strategy' } as const

/** The service comes first if the object splits several. */
const NOTE = new RegExp(
  `/(?:[\\w.-]+\\.)?(?:${[...Object.values(KEYS), ...Object.values(STRATEGY_KEYS), 'roles'].join('|')})$`,
)

/** Whether an annotation is one of those that describe a rollout, with any prefix. */
export function isNote(key: string): boolean {
  return NOTE.test(key)
}

/** Whether an annotation contains the canary's share of a service's traffic. */
export function isPercentage(key: string): boolean {
  return isNote(key) && key.endsWith(KEYS.percentage)
}

/** An object with `x/canary-percentage` or `x/roles` keeps the prefix `x`. Others get the configured prefix. */
function prefixOf(route: Route, configured: string): string {
  const keys = Object.keys(route.annotations)
  const isStrategy = (name: string): boolean => Object.values(STRATEGY_KEYS).some((end) => name.endsWith(`/${end}`))
  const key = keys.find(isPercentage) ?? keys.find((name) => name.endsWith('/roles')) ?? keys.find(isStrategy)
  const [prefix = configured] = key?.split('/') ?? []
  return prefix
}

/** The text between the prefix and the name of a note. */
function scopeOf({ names: { scope } }: Route): string {
  return scope === undefined ? '' : `${scope}.`
}

export function readNotes(route: Route, configured: string): RolloutNotes {
  const before = `${prefixOf(route, configured)}/${scopeOf(route)}`
  const read = (key: keyof RolloutNotes): string | undefined => route.annotations[`${before}${KEYS[key]}`]
  return { percentage: read('percentage'), version: read('version'), pr: read('pr'), steps: read('steps') }
}

/** The edits that give the object exactly these notes. A note that is undefined is removed. */
export function writeNotes(route: Route, configured: string, notes: RolloutNotes): readonly Edit[] {
  const before = `${prefixOf(route, configured)}/${scopeOf(route)}`
  const names: readonly (keyof RolloutNotes)[] = ['percentage', 'version', 'pr', 'steps']
  return names.flatMap((name): Edit[] => {
    const key = `${before}${KEYS[name]}`
    if (route.annotations[key] === notes[name]) return []
    return [
      {
        kind: 'set',
        document: route.document,
        path: [...route.at, 'metadata', 'annotations', key],
        value: notes[name],
      },
    ]
  })
}

/** An object's annotations about its strategy, with any prefix. */
export function readStrategy(route: Route): {
  readonly active: string | undefined
  readonly strategy: string | undefined
} {
  const read = (key: string): string | undefined => {
    const ends = [`/${scopeOf(route)}${key}`, `/${key}`]
    const found = ends.flatMap((end) => Object.entries(route.annotations).filter(([name]) => name.endsWith(end)))
    return found[0]?.[1]
  }
  return { active: read(STRATEGY_KEYS.active), strategy: read(STRATEGY_KEYS.strategy) }
}

/** The edits that make the object name its active version and its strategy. */
export function writeStrategy(route: Route, configured: string, active: string): readonly Edit[] {
  const before = `${prefixOf(route, configured)}/${scopeOf(route)}`
  const values = { [STRATEGY_KEYS.active]: active, [STRATEGY_KEYS.strategy]: 'blue-green' }
  return Object.entries(values).flatMap(([name, value]): Edit[] => {
    const key = `${before}${name}`
    if (route.annotations[key] === value) return []
    return [{ kind: 'set', document: route.document, path: [...route.at, 'metadata', 'annotations', key], value }]
  })
}

/**
 * The notes of a finished rollout: none. An object with a prefix of its own keeps `canary-percentage: "0"`, because
 * that key records the prefix.
 */
export function clearedNotes(route: Route, configured: string): RolloutNotes {
  const percentage = prefixOf(route, configured) === configured ? undefined : '0'
  return { percentage, version: undefined, pr: undefined, steps: undefined }
}
