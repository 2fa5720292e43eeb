import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import * as z from 'zod'

const AppFile = z.object({
  name: z.string(),
  url: z.string(),
  description: z.string(),
  public: z.boolean(),
  default_permissions: z.record(z.string(), z.string()),
  default_events: z.array(z.string()),
})

export interface AppAddresses {
  /** Where people and GitHub reach the service. */
  readonly serviceUrl: URL
  /** Where GitHub sends the browser when the App is registered. */
  readonly redirectUrl: string
}

/** Where GitHub is to send webhooks. */
export function webhookUrl({ serviceUrl }: Pick<AppAddresses, 'serviceUrl'>): string {
  return `${withoutSlash(serviceUrl)}/api/github/webhooks`
}

/** The manifest that GitHub is sent: app.yml, and the addresses of this installation. */
export function appManifest(addresses: AppAddresses, name?: string): string {
  const app = AppFile.parse(parse(readFileSync(new URL('../../../app.yml', import.meta.url), 'utf8')))
  return JSON.stringify({
    ...app,
    name: name ?? app.name,
    url: withoutSlash(addresses.serviceUrl),
    hook_attributes: { url: webhookUrl(addresses), active: true },
    redirect_url: addresses.redirectUrl,
  })
}

function withoutSlash({ origin, pathname }: URL): string {
  return origin + pathname.replace(/\/+$/, '')
}
