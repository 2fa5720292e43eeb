/** The types of the sandbox's GraphQL schema: a part of GitHub's, under the same names. */
import type { Actor } from '../state/types.ts'
import type { World } from '../state/world.ts'

/** An error that belongs to one field; the rest of the answer stands. */
export class FieldFailure extends Error {
  override readonly name = 'FieldFailure'
  readonly type: 'NOT_FOUND' | 'FORBIDDEN' | 'STALE_DATA' | 'UNPROCESSABLE'

  constructor(type: FieldFailure['type'], message: string) {
    super(message)
    this.type = type
  }
}

export interface Scope {
  readonly world: World
  readonly actor: Actor
}

export interface FieldType<Source> {
  /** The object type of the answer; undefined for scalars. */
  readonly type?: ObjectType<never>
  /** Argument names; true for those that must be given. */
  readonly args?: Readonly<Record<string, boolean>>
  readonly resolve: (source: Source, args: Readonly<Record<string, unknown>>, scope: Scope) => unknown
}

export interface ObjectType<Source> {
  readonly name: string
  readonly fields: Readonly<Record<string, FieldType<Source>>>
}
