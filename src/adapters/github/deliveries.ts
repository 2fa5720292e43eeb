import { z } from 'zod'
import { type ApiClient, request } from './client/client.ts'

/** A webhook about a pressed button, as GitHub keeps it in its log. */
export interface LoggedPress {
  /** What the webhook's header `X-GitHub-Delivery` says: the same at each attempt. */
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
})
const Full = z.object({ request: z.object({ payload: z.unknown() }) })

/** Two thousand webhooks. */
const MAX_PAGES = 20

/**
 * Every press of a button since a moment, oldest first. GitHub keeps the webhooks of some days in the App's log, also those
 * that never arrived; nothing else in its API tells of a button.
 */
export async function loggedPresses(asApp: ApiClient, since: number): Promise<readonly LoggedPress[]> {
  const route = 'GET /app/hook/deliveries'
  const isOld = (item: z.infer<typeof Item>): boolean => Date.parse(item.delivered_at) < since
  const found = new Map<string, z.infer<typeof Item>>()
  let cursor: string | undefined
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const params = { per_page: 100, ...(cursor === undefined ? {} : { cursor }) }
    const { data, link } = await request(asApp, route, { params })
    const items = z.array(Item).parse(data)
    for (const item of items.filter((one) => !isOld(one)))
      if (item.event === 'check_run' && item.action === 'requested_action') found.set(item.guid, item)
    cursor = /[?&]cursor=([^&>]+)[^>]*>; rel="next"/.exec(link ?? '')?.[1]
    if (cursor === undefined || items.some(isOld)) break
  }
  const presses: LoggedPress[] = []
  for (const { id, guid, delivered_at } of [...found.values()].toReversed()) {
    const params = { delivery_id: id }
    const { data } = await request(asApp, `${route}/{delivery_id}`, { params })
    presses.push({ id: guid, at: Date.parse(delivered_at), payload: Full.parse(data).request.payload })
  }
  return presses
}
