import { Probot, ProbotOctokit } from 'probot'
import * as z from 'zod'
import { activity } from '../../adapters/github/activity.ts'
import { branches } from '../../adapters/github/branches.ts'
import { checks } from '../../adapters/github/checks.ts'
import { type ApiClient, type Client, type Octokit, outage } from '../../adapters/github/client/client.ts'
import { watchLimits, watchRequests } from '../../adapters/github/client/watch-requests.ts'
import { commandRecords } from '../../adapters/github/command-records.ts'
import { conversation } from '../../adapters/github/conversation.ts'
import { issues } from '../../adapters/github/issues.ts'
import { deployments } from '../../adapters/github/reporting/deployments.ts'
import { type LoggedWebhooks, loggedWebhooks, redeliver } from '../../adapters/github/deliveries.ts'
import { identify, type NamedPlace, placeNamed } from '../../adapters/github/installations.ts'
import { mergeQueue } from '../../adapters/github/merge-queue.ts'
import { people } from '../../adapters/github/people.ts'
import { protections } from '../../adapters/github/protections.ts'
import { pullRequests } from '../../adapters/github/pull-requests.ts'
import { type AppIdentity } from '../../adapters/github/schema.ts'
import { canaryChecks } from '../../adapters/github/reporting/canary-checks.ts'
import { reports } from '../../adapters/github/reporting/reports.ts'
import { signals } from '../../adapters/github/reporting/signals.ts'
import { everyRepository, type ListedPlace, pulsesIn } from './repositories.ts'
import { fetchByGitHubsClock } from './app-clock.ts'
import type { Clock } from '../../ports/clock.ts'
import type { GitHubPorts } from '../../ports/github-ports.ts'
import { type Meter, UNWATCHED } from '../../ports/meter.ts'
import type { RepositoryRef } from '../../flows/tasks/tasks.ts'
import type { Logger } from 'pino'

const Token = z.object({ token: z.string(), permissions: z.record(z.string(), z.string()).optional() })

export interface GitHubAccess {
  portsFor(place: RepositoryRef): Promise<GitHubPorts>
  /** Finds a repository by its name alone; undefined if Perch is not installed on it. */
  placeOf(owner: string, name: string): Promise<NamedPlace | undefined>
  /** An installation's token for Git, from Probot's cache while it is valid. `refused`: a token that is no longer valid. */
  tokenFor(installation: number, refused?: string): Promise<string>
  /** Whether an installation still grants the App the permission to read contents. A new token says so. */
  mayReadContents(installation: number): Promise<boolean>
  /** What GitHub's log contains about webhooks since a moment. */
  webhooksSince(moment: number): Promise<LoggedWebhooks>
  /** Asks GitHub to send a webhook again. */
  redeliver(delivery: number): Promise<void>
  everyRepository(): Promise<readonly ListedPlace[]>
  /** The last changes in each of these repositories (`adapters/github/pulses.ts`), by its number. */
  pulses(places: readonly ListedPlace[]): Promise<ReadonlyMap<number, string>>
}

export interface AppCredentials {
  readonly appId: number
  readonly privateKey: string
  readonly webhookSecret: string
  readonly apiUrl: string
}

interface Parts {
  readonly log: Logger
  readonly clock: Clock
  readonly meter?: Meter
}

export function openGitHub(app: AppCredentials, { log, clock, meter = UNWATCHED }: Parts): GitHubAccess {
  const probot = openProbot(app, log, meter)
  const clients = new Map<number, Promise<Octokit>>()
  let identity: Promise<AppIdentity> | undefined

  function octokitFor(installation: number): Promise<Octokit> {
    const opened = async (): Promise<Octokit> => watchLimits(await probot.auth(installation), installation, meter)
    const known = clients.get(installation) ?? opened()
    clients.set(installation, known)
    return known
  }

  const clientFor = async (installation: number): Promise<ApiClient> => ({
    octokit: await octokitFor(installation),
    clock,
  })
  // One client for all requests, so that its cached answers are reused.
  let own: Promise<Octokit> | undefined
  const asApp = async (): Promise<ApiClient> => ({ octokit: await (own ??= probot.auth()), clock })

  function whoAmI(): Promise<AppIdentity> {
    identity ??= asApp().then((client) => identify(client, app.appId))
    // If GitHub cannot be reached yet, that must not be cached as the answer.
    identity.catch(() => (identity = undefined))
    return identity
  }

  async function installationToken(installationId: number, how?: { refresh: boolean }): Promise<z.infer<typeof Token>> {
    const octokit = await octokitFor(installationId)
    try {
      return Token.parse(await octokit.auth({ type: 'installation', installationId, ...how }))
    } catch (error) {
      throw outage(error, { route: 'POST /app/installations/{installation_id}/access_tokens' }, clock)
    }
  }

  return {
    async portsFor({ installation, repo }) {
      const client: Client = { ...(await clientFor(installation)), repo, app: await whoAmI() }
      return portsOf(client)
    },
    placeOf: async (owner, name) => placeNamed(await asApp(), clientFor, { owner, repo: name }),
    async tokenFor(installation, refused) {
      const { token } = await installationToken(installation)
      return token === refused ? (await installationToken(installation, { refresh: true })).token : token
    },
    async mayReadContents(installation) {
      const { permissions } = await installationToken(installation, { refresh: true })
      return permissions?.['contents'] !== undefined
    },
    ...webhookLog(asApp),
    everyRepository: () => everyRepository({ asApp, clientFor, log }),
    pulses: (places) => pulsesIn(places, { clientFor, log }),
  }
}

function portsOf(client: Client): GitHubPorts {
  return {
    botLogin: client.app.login,
    pulls: pullRequests(client),
    conversation: conversation(client),
    checks: checks(client),
    branches: branches(client),
    activity: activity(client),
    records: commandRecords(client),
    people: people(client),
    protections: protections(client),
    queue: mergeQueue(client),
    signals: signals(client),
    deployments: deployments(client),
    issues: issues(client),
    reports: reports(client),
    canaryChecks: canaryChecks(client),
  }
}

/** Probot for authentication and events. Its own retries and throttling are off, because the queue does that. */
function openProbot(app: AppCredentials, log: Logger, meter: Meter): Probot {
  return new Probot({
    appId: app.appId,
    privateKey: app.privateKey,
    secret: app.webhookSecret,
    baseUrl: app.apiUrl,
    log,
    request: { fetch: watchRequests(fetchByGitHubsClock(app), meter) },
    Octokit: ProbotOctokit.defaults(({ auth, ...options }: { auth: { request: Octokit['request'] } }) => ({
      ...options,
      // Otherwise, tokens that we request explicitly (`tokenFor`) would always come from api.github.com.
      auth: { ...auth, request: auth.request.defaults({ baseUrl: app.apiUrl }) },
      retry: { enabled: false },
      throttle: { enabled: false },
    })),
  })
}

function webhookLog(asApp: () => Promise<ApiClient>): Pick<GitHubAccess, 'webhooksSince' | 'redeliver'> {
  return {
    webhooksSince: async (moment) => loggedWebhooks(await asApp(), moment),
    redeliver: async (delivery) => redeliver(await asApp(), delivery),
  }
}
