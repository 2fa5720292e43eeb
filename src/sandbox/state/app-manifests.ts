/**
 * Registers an App from a manifest. https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
 *
 * A person submits the manifest on GitHub's own page, and GitHub redirects the browser back with a code. Within an hour, the App's
 * credentials can be fetched once with that code.
 */
import { randomBytes } from 'node:crypto'
import * as z from 'zod'
import { notFound, Refusal } from './refusal.ts'
import type { Account, PendingApp } from './types.ts'
import { addAccount, addApp, type World } from './world.ts'

const Manifest = z.object({
  name: z.string().min(1).max(34),
  url: z.url(),
  hook_attributes: z.object({ url: z.url(), active: z.boolean().default(true) }).optional(),
  redirect_url: z.url().optional(),
  description: z.string().default(''),
  public: z.boolean().default(true),
  default_events: z.array(z.string()).default([]),
  default_permissions: z.record(z.string(), z.enum(['read', 'write', 'admin'])).default({}),
})

const HOUR_MS = 3_600_000

/** The pages that accept manifests, for a person's account and for an organization. */
const PAGE = /^\/(?:organizations\/([\w-]+)\/)?settings\/apps\/new$/

/**
 * The address to which GitHub redirects the browser after somebody presses "Create GitHub App" on the page of a form with this
 * `action`.
 */
export function submitManifest(
  world: World,
  form: { readonly action: string; readonly manifest: string },
  by: Account,
): string {
  const action = new URL(form.action)
  const page = action.origin === world.origin ? PAGE.exec(action.pathname) : null
  if (page === null) throw new Refusal(404, `There is no page ${form.action}`)
  const manifest = Manifest.parse(JSON.parse(form.manifest))
  const hook = manifest.hook_attributes
  const app = addApp(world, {
    slug: slugOf(manifest.name),
    name: manifest.name,
    description: manifest.description,
    externalUrl: manifest.url,
    owner: page[1] === undefined ? by : addAccount(world, page[1], 'Organization'),
    permissions: { metadata: 'read', ...manifest.default_permissions },
    events: manifest.default_events,
    webhookSecret: hook === undefined ? '' : randomBytes(20).toString('hex'),
    webhookUrl: hook?.url,
  })
  const code = randomBytes(20).toString('hex')
  const clientSecret = randomBytes(20).toString('hex')
  world.pendingApps.set(code, { app, clientSecret, expiresAt: world.now() + HOUR_MS })
  const back = new URL(manifest.redirect_url ?? manifest.url)
  back.searchParams.set('code', code)
  const state = action.searchParams.get('state')
  if (state !== null) back.searchParams.set('state', state)
  return back.href
}

/** Returns the credentials once. */
export function convertManifest(world: World, code: string): PendingApp {
  const pending = world.pendingApps.get(code)
  world.pendingApps.delete(code)
  if (pending === undefined || pending.expiresAt <= world.now()) throw notFound()
  return pending
}

function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z\d]+/g, '-')
    .replaceAll(/^-|-$/g, '')
}
