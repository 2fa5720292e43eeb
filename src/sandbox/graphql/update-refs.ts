/** `updateRefs`: updates all of the refs, or none. https://docs.github.com/graphql/reference/mutations#updaterefs */
import { hasObject, NO_COMMIT } from '../git/objects.ts'
import { isAncestor } from '../git/history.ts'
import { moveRef } from '../model/refs.ts'
import { ruleMessage, violations } from '../model/rules.ts'
import { keyOf } from '../payload/links.ts'
import type { Repository } from '../state/types.ts'
import { authorOf } from '../wire/auth.ts'
import { canSee, checkPermission, FieldFailure, type Scope } from './types.ts'

/** `UpdateRefsInput`, already checked by GitHub's schema. */
interface Updates {
  readonly repositoryId: string
  readonly refUpdates: readonly Update[]
  readonly clientMutationId?: string | null
}

interface Update {
  readonly name: string
  readonly beforeOid?: string | null
  readonly afterOid: string
  readonly force?: boolean | null
}

export function updateRefs(input: unknown, scope: Scope): { readonly clientMutationId: string | null } {
  const { repositoryId, refUpdates, clientMutationId } = input as Updates
  const key = keyOf('R', repositoryId)
  const repo = [...scope.world.repositories.values()].find(({ id }) => String(id) === key)
  if (repo === undefined || !canSee(scope, repo))
    throw new FieldFailure('NOT_FOUND', `Could not resolve to a node with the global id of '${repositoryId}'`)
  checkPermission(scope, repo, ['contents:write'])
  if (repo.archived) throw new FieldFailure('FORBIDDEN', 'Repository was archived so is read-only.')
  for (const update of refUpdates) check(scope, repo, update)
  for (const { name, afterOid } of refUpdates)
    moveRef(scope.world, { repo, ref: name, to: targetOf(afterOid), by: authorOf(scope.actor) })
  return { clientMutationId: clientMutationId ?? null }
}

/** The null object name means that a ref does not exist, before or after the update. */
function check({ actor }: Scope, repo: Repository, { name, beforeOid, afterOid, force }: Update): void {
  const current = repo.refs.get(name)
  const now = current ?? NO_COMMIT
  if (beforeOid !== undefined && beforeOid !== null && beforeOid !== now)
    throw new FieldFailure(
      'UNPROCESSABLE',
      `Reference cannot be updated: ${name} is at ${now} but expected ${beforeOid}`,
    )
  const to = targetOf(afterOid)
  if (to !== undefined && !hasObject(repo.bare, to))
    throw new FieldFailure('UNPROCESSABLE', `Could not resolve to an object with the oid of '${to}'`)
  if (to !== undefined && current !== undefined && force !== true && !isAncestor(repo.bare, current, to))
    throw new FieldFailure('UNPROCESSABLE', `Update is not a fast forward: ${name}`)
  const broken = violations({ repo, ref: name, to, by: authorOf(actor) })
  if (broken.length > 0) throw new FieldFailure('UNPROCESSABLE', ruleMessage(broken))
}

function targetOf(oid: string): string | undefined {
  return oid === NO_COMMIT ? undefined : oid
}
