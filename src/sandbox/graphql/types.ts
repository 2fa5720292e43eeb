/** The shared parts of the sandbox's GraphQL resolvers. */
import type { Actor, Repository } from '../state/types.ts'
import { roleOf, type World } from '../state/world.ts'
import { permissionsOf, permits, reaches, type Need } from '../wire/auth.ts'

/** An error that belongs to one field. The rest of the answer stays valid. */
export class FieldFailure extends Error {
  override readonly name = 'FieldFailure'
  readonly type:
    | 'NOT_FOUND'
    | 'FORBIDDEN'
    | 'STALE_DATA'
    | 'UNPROCESSABLE'
    | 'MISSING_PAGINATION_BOUNDARIES'
    | 'EXCESSIVE_PAGINATION'

  constructor(type: FieldFailure['type'], message: string) {
    super(message)
    this.type = type
  }
}

export interface Scope {
  readonly world: World
  readonly actor: Actor
}

export type Args = Readonly<Record<string, unknown>>

/** The resolvers for the fields of one type of GitHub's schema. A field that is not listed is a plain property of the source. */
export type Fields<Source> = Readonly<Record<string, (source: Source, args: Args, scope: Scope) => unknown>>

export function canSee({ actor }: Scope, repo: Repository): boolean {
  if (!repo.isPrivate) return true
  if (actor.kind === 'installation') return reaches(actor.token, repo)
  return actor.kind === 'person' && roleOf(repo, actor.account) !== 'none'
}

/** Refuses an App that has none of the permissions. Anyone may read public data. */
export function checkPermission({ actor }: Scope, repo: Repository, needs: readonly Need[]): void {
  if (!repo.isPrivate || actor.kind !== 'installation' || permits(permissionsOf(actor.token), needs)) return
  throw new FieldFailure('FORBIDDEN', 'Resource not accessible by integration')
}
