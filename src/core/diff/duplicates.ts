import { identityKey, qualifiedTitle } from '../manifest/identity.ts'
import { renderedProblem } from '../problem/files.ts'
import type { Problem } from '../problem/problem.ts'
import { isRoute } from '../traffic/read-route.ts'
import type { DuplicateObject, ParsedRender } from './objects.ts'

/** One environment's renders, and the routes whose canary gets more traffic (`production VirtualService default/web`). */
interface DuplicateInput {
  readonly before: ParsedRender
  readonly after: ParsedRender
  readonly raised: ReadonlySet<string>
  /** As far as Perch knows, nothing deploys the environment. */
  readonly isLoose: boolean
}

/** Objects that an environment has twice, as problems or as notes. */
export interface JudgedDuplicates {
  readonly problems: readonly Problem[]
  readonly notes: readonly Problem[]
}

/**
 * Objects that appear twice in an environment. kubectl and Argo CD apply both, one after the other (Argo CD warns:
 * RepeatedResourceWarning). If the deployer refuses duplicates, its own build fails. So a duplicate is a note, unless it is a
 * route that this change duplicates or raises: it is unknown which of the two has the weights. In a folder that nothing deploys,
 * duplicates are most likely alternatives, for example in guides.
 */
export function judgeDuplicates(
  environment: string,
  { before, after, raised, isLoose }: DuplicateInput,
): JudgedDuplicates {
  const earlier = new Set(duplicatesOf(before).map(({ identity }) => identityKey(identity)))
  const objects = after.ok ? after.objects : []
  const isHarm = ({ identity }: DuplicateObject): boolean => {
    if (isLoose) return false
    const key = identityKey(identity)
    const object = objects.find((one) => identityKey(one) === key)
    const { apiVersion } = object?.data ?? {}
    if (typeof apiVersion !== 'string' || !isRoute({ apiVersion, kind: identity.kind })) return false
    return !earlier.has(key) || raised.has(`${environment} ${qualifiedTitle(identity)}`)
  }
  const all = duplicatesOf(after)
  const asProblem = (one: DuplicateObject): Problem => renderedProblem(environment, one)
  return {
    problems: all.filter(isHarm).map(asProblem),
    notes: all.filter((one) => !isHarm(one)).map(asProblem),
  }
}

function duplicatesOf(render: ParsedRender): readonly DuplicateObject[] {
  return render.ok ? render.duplicates : []
}
