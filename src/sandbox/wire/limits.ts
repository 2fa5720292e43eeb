/** The hourly request budget of each credential. https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api */
import { Refusal } from '../state/refusal.ts'
import type { Actor } from '../state/types.ts'
import type { Json, World } from '../state/world.ts'

const HOUR = 3_600_000
const ANONYMOUS_LIMIT = 60

export type Resource = 'core' | 'graphql'

export interface Limits {
  /** Counts one request. Refuses it if the budget is used up. */
  spend(actor: Actor, resource: Resource): void
  /** Undoes the count for an unchanged answer (304), which is free. */
  giveBack(actor: Actor, resource: Resource): void
  headers(actor: Actor, resource: Resource): Record<string, string>
  overview(actor: Actor): Json
}

export function createLimits(world: World, perHour: number): Limits {
  const budgets = new Map<string, { used: number; resetAt: number }>()
  const limitOf = (actor: Actor): number => (actor.kind === 'anonymous' ? ANONYMOUS_LIMIT : perHour)
  const budget = (actor: Actor, resource: Resource): { used: number; resetAt: number } => {
    const key = `${resource} ${holder(actor)}`
    const known = budgets.get(key)
    if (known !== undefined && known.resetAt > world.now()) return known
    const fresh = { used: 0, resetAt: world.now() + HOUR }
    budgets.set(key, fresh)
    return fresh
  }
  const figures = (
    actor: Actor,
    resource: Resource,
  ): { limit: number; used: number; remaining: number; reset: number } => {
    const { used, resetAt } = budget(actor, resource)
    const limit = limitOf(actor)
    return { limit, used, remaining: Math.max(0, limit - used), reset: Math.ceil(resetAt / 1000) }
  }
  return {
    spend(actor, resource) {
      const one = budget(actor, resource)
      if (one.used >= limitOf(actor)) throw new Refusal(403, `API rate limit exceeded for ${holder(actor)}.`)
      one.used += 1
    },
    giveBack(actor, resource) {
      budget(actor, resource).used -= 1
    },
    headers(actor, resource) {
      const named = Object.entries(figures(actor, resource)).map(([key, value]) => [
        `x-ratelimit-${key}`,
        String(value),
      ])
      return { ...Object.fromEntries(named), 'x-ratelimit-resource': resource }
    },
    overview(actor) {
      const core = figures(actor, 'core')
      const search = { limit: 30, used: 0, remaining: 30, reset: core.reset }
      return { resources: { core, graphql: figures(actor, 'graphql'), search }, rate: core }
    },
  }
}

/** Each installation has one budget for all of its tokens. */
function holder(actor: Actor): string {
  switch (actor.kind) {
    case 'anonymous':
      return '127.0.0.1'
    case 'app':
      return `app ID ${String(actor.app.id)}`
    case 'installation':
      return `installation ID ${String(actor.token.installation.id)}`
    case 'person':
      return `user ID ${String(actor.account.id)}`
  }
}
