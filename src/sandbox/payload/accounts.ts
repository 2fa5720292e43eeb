/** Accounts, Apps and installations. */
import type { Account, App, Author, Installation, Repository } from '../state/types.ts'
import { isAtLeast, roleOf, type Json, type World } from '../state/world.ts'
import { api, html, nodeId, time, timeOrNull } from './links.ts'

export function accountPayload(world: World, account: Account): Json {
  const name = encodeURIComponent(account.login)
  const url = api(world, `/users/${name}`)
  return {
    login: account.login,
    id: account.id,
    node_id: nodeId({ User: 'U', Bot: 'BOT', Organization: 'O' }[account.type], account.id),
    avatar_url: html(world, `/avatars/u/${String(account.id)}`),
    gravatar_id: '',
    url,
    html_url: html(world, account.type === 'Bot' ? `/apps/${account.login.replace('[bot]', '')}` : `/${name}`),
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: account.type,
    site_admin: false,
  }
}

/** The short form that webhooks have next to the repository. */
export function organizationPayload(world: World, account: Account): Json {
  const url = api(world, `/orgs/${account.login}`)
  return {
    login: account.login,
    id: account.id,
    node_id: nodeId('O', account.id),
    url,
    repos_url: `${url}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    avatar_url: html(world, `/avatars/u/${String(account.id)}`),
    description: '',
  }
}

export function appPayload(world: World, app: App): Json {
  return {
    id: app.id,
    slug: app.slug,
    node_id: nodeId('A', app.id),
    client_id: app.clientId,
    owner: accountPayload(world, app.owner),
    name: app.name,
    description: app.description,
    external_url: app.externalUrl,
    html_url: html(world, `/apps/${app.slug}`),
    created_at: time(app.createdAt),
    updated_at: time(app.createdAt),
    permissions: app.permissions,
    events: app.events,
  }
}

/** `performed_via_github_app`: null for actions of people. */
export function viaApp(world: World, author: Author): Json | null {
  return author.app === undefined ? null : appPayload(world, author.app)
}

export function installationPayload(world: World, installation: Installation): Json {
  const { account, app, suspended } = installation
  return {
    id: installation.id,
    client_id: app.clientId,
    account: accountPayload(world, account),
    repository_selection: installation.repositories === 'all' ? 'all' : 'selected',
    access_tokens_url: api(world, `/app/installations/${String(installation.id)}/access_tokens`),
    repositories_url: api(world, '/installation/repositories'),
    html_url: html(world, `/organizations/${account.login}/settings/installations/${String(installation.id)}`),
    app_id: app.id,
    app_slug: app.slug,
    target_id: account.id,
    target_type: account.type,
    permissions: installation.permissions,
    events: app.events,
    created_at: time(installation.createdAt),
    updated_at: time(installation.createdAt),
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: suspended === undefined ? null : accountPayload(world, suspended.by),
    suspended_at: timeOrNull(suspended?.at),
  }
}

/**
 * GitHub's name for the relation of an author to a repository. It must not be used for authorisation, because it leaves out
 * private members.
 */
export function associationOf(repo: Repository, account: Account): string {
  if (repo.owner.id === account.id) return 'OWNER'
  if (isAtLeast(roleOf(repo, account), 'write')) return 'COLLABORATOR'
  const hasMerged = [...repo.pulls.values()].some(
    (pull) => pull.merged !== undefined && pull.author.account === account,
  )
  return hasMerged ? 'CONTRIBUTOR' : 'NONE'
}
