import { setsOneOf } from '../delivery/deployer-patch.ts'
import type { Environment } from '../environment/environment.ts'
import { listOf, type Path, recordOf, valueAt } from '../manifest/data.ts'
import { identityOf } from '../manifest/identity.ts'
import type { Location, ManifestObject } from '../manifest/parse.ts'

/**
 * The first of several deployers of an environment that sets the weights of an object itself; undefined where none does. What the
 * others do then differs, so no file says the weights of the environment.
 */
export function contestedBy(
  { contested = [] }: Pick<Environment, 'contested'>,
  object: ManifestObject,
): Location | undefined {
  if (contested.length === 0) return undefined
  const fields = weightFields(object.data)
  const found = contested.find(
    ({ patches, hasVariables }) =>
      patches.some((patch) => setsOneOf(patch, identityOf(object), fields)) ||
      (hasVariables && fields.some((path) => isVariable(object.data, path))),
  )
  return found && { file: found.file, line: found.line }
}

const LISTS = { http: 'route', tls: 'route', tcp: 'route', rules: 'backendRefs' }

function weightFields({ spec }: ManifestObject['data']): readonly Path[] {
  return Object.entries(LISTS).flatMap(([section, list]) =>
    listOf(recordOf(spec)[section]).flatMap((rule, index) =>
      listOf(recordOf(rule)[list]).map((_, place): Path => ['spec', section, index, list, place, 'weight']),
    ),
  )
}

function isVariable(data: ManifestObject['data'], path: Path): boolean {
  const value = valueAt(data, path)
  return typeof value === 'string' && value.includes('${')
}
