/** Finds the route for a path. The first match wins, so specific routes come before general ones. */
import type { World } from '../state/world.ts'
import { fullName } from '../state/world.ts'
import { ACTIVITY_ROUTES } from './activity.ts'
import { APP_ROUTES } from './apps.ts'
import { CHECK_ROUTES } from './checks.ts'
import { COMMENT_ROUTES } from './comments.ts'
import { COMMIT_ROUTES } from './commits.ts'
import { ISSUE_ROUTES } from './issues.ts'
import { OBJECT_ROUTES } from './objects.ts'
import { PULL_ROUTES } from './pulls.ts'
import { REF_ROUTES } from './refs.ts'
import type { Route } from './route.ts'
import { STATUS_ROUTES } from './statuses.ts'

export const ROUTES: readonly Route[] = [
  ...APP_ROUTES,
  ...PULL_ROUTES,
  ...COMMENT_ROUTES,
  ...ISSUE_ROUTES,
  ...CHECK_ROUTES,
  ...STATUS_ROUTES,
  ...REF_ROUTES,
  ...COMMIT_ROUTES,
  ...OBJECT_ROUTES,
  ...ACTIVITY_ROUTES,
]

const PATTERNS = ROUTES.map((route) => ({ route, pattern: patternOf(route.path) }))

function patternOf(template: string): RegExp {
  const source = template.replace(/\{\+(\w+)\}/g, '(?<$1>.+)').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')
  return new RegExp(`^${source}/?$`)
}

export interface Match {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

export function match(world: World, method: string, path: string): Match | undefined {
  const named = byName(world, path)
  for (const { route, pattern } of PATTERNS) {
    if (route.method !== method) continue
    const groups = pattern.exec(named)?.groups
    if (groups === undefined && !pattern.test(named)) continue
    const params = Object.entries(groups ?? {}).map(([key, value]) => [key, decodeURIComponent(value)])
    return { route, params: Object.fromEntries(params) }
  }
  return undefined
}

/** `/repositories/{id}/…` is the same as `/repos/{owner}/{repo}/…`. GitHub's own page links use it. */
function byName(world: World, path: string): string {
  const id = /^\/repositories\/(\d+)/.exec(path)?.[1]
  const repo = id === undefined ? undefined : [...world.repositories.values()].find((one) => String(one.id) === id)
  return repo === undefined ? path : path.replace(/^\/repositories\/\d+/, `/repos/${fullName(repo)}`)
}
