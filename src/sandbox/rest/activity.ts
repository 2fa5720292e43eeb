/**
 * The activity of branches, and the rules for them. https://docs.github.com/rest/repos/repos#list-repository-activities,
 * https://docs.github.com/rest/repos/rules
 */
import { rulesetsOn } from '../model/rules.ts'
import { accountPayload } from '../payload/accounts.ts'
import { api, nodeId, time } from '../payload/links.ts'
import type { Activity, Repository, Ruleset } from '../state/types.ts'
import { fullName, type Json, type World } from '../state/world.ts'
import { page } from './paging.ts'
import { repoRoute, type Answer, type Call, type Route } from './route.ts'

const HOUR = 3_600_000
const PERIODS: Readonly<Record<string, number>> = {
  day: 24 * HOUR,
  week: 7 * 24 * HOUR,
  month: 30 * 24 * HOUR,
  quarter: 91 * 24 * HOUR,
  year: 365 * 24 * HOUR,
}

/** Newest first by default. Pages have cursors instead of numbers. */
function listActivity(call: Call, repo: Repository): Answer {
  const { query, world } = call
  const ref = query.get('ref')
  const wanted = {
    ref: ref === null || ref.startsWith('refs/') ? ref : `refs/heads/${ref}`,
    actor: query.get('actor')?.toLowerCase(),
    type: query.get('activity_type'),
    since: world.now() - (PERIODS[query.get('time_period') ?? ''] ?? Infinity),
  }
  const found = repo.activities.filter(
    (one) =>
      (wanted.ref === null || one.ref === wanted.ref) &&
      (wanted.actor === undefined || one.by.login.toLowerCase() === wanted.actor) &&
      (wanted.type === null || one.type === wanted.type) &&
      one.at >= wanted.since,
  )
  const ordered = query.get('direction') === 'asc' ? found : found.toReversed()
  const size = Math.min(Number(query.get('per_page') ?? 30) || 30, 100)
  const after = query.get('after')
  const start = after === null ? 0 : ordered.findIndex(({ id }) => cursorOf(id) === after) + 1
  const shown = ordered.slice(start, start + size)
  const last = shown.at(-1)
  const headers = last === undefined || start + size >= ordered.length ? {} : { link: nextLink(call, last.id) }
  return { status: 200, body: shown.map((one) => activityPayload(world, one)), headers }
}

function cursorOf(id: number): string {
  return Buffer.from(`activity:${String(id)}`).toString('base64url')
}

function nextLink(call: Call, id: number): string {
  const query = new URLSearchParams(call.query)
  query.set('after', cursorOf(id))
  return `<${api(call.world, call.path)}?${query.toString()}>; rel="next"`
}

function activityPayload(world: World, one: Activity): Json {
  return {
    id: one.id,
    node_id: nodeId('PSH', one.id),
    before: one.before,
    after: one.after,
    ref: one.ref,
    timestamp: time(one.at),
    activity_type: one.type,
    actor: accountPayload(world, one.by),
  }
}

/** All active rules for a branch, even if the branch does not exist. */
function listRules(call: Call, repo: Repository): Answer {
  const rules = rulesetsOn(repo, `refs/heads/${call.params['branch'] ?? ''}`).flatMap((ruleset) =>
    rulesOf(ruleset).map((rule) => ({
      ...rule,
      ruleset_source_type: 'Repository',
      ruleset_source: fullName(repo),
      ruleset_id: ruleset.id,
    })),
  )
  return page(call, rules, { render: (rule) => rule })
}

function rulesOf({ rules, checks, isStrict }: Ruleset): Json[] {
  const required = checks.map(({ context, appId }) => ({
    context,
    ...(appId === undefined ? {} : { integration_id: appId }),
  }))
  const parameters = {
    strict_required_status_checks_policy: isStrict,
    do_not_enforce_on_create: false,
    required_status_checks: required,
  }
  return [
    ...rules.map((type) =>
      type === 'update' ? { type, parameters: { update_allows_fetch_and_merge: false } } : { type },
    ),
    ...(checks.length === 0 ? [] : [{ type: 'required_status_checks', parameters }]),
  ]
}

const REPO = '/repos/{owner}/{repo}'

export const ACTIVITY_ROUTES: readonly Route[] = [
  repoRoute(`GET ${REPO}/activity`, { needs: ['contents:read'] }, listActivity),
  repoRoute(`GET ${REPO}/rules/branches/{+branch}`, { needs: ['metadata:read'] }, listRules),
]
