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
  /** The address at which people and GitHub reach the service. */
  readonly serviceUrl: URL
  /** The address to which GitHub sends the browser after the registration. */
  readonly redirectUrl: string
}

/** The address for GitHub's webhooks. */
export function webhookUrl({ serviceUrl }: Pick<AppAddresses, 'serviceUrl'>): string {
  return `${withoutSlash(serviceUrl)}/api/github/webhooks`
}

/** The manifest for GitHub: app.yml, plus the addresses of this installation. */
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
