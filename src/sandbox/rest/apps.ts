/** The App, its installations with their tokens, and its deliveries. https://docs.github.com/rest/apps */
import * as z from 'zod'
import { accountPayload, appPayload, installationPayload } from '../payload/accounts.ts'
import { time } from '../payload/links.ts'
import { fullRepository, repositoryPayload } from '../payload/repositories.ts'
import { convertManifest } from '../state/app-manifests.ts'
import { notFound, Refusal } from '../state/refusal.ts'
import type { Actor, App, Installation, Permissions, Repository } from '../state/types.ts'
import {
  covers,
  findAccount,
  findMoved,
  findRepository,
  followRename,
  isAtLeast,
  roleOf,
  type Json,
  type World,
} from '../state/world.ts'
import { mintToken, permissionsOf as permissionsOfToken, permits, reaches } from '../wire/auth.ts'
import { page } from './paging.ts'
import {
  appRoute,
  bodyOf,
  find,
  idOf,
  installationRoute,
  openRoute,
  redirect,
  repoRoute,
  type Answer,
  type Call,
  type Route,
} from './route.ts'

const TokenBody = z.object({
  repositories: z.array(z.string()).max(500).optional(),
  repository_ids: z.array(z.number().int()).max(500).optional(),
  permissions: z.record(z.string(), z.enum(['read', 'write', 'admin'])).optional(),
})

function ownInstallation(call: Call, app: App): Installation {
  const installation = find(call.world.installations, idOf(call, 'installation_id'))
  if (installation.app !== app) throw notFound()
  return installation
}

function installationsOf(world: World, app: App): Installation[] {
  return [...world.installations.values()].filter((one) => one.app === app)
}

function createToken(call: Call, app: App): Answer {
  const { world } = call
  const installation = ownInstallation(call, app)
  if (installation.suspended !== undefined) throw new Refusal(403, 'This installation has been suspended')
  const body = bodyOf(call, TokenBody)
  const repositories = chosenRepositories(world, installation, body)
  const permissions = narrowed(installation.permissions, body.permissions)
  const ids = repositories === undefined ? undefined : new Set(repositories.map((repo) => repo.id))
  const token = mintToken(world, { installation, repositories: ids, permissions })
  const answer: Json = {
    token: token.token,
    expires_at: time(token.expiresAt),
    permissions,
    repository_selection: ids === undefined && installation.repositories === 'all' ? 'all' : 'selected',
  }
  if (repositories !== undefined) answer['repositories'] = repositories.map((repo) => repositoryPayload(world, repo))
  return { status: 201, body: answer }
}

function chosenRepositories(
  world: World,
  installation: Installation,
  wish: { repositories?: string[] | undefined; repository_ids?: number[] | undefined },
): Repository[] | undefined {
  if (wish.repositories === undefined && wish.repository_ids === undefined) return undefined
  const named = (wish.repositories ?? []).map((name) => findRepository(world, `${installation.account.login}/${name}`))
  const numbered = (wish.repository_ids ?? []).map((id) =>
    [...world.repositories.values()].find((one) => one.id === id),
  )
  return [...named, ...numbered].map((repo) => {
    if (repo !== undefined && covers(installation, repo)) return repo
    throw new Refusal(
      422,
      'There is at least one repository that does not exist or is not accessible to the parent installation.',
    )
  })
}

function narrowed(granted: Permissions, wanted: Permissions | undefined): Permissions {
  if (wanted === undefined) return granted
  const holds = Object.entries(wanted).every(([name, level]) =>
    permits(granted, [`${name}:${level === 'read' ? 'read' : 'write'}`]),
  )
  if (!holds) throw new Refusal(422, 'The permissions requested are not granted to this installation.')
  return { metadata: 'read', ...wanted }
}

function listDeliveries(call: Call, app: App): Answer {
  const size = Math.min(Number(call.query.get('per_page') ?? 30) || 30, 100)
  const cursor = call.query.get('cursor')
  const mine = call.webhooks.deliveries.filter((one) => one.app === app && one.status !== '').toReversed()
  const start = cursor === null ? 0 : mine.findIndex((one) => `v1_${String(one.id)}` === cursor)
  if (start === -1) throw new Refusal(400, 'Invalid cursor')
  const shown = mine.slice(start, start + size)
  const next = mine[start + size]
  const query = new URLSearchParams({ per_page: String(size), cursor: `v1_${String(next?.id ?? '')}` })
  const link = `<${call.world.origin}/api/v3${call.path}?${query.toString()}>; rel="next"`
  return { status: 200, body: shown.map(deliveryItem), headers: next === undefined ? {} : { link } }
}

type Delivery = Call['webhooks']['deliveries'][number]

function deliveryItem(delivery: Delivery): Json {
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: time(delivery.deliveredAt),
    redelivery: delivery.isRedelivery,
    duration: Number(delivery.duration.toFixed(2)),
    status: delivery.status,
    status_code: delivery.statusCode,
    event: delivery.event,
    action: delivery.action,
    installation_id: delivery.installationId,
    repository_id: delivery.repositoryId,
    throttled_at: null,
  }
}

function ownDelivery(call: Call, app: App): Delivery {
  const id = idOf(call, 'delivery_id')
  const delivery = call.webhooks.deliveries.find((one) => one.id === id && one.app === app)
  if (delivery === undefined) throw notFound()
  return delivery
}

function getDelivery(call: Call, app: App): Answer {
  const delivery = ownDelivery(call, app)
  const body = {
    ...deliveryItem(delivery),
    url: delivery.app.hook.url ?? '',
    request: { headers: delivery.requestHeaders, payload: delivery.payload },
    response: { headers: delivery.responseHeaders, payload: delivery.responseBody },
  }
  return { status: 200, body }
}

function repositoryInstallation(call: Call, app: App): Answer {
  const fullName = `${call.params['owner'] ?? ''}/${call.params['repo'] ?? ''}`
  const repo = followRename(call.world, fullName)
  const found = repo && installationsOf(call.world, app).find((one) => covers(one, repo))
  if (repo === undefined || found === undefined) throw notFound()
  if (findMoved(call.world, fullName) !== undefined) return redirect(call, { repo, isRead: true })
  return { status: 200, body: installationPayload(call.world, found) }
}

/** The permissions of the client, in the form of the repository object. */
function permissionsOf(actor: Actor, repo: Repository): Json {
  const may = (role: 'admin' | 'maintain' | 'write' | 'triage' | 'read'): boolean => {
    if (actor.kind === 'person') return isAtLeast(roleOf(repo, actor.account), role)
    const need = role === 'read' ? 'metadata:read' : role === 'write' ? 'contents:write' : 'administration:write'
    return (
      actor.kind === 'installation' && reaches(actor.token, repo) && permits(permissionsOfToken(actor.token), [need])
    )
  }
  return {
    admin: may('admin'),
    maintain: may('maintain'),
    push: may('write'),
    triage: may('triage'),
    pull: may('read'),
  }
}

/**
 * The legacy `permission` has four levels.
 * https://docs.github.com/rest/collaborators/collaborators#get-repository-permissions-for-a-user
 */
const LEGACY = {
  none: 'none',
  read: 'read',
  triage: 'read',
  write: 'write',
  maintain: 'write',
  admin: 'admin',
} as const

function collaboratorPermission(call: Call, repo: Repository): Answer {
  const account = findAccount(call.world, call.params['username'] ?? '')
  if (account === undefined) throw notFound()
  const role = roleOf(repo, account)
  const legacy = LEGACY[role]
  const permissions = permissionsOf({ kind: 'person', account }, repo)
  const user = { ...accountPayload(call.world, account), permissions, role_name: role }
  return { status: 200, body: { permission: legacy, user, role_name: role } }
}

/** Needs no credentials, because the code itself authorizes the request. */
function convert(call: Call): Answer {
  const { app, clientSecret } = convertManifest(call.world, call.params['code'] ?? '')
  const { clientId: client_id, privateKey: pem, hook } = app
  const webhook_secret = hook.secret === '' ? null : hook.secret
  const body = { ...appPayload(call.world, app), client_id, client_secret: clientSecret, webhook_secret, pem }
  return { status: 201, body }
}

const REPO = '/repos/{owner}/{repo}'

export const APP_ROUTES: readonly Route[] = [
  appRoute('GET /app', ({ world }, app) => {
    const body = { ...appPayload(world, app), installations_count: installationsOf(world, app).length }
    return { status: 200, body }
  }),
  appRoute('GET /app/installations', (call, app) =>
    page(call, installationsOf(call.world, app), { render: (one) => installationPayload(call.world, one) }),
  ),
  appRoute('GET /app/installations/{installation_id}', (call, app) => ({
    status: 200,
    body: installationPayload(call.world, ownInstallation(call, app)),
  })),
  appRoute('POST /app/installations/{installation_id}/access_tokens', createToken),
  appRoute('GET /app/hook/deliveries', listDeliveries),
  appRoute('GET /app/hook/deliveries/{delivery_id}', getDelivery),
  appRoute('POST /app/hook/deliveries/{delivery_id}/attempts', (call, app) => {
    call.webhooks.redeliver(ownDelivery(call, app).id)
    return { status: 202, body: {} }
  }),
  appRoute(`GET ${REPO}/installation`, repositoryInstallation),
  installationRoute('GET /installation/repositories', (call, token) => {
    const repos = [...call.world.repositories.values()].filter((repo) => reaches(token, repo))
    const selection = token.repositories === undefined ? 'all' : 'selected'
    return page(call, repos, {
      render: (repo) => ({ ...repositoryPayload(call.world, repo), permissions: permissionsOf(call.actor, repo) }),
      wrap: (repositories, total) => ({ total_count: total, repository_selection: selection, repositories }),
    })
  }),
  openRoute('POST /app-manifests/{code}/conversions', convert),
  openRoute('GET /rate_limit', (call) => ({ status: 200, body: call.limits.overview(call.actor) })),
  repoRoute(`GET ${REPO}`, { needs: ['metadata:read'] }, (call, repo) => ({
    status: 200,
    body: fullRepository(call.world, repo, permissionsOf(call.actor, repo)),
  })),
  repoRoute(
    `GET ${REPO}/collaborators/{username}/permission`,
    { needs: ['metadata:read'], role: 'write' },
    collaboratorPermission,
  ),
]
