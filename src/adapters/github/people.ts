import { PERMISSIONS, type Permission } from '../../core/rollout/facts.ts'
import type { People } from '../../ports/github/people.ts'
import { at, type Client, request } from './client/client.ts'
import { PermissionAnswer } from './schema.ts'

export function people(client: Client): People {
  return {
    async permission(login) {
      // Nobody is called that, and in an address it would be another one: dots are taken out of paths, encoded or not.
      if (login === '.' || login === '..') return 'none'
      const { status, data } = await request(client, 'GET /repos/{owner}/{repo}/collaborators/{username}/permission', {
        params: { ...at(client), username: login },
        expected: [404],
      })
      if (status === 404) return 'none'
      const { permission, role_name } = PermissionAnswer.parse(data)
      // A custom role has a name of its own; `permission` is then the standard role that it builds on.
      return known(role_name) ?? known(permission) ?? 'none'
    },
  }
}

function known(name: string | undefined): Permission | undefined {
  return PERMISSIONS.find((permission) => permission === name)
}
