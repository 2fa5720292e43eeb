import * as z from 'zod'
import { type ApiClient, request } from './client/client.ts'

/** What GitHub's webhook log contains. */
export interface LoggedWebhooks {
  /** Every pressed button, oldest first. */
  readonly presses: readonly LoggedPress[]
  /** The repositories that GitHub sent webhooks about; undefined if there were more webhooks than Perch reads. */
  readonly repositories: ReadonlySet<number> | undefined
  /** The ids of failed deliveries whose work no sweep would find. */
  readonly lost: readonly number[]
}

/** A webhook about a pressed button, from GitHub's log. */
interface LoggedPress {
  /** The webhook's header `X-GitHub-Delivery`: the same for each attempt. */
  readonly id: string
  readonly at: number
  readonly payload: unknown
}

const Item = z.object({
  id: z.int(),
  guid: z.string(),
  delivered_at: z.string(),
  event: z.string(),
  action: z.string().nullish(),
  repository_id: z.int().nullish(),
  status_code: z.int(),
})
type Item = z.infer<typeof Item>
const Full = z.object({ request: z.object({ payload: z.unknown() }) })

const ROUTE = 'GET /app/hook/deliveries'

/** Two thousand webhooks. If there were more, the newest. */
const MAX_PAGES = 20

/**
 * The webhooks that GitHub sent since a moment. The App's log keeps some days of them, including those that never arrived. It is
 * the only place in GitHub's API that shows pressed buttons.
 */
export async function loggedWebhooks(asApp: ApiClient, since: number): Promise<LoggedWebhooks> {
  const isOld = (item: Item): boolean => Date.parse(item.delivered_at) < since
  const items: Item[] = []
  let cursor: string | undefined
  let isWhole = false
  for (let page = 0; page < MAX_PAGES && !isWhole; page += 1) {
    const params = { per_page: 100, ...(cursor === undefined ? {} : { cursor }) }
    const { data, link } = await request(asApp, ROUTE, { params })
    const found = z.array(Item).parse(data)
    items.push(...found)
    cursor = /[?&]cursor=([^&>]+)[^>]*>; rel="next"/.exec(link ?? '')?.[1]
    isWhole = cursor === undefined || found.some(isOld)
  }
  const fresh = items.filter((item) => !isOld(item))
  return {
    presses: await pressesAmong(asApp, fresh),
    repositories: isWhole ? new Set(fresh.flatMap(({ repository_id: id }) => id ?? [])) : undefined,
    lost: lostAmong(fresh.filter(({ delivered_at: at }) => Date.parse(at) <= asApp.clock.now() - SETTLED_MS)),
  }
}

/**
 * Events that leave no trace for a sweep to find. Pressed buttons are not in this list, because the log contains enough about
 * them.
 */
const UNTRACED = [
  'installation created',
  'installation_repositories added',
  'check_run rerequested',
  'check_suite rerequested',
  'pull_request_review submitted',
  'pull_request_review_comment created',
]
/** How often Perch asks GitHub to send one webhook again, so that a webhook that always fails is not requested forever. */
const MAX_ATTEMPTS = 3
const MAX_LOST = 100
/** A younger delivery may still be in progress: GitHub waits ten seconds for an answer. */
const SETTLED_MS = 30_000

function lostAmong(items: readonly Item[]): readonly number[] {
  const untraced = items.filter(({ event, action }) => UNTRACED.includes(`${event} ${action ?? ''}`))
  const attempts = [...Map.groupBy(untraced, ({ guid }) => guid).values()]
  const lost = attempts.filter((all) => all.length <= MAX_ATTEMPTS && all.every((item) => !hasArrived(item)))
  return lost.flatMap(([newest]) => newest?.id ?? []).slice(0, MAX_LOST)
}

function hasArrived({ status_code: status }: Item): boolean {
  return status >= 200 && status < 300
}

/** Asks GitHub to send a webhook again. */
export async function redeliver(asApp: ApiClient, delivery: number): Promise<void> {
  const params = { delivery_id: delivery }
  // A delivery that is no longer in the log is lost for good.
  await request(asApp, 'POST /app/hook/deliveries/{delivery_id}/attempts', { params, expected: [404, 422] })
}

async function pressesAmong(asApp: ApiClient, items: readonly Item[]): Promise<readonly LoggedPress[]> {
  const isPress = ({ event, action }: Item): boolean => event === 'check_run' && action === 'requested_action'
  // A webhook that was sent again appears more than once.
  const pressed = new Map(items.filter(isPress).map((item) => [item.guid, item]))
  const presses: LoggedPress[] = []
  for (const { id, guid, delivered_at } of [...pressed.values()].toReversed()) {
    const { data } = await request(asApp, `${ROUTE}/{delivery_id}`, { params: { delivery_id: id } })
    presses.push({ id: guid, at: Date.parse(delivered_at), payload: Full.parse(data).request.payload })
  }
  return presses
}
