/** Why a rollout cannot be finished, that is, why the stable version cannot become the canary's version. */
import { templateOf } from '../chart/rendered-parts.ts'
import { titleOf } from '../manifest/identity.ts'
import type { Location } from '../manifest/parse.ts'
import type { Target } from '../rollout/target.ts'
import { ruleForSomeCallers } from '../traffic/route.ts'
import { type RoleLabel, roleLabelOf } from '../traffic/version.ts'

/**
 * Why the canary's version cannot become the stable one. `some-callers`: the canary has only had requests of some callers.
 * `role-label`: the labels name roles. `chart-version`: a chart renders the version, and these rendered values must change.
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
        /** The last values file, which overrides the others. Undefined if there is none. */
        readonly valuesFile: string | undefined
      }
  )

/** A rendered value that must change. */
interface UnplacedValue {
  readonly title: string
  readonly field: string
  /** Undefined if it must not be shown, or is not a string. */
  readonly was: string | undefined
  readonly wanted: string | undefined
  /** The file that sets it. Undefined if none was found. */
  readonly file: string | undefined
  /** Other environments that use this file. */
  readonly others: readonly string[]
}

/** Why a version cannot be promoted, whatever its files contain. Undefined if it can. */
export function finishObjection({ route }: Target): FinishRefusal | undefined {
  const rule = ruleForSomeCallers(route)
  return rule && { code: 'some-callers', rule: rule.label, file: route.place.file, line: rule.line }
}

/** Why the stable version must not get the labels of the canary. Undefined if it may. */
export function roleRefusal({ route, neighbours }: Pick<Target, 'route' | 'neighbours'>): FinishRefusal | undefined {
  const role = roleLabelOf(route, neighbours)
  if (role === undefined) return undefined
  const { object, ...values } = role
  return { code: 'role-label', title: titleOf(object), file: templateOf(object.file), line: object.line, ...values }
}
