import { PERMISSIONS, type Permission } from '../../core/rollout/facts.ts'
import type { People } from '../../ports/github/people.ts'
import { at, type Client, request } from './client/client.ts'
import { PermissionAnswer } from './schema.ts'

export function people(client: Client): People {
  return {
    async permission(login) {
      // These are not valid logins, and they would change the request's path: dots are resolved, even encoded ones.
      if (login === '.' || login === '..') return 'none'
      const { status, data } = await request(client, 'GET /repos/{owner}/{repo}/collaborators/{username}/permission', {
        params: { ...at(client), username: login },
        expected: [404],
      })
      if (status === 404) return 'none'
      const { permission, role_name } = PermissionAnswer.parse(data)
      // A custom role has its own name. `permission` is then the standard role that it builds on.
      return known(role_name) ?? known(permission) ?? 'none'
    },
  }
}

function known(name: string | undefined): Permission | undefined {
  return PERMISSIONS.find((permission) => permission === name)
}
