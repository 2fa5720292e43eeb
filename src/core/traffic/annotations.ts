import type { Edit } from '../manifest/edit/edit.ts'
import type { Route } from './route.ts'

/** What Perch writes on a route's object, in the same commit as the weights. */
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

/** Whether an annotation's key is one of those by which Perch knows a rollout, under any prefix. */
export function isNote(key: string): boolean {
  return [...Object.values(KEYS), 'roles'].some((name) => key.endsWith(`/${name}`))
}

/** An object that carries `x/canary-percentage` or `x/roles` already keeps `x`; the others get the configured prefix. */
function prefixOf(route: Route, configured: string): string {
  for (const suffix of [`/${KEYS.percentage}`, '/roles']) {
    const key = Object.keys(route.annotations).find((name) => name.endsWith(suffix))
    if (key !== undefined) return key.slice(0, -suffix.length)
  }
  return configured
}

export function readNotes(route: Route, configured: string): RolloutNotes {
  const prefix = prefixOf(route, configured)
  const read = (key: keyof RolloutNotes): string | undefined => route.annotations[`${prefix}/${KEYS[key]}`]
  return { percentage: read('percentage'), version: read('version'), pr: read('pr'), steps: read('steps') }
}

/** The edits that make the object carry exactly these notes; a note that is undefined is taken away. */
export function writeNotes(route: Route, configured: string, notes: RolloutNotes): readonly Edit[] {
  const prefix = prefixOf(route, configured)
  const names: readonly (keyof RolloutNotes)[] = ['percentage', 'version', 'pr', 'steps']
  return names.flatMap((name): Edit[] => {
    const key = `${prefix}/${KEYS[name]}`
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

/**
 * The notes of a finished rollout: none. An object with a prefix of its own keeps `canary-percentage: "0"`, because
 * that key records the prefix.
 */
export function clearedNotes(route: Route, configured: string): RolloutNotes {
  const percentage = prefixOf(route, configured) === configured ? undefined : '0'
  return { percentage, version: undefined, pr: undefined, steps: undefined }
}
