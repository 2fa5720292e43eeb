import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Probot } from 'probot'
import { parse } from 'yaml'
import * as z from 'zod'
import { EVENTS, INSTALLATION_EVENTS } from '../../src/entry/edge/webhook-events.ts'
import { startGitHub } from '../../src/sandbox/github.ts'
import { KEY_OF_PERMISSION, PERMISSION_OF_EVENT } from './webhook-reference.ts'

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
  const unasked: readonly string[] = INSTALLATION_EVENTS
  const read = Object.keys(EVENTS).filter((name) => !unasked.includes(name))
  assert.deepEqual(app.default_events.toSorted(), read.toSorted())
})

/** The permission that GitHub requires for an event, with its name in manifests. */
function neededFor(event: string): string {
  const key = KEY_OF_PERMISSION[PERMISSION_OF_EVENT[event] ?? '']
  assert.ok(key, `look up ${event} in GitHub's webhook reference`)
  return key
}

test('GitHub accepts the App: it has the permission for every event', () => {
  for (const event of app.default_events) assert.ok(app.default_permissions[neededFor(event)], `${event} is refused`)
  // GitHub's reference words the levels differently: a check's buttons and "Re-run" need write.
  assert.equal(app.default_permissions['checks'], 'write')
})

test('the page on installing names every permission and every event of the App', () => {
  const readme = readFileSync(new URL('../../docs/deploy/README.md', import.meta.url), 'utf8')
  const [, section = ''] = /### By hand\n([\s\S]*?)\n## /.exec(readme) ?? []
  const words = section.replace(/\s+/g, ' ')
  for (const event of app.default_events) {
    assert.match(words, new RegExp(event.replaceAll('_', ' '), 'i'))
    const permission = PERMISSION_OF_EVENT[event] ?? ''
    assert.ok(words.includes(permission), permission)
  }
})

test('the sandbox refuses the events that GitHub refuses, in its words', async (t) => {
  const box = await startGitHub()
  t.after(() => box.close())
  const all = Object.fromEntries(Object.values(KEY_OF_PERMISSION).map((key) => [key, 'read'] as const))
  for (const event of Object.keys(PERMISSION_OF_EVENT)) {
    const { [neededFor(event)]: _, ...permissions } = all
    const register = (): unknown => box.addApp({ slug: 'other', permissions, events: [event] })
    assert.throws(register, { message: `Default events are not supported by permissions: ${event}` })
  }
  const automatic = ['push', 'installation', 'installation_repositories']
  assert.throws(
    () => box.addApp({ slug: 'other', permissions: all, events: automatic }),
    /Default events unsupported: installation and installation_repositories\n/,
  )
  box.addApp({ slug: 'like-ours', permissions: app.default_permissions, events: app.default_events })
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
