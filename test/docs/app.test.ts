import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Probot } from 'probot'
import { parse } from 'yaml'
import { z } from 'zod'
import { EVENTS } from '../../src/entry/webhook-events.ts'
import { startGitHub } from '../../src/sandbox/github.ts'

const Manifest = z.strictObject({
  name: z.string(),
  url: z.url(),
  description: z.string(),
  public: z.boolean(),
  default_permissions: z.record(z.string(), z.enum(['read', 'write'])),
  default_events: z.array(z.string()),
})

const app = Manifest.parse(parse(readFileSync(new URL('../../app.yml', import.meta.url), 'utf8')))

test('the App subscribes to the events that the code reads, and to no other', () => {
  assert.deepEqual(app.default_events.toSorted(), Object.keys(EVENTS).toSorted())
})

test('the App asks for the permissions that the demo and the tests run with, and for no other', async (t) => {
  const box = await startGitHub()
  t.after(() => box.close())
  const probot = new Probot({ appId: box.appId, privateKey: box.privateKey, baseUrl: `${box.url}/api/v3` })
  const octokit = await probot.auth()
  const { data } = await octokit.request('GET /app')
  const { permissions, events } = z
    .object({ permissions: z.record(z.string(), z.string()), events: z.array(z.string()) })
    .parse(data)
  assert.deepEqual(app.default_permissions, permissions)
  assert.deepEqual(
    app.default_events.filter((event) => !events.includes(event)),
    [],
  )
})

test('the App may neither change workflows nor administer', () => {
  for (const name of ['workflows', 'administration', 'members', 'secrets'])
    assert.equal(app.default_permissions[name], undefined)
})
