import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aGitHub, API } from './github-api.ts'

const DAY = Date.UTC(2026, 2, 1)

function delivery(id: number, hours: number, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const delivered_at = new Date(DAY + hours * 3_600_000).toISOString()
  return {
    id,
    guid: `guid-${id}`,
    delivered_at,
    event: 'check_run',
    action: 'requested_action',
    status_code: 202,
    ...more,
  }
}

test('pressed buttons are found in the log of webhooks, page by page back to a moment, each once', async () => {
  const world = await aGitHub()
  const next = { link: `<${API}/app/hook/deliveries?per_page=100&cursor=v1_5>; rel="next"` }
  const first = [
    delivery(9, 9),
    delivery(8, 8, { event: 'push', action: null, repository_id: 4 }),
    delivery(7, 7, { guid: 'guid-3' }),
  ]
  const second = [delivery(5, 5, { action: 'completed' }), delivery(3, 3), delivery(1, 1)]
  world.api.get('/app/hook/deliveries?per_page=100').reply(200, first, next)
  world.api.get('/app/hook/deliveries?per_page=100&cursor=v1_5').reply(200, second, next)
  for (const id of [9, 3])
    world.api.get(`/app/hook/deliveries/${id}`).reply(200, { request: { payload: { button: id } } })
  const { presses, repositories } = await world.access.webhooksSince(DAY + 2 * 3_600_000)
  assert.deepEqual([...(repositories ?? [])], [4])
  assert.deepEqual(presses, [
    { id: 'guid-3', at: DAY + 3 * 3_600_000, payload: { button: 3 } },
    { id: 'guid-9', at: DAY + 9 * 3_600_000, payload: { button: 9 } },
  ])
})

test('if there are more webhooks than are read, their repositories are unknown', async () => {
  const world = await aGitHub()
  const next = { link: `<${API}/app/hook/deliveries?per_page=100&cursor=more>; rel="next"` }
  const pushes = [delivery(9, 9, { event: 'push', action: null, repository_id: 4 })]
  world.api.get('/app/hook/deliveries').query(true).times(20).reply(200, pushes, next)
  assert.equal((await world.access.webhooksSince(DAY)).repositories, undefined)
})

test('a failed webhook whose work no sweep finds is requested again, but not forever', async () => {
  const world = await aGitHub()
  const rerun = { action: 'rerequested' }
  const again = (guid: string, status_code: number) => ({ ...rerun, guid, status_code })
  world.api
    .get('/app/hook/deliveries?per_page=100')
    .reply(200, [
      delivery(20, 9, again('lost', 503)),
      delivery(19, 9, { event: 'push', action: null, status_code: 503 }),
      delivery(18, 9, again('arrived later', 202)),
      delivery(17, 8, again('lost', 0)),
      delivery(16, 8, again('arrived later', 503)),
      ...[15, 14, 13, 12].map((id) => delivery(id, 7, again('always fails', 503))),
      delivery(11, 7, { event: 'pull_request_review', action: 'submitted', status_code: 502 }),
      delivery(10, 7, { event: 'installation', action: 'created', status_code: 502 }),
      delivery(9, 7, { event: 'installation_repositories', action: 'added', status_code: 502 }),
      delivery(8, 7, { event: 'installation_repositories', action: 'removed', status_code: 502 }),
    ])
  const { lost } = await world.access.webhooksSince(DAY)
  assert.deepEqual(lost, [20, 11, 10, 9])
  world.api.post('/app/hook/deliveries/20/attempts').reply(202, {})
  world.api.post('/app/hook/deliveries/11/attempts').reply(404, { message: 'Not Found' })
  for (const id of [10, 9]) world.api.post(`/app/hook/deliveries/${id}/attempts`).reply(202, {})
  for (const id of lost) await world.access.redeliver(id)
})
