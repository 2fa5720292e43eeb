/** Why a rollout cannot be finished: the stable version does not become the canary's. */
import { templateOf } from '../chart/rendered-parts.ts'
import { titleOf } from '../manifest/identity.ts'
import type { Location } from '../manifest/parse.ts'
import type { Target } from '../rollout/target.ts'
import { ruleForSomeCallers } from '../traffic/route.ts'
import { type RoleLabel, roleLabelOf } from '../traffic/version.ts'

/**
 * Why the canary's version cannot become the stable one. `some-callers`: only they have been sent to the canary. `role-label`: the labels
 * name roles. `chart-version`: a chart makes it, and these values of what it renders must change.
 */
export type FinishRefusal = Location &
  (
    | { readonly code: 'no-version' }
    | { readonly code: 'some-callers'; readonly rule: string }
    | (Omit<RoleLabel, 'object'> & { readonly code: 'role-label'; readonly title: string })
    | {
        readonly code: 'chart-version'
        readonly name: string
        readonly environment: string
        readonly values: readonly UnplacedValue[]
        /** The file of values that counts last; undefined where there is none. */
        readonly valuesFile: string | undefined
      }
  )

/** A value of a rendered object that must become another one. */
interface UnplacedValue {
  readonly title: string
  readonly field: string
  /** Undefined where it is not to be shown, or no text. */
  readonly was: string | undefined
  readonly wanted: string | undefined
  /** What says it; undefined where nothing was found that does. */
  readonly file: string | undefined
  /** Other environments that this file is for. */
  readonly others: readonly string[]
}

/** Why a version cannot be promoted whatever its files say; undefined where it may be. */
export function finishObjection({ route }: Target): FinishRefusal | undefined {
  const rule = ruleForSomeCallers(route)
  return rule && { code: 'some-callers', rule: rule.label, file: route.place.file, line: rule.line }
}

/** Why the labels of the stable version must not become the canary's; undefined where they may. */
export function roleRefusal({ route, neighbours }: Pick<Target, 'route' | 'neighbours'>): FinishRefusal | undefined {
  const role = roleLabelOf(route, neighbours)
  if (role === undefined) return undefined
  const { object, ...values } = role
  return { code: 'role-label', title: titleOf(object), file: templateOf(object.file), line: object.line, ...values }
}
