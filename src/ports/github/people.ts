import type { Permission } from '../../core/rollout/facts.ts'

export interface People {
  /** A person's current permission in the repository. `none` for an unknown person, and for an error that says "no such user". */
  permission(login: string): Promise<Permission>
}
