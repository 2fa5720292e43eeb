import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { afterEach } from 'node:test'
import nock from 'nock'
import { pino } from 'pino'
import { type GitHubAccess, openGitHub } from '../../../src/entry/github/github.ts'
import type { GitHubPorts } from '../../../src/ports/github-ports.ts'

/** A GitHub whose answers a test scripts, request by request, for answers that the sandbox never gives. */
export const API = 'https://api.github.test'

/** A secret that only GitHub and Perch may ever see. */
export const TOKEN = 'ghs_16C7e42F292c6912E7710c838347Ae178B4a'

export const SHA = 'a'.repeat(40)
export const OTHER_SHA = 'b'.repeat(40)

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})

interface Sent {
  readonly method: string
  readonly host: string
  /** Path and query. */
  readonly path: string
  readonly body: unknown
  readonly authorization: string
}

/** All requests to the network, in order. nock sees only those that it expects. */
const sent: Sent[] = []
const unexpected: string[] = []

nock.disableNetConnect()
nock.emitter.on('no match', () => {
  const last = sent.at(-1)
  // A server that the test itself started is expected.
  if (last?.host !== '127.0.0.1') unexpected.push(`${last?.method} ${last?.host}${last?.path}`)
})
const fetchByNock = globalThis.fetch
globalThis.fetch = (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input)
  sent.push({
    method: init?.method ?? 'GET',
    host: url.hostname,
    path: url.pathname + url.search,
    body: typeof init?.body === 'string' ? JSON.parse(init.body) : undefined,
    authorization: new Headers(init?.headers).get('authorization') ?? '',
  })
  return fetchByNock(input, init)
}

afterEach(() => {
  const [left, strangers] = [nock.pendingMocks(), unexpected.splice(0)]
  nock.abortPendingRequests()
  nock.cleanAll()
  sent.length = 0
  assert.deepEqual(left, [], 'every scripted answer was asked for')
  assert.deepEqual(strangers, [], 'nothing was asked that the test does not know of')
})

export interface GitHubWorld extends GitHubPorts {
  readonly access: GitHubAccess
  readonly api: nock.Scope
  /** All requests except those for tokens and for Perch's own identity. */
  asked(): readonly Sent[]
  /** How often an installation token was requested. */
  tokensTaken(): number
  /** The whole log, at all levels. */
  logged(): string
}

export const PLACE = { installation: 5, repo: { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'main' } } as const

interface Where {
  readonly apiUrl?: string
  /** False if a server of the test gives tokens and Perch's identity. */
  readonly isScripted?: boolean
}

/** Perch's real client: a key, a token, and Probot's Octokit with all its plugins. */
export async function aGitHub(options: Where = {}): Promise<GitHubWorld> {
  const { access, api, logged } = anApp(options)
  const { pathname } = new URL(options.apiUrl ?? API)
  const base = pathname === '/' ? '' : pathname
  if (options.isScripted !== false) {
    api.get(`${base}/app`).reply(200, { id: 7, slug: 'perch' })
    grantToken(api, base)
  }
  const ports = await access.portsFor(PLACE)
  return {
    ...ports,
    access,
    api,
    asked: () => sent.filter(({ path }) => path !== `${base}/app` && !path.endsWith('/access_tokens')),
    tokensTaken: () => sent.filter(({ path }) => path.endsWith('/access_tokens')).length,
    logged,
  }
}

export function anApp(options: Where = {}): Pick<GitHubWorld, 'access' | 'api' | 'logged'> {
  const apiUrl = options.apiUrl ?? API
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  const app = { appId: 7, privateKey, webhookSecret: 'a webhook secret', apiUrl }
  const access = openGitHub(app, { log, clock: { now: () => Date.now() } })
  return { access, api: nock(new URL(apiUrl).origin), logged: () => lines.join('') }
}

/** Answers every token request. `tokensTaken` counts them. */
export function grantToken(api: nock.Scope, base = '', installation = 5): void {
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString()
  api
    .persist()
    .post(`${base}/app/installations/${installation}/access_tokens`)
    .optionally()
    .reply(201, { token: TOKEN, expires_at: inAnHour, permissions: {}, repository_selection: 'all' })
  api.persist(false)
}

export const REPO = '/repos/acme/gitops'

export function anAccount(login: string, type = 'User'): Readonly<Record<string, unknown>> {
  return { id: 1, login, type }
}

/** A pull request in GitHub's REST API, with the fields that Perch reads and some that it does not. */
export function aPull(fields: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    url: `${API}${REPO}/pulls/3`,
    id: 900,
    number: 3,
    state: 'open',
    locked: false,
    draft: false,
    title: 'Bring 2.0',
    user: anAccount('mona'),
    head: { label: 'acme:feature', ref: 'feature', sha: SHA, user: anAccount('acme'), repo: { id: 1 } },
    base: {
      label: 'acme:main',
      ref: 'main',
      sha: OTHER_SHA,
      user: anAccount('acme'),
      repo: { id: 1, default_branch: 'main' },
    },
    merged_at: null,
    merge_commit_sha: 'c'.repeat(40),
    labels: [{ id: 5, name: 'canary' }],
    assignees: [anAccount('mona'), { ...anAccount('copilot'), type: 'Bot' }],
    created_at: '2026-03-01T10:00:00Z',
    closed_at: null,
    ...fields,
  }
}

export function aComment(fields: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    id: 70,
    body: '/canary 25',
    user: anAccount('mona'),
    created_at: '2026-03-01T10:00:00Z',
    updated_at: '2026-03-01T10:00:00Z',
    issue_url: `${API}${REPO}/issues/3`,
    author_association: 'MEMBER',
    performed_via_github_app: null,
    ...fields,
  }
}

/** A comment in GraphQL. */
export function aWrittenComment(fields: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    fullDatabaseId: '70',
    body: '/canary 25',
    createdAt: '2026-03-01T10:00:00Z',
    lastEditedAt: null,
    includesCreatedEdit: false,
    viewerDidAuthor: false,
    author: { kind: 'User', login: 'mona' },
    ...fields,
  }
}

/** A page of comments. `after`: there is another page. */
export function aConversation(
  nodes: readonly Readonly<Record<string, unknown>>[],
  after?: string,
): Readonly<Record<string, unknown>> {
  const pageInfo = { hasNextPage: after !== undefined, endCursor: after ?? null }
  return { data: { repository: { pullRequest: { comments: { nodes, pageInfo } } } } }
}

export function aCheckRun(fields: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    id: 40,
    name: 'canary/gate',
    head_sha: SHA,
    status: 'completed',
    conclusion: 'success',
    app: { id: 7, slug: 'perch' },
    output: { title: 'Green', summary: 'All gates pass.', text: null, annotations_count: 0 },
    ...fields,
  }
}
