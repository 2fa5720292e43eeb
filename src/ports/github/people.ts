import type { Permission } from '../../core/rollout/facts.ts'

export interface People {
  /** What a person may do in the repository, now. Unknown people and errors that say "no such user" are `none`. */
  permission(login: string): Promise<Permission>
}
