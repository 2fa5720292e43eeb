import { titleOf } from '../manifest/identity.ts'
import type { Finding } from '../finding/finding.ts'
import type { Location } from '../manifest/parse.ts'
import type { Problem } from './problem.ts'

/** A finding in an environment, with its place in the files. */
export interface LocatedFinding {
  readonly environment: string
  readonly finding: Finding
  readonly place: Location | undefined
}

/** Findings as problems or notes. A finding at one place in many environments appears once. */
export function findingProblems(found: readonly LocatedFinding[]): readonly Problem[] {
  const groups = Map.groupBy(found, ({ environment, finding: { detail, object, grade }, place }) => {
    const where = place === undefined ? [environment, object.namespace, object.name] : [place.file, place.line]
    return JSON.stringify([detail, grade, object.kind, ...where])
  })
  return [...groups.values()].flatMap((group) => findingProblem(group) ?? [])
}

/** One problem for the same finding in several environments. */
function findingProblem(group: readonly LocatedFinding[]): Problem | undefined {
  const [first] = group
  if (first === undefined) return undefined
  const { place } = first
  const { detail, grade } = first.finding
  const environments = [...new Set(group.map(({ environment }) => environment))]
  const cause = { kind: 'finding', detail, title: commonTitle(first.finding, group), environments } as const
  const level = grade === 'warning' ? { level: grade } : {}
  return { code: detail.code, file: place?.file, line: place?.line ?? 1, cause, ...level }
}

/** The title of the object. The namespace is included only if it is the same in all environments. */
function commonTitle({ object: { kind, name, namespace } }: Finding, group: readonly LocatedFinding[]): string {
  const isSame = group.every(({ finding: { object } }) => object.namespace === namespace)
  return titleOf({ kind, name, namespace: isSame ? namespace : '' })
}
