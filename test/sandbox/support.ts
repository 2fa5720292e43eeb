/** A sandbox with one repository, and requests to it that are checked against GitHub's own OpenAPI description. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import { startGitHub, type GitHubBox, type GitHubOptions } from '../../src/sandbox/github.ts'
import type { RepositoryView } from '../../src/sandbox/read.ts'

type Json = Record<string, unknown>

export interface Sandbox {
  readonly box: GitHubBox
  readonly repo: RepositoryView
  readonly token: string
}

/** When to close the sandbox: the context of a test, or `after` of a suite. */
export interface Scope {
  readonly after: (close: () => Promise<void>) => void
}

/** alice has write access, bob the role maintain, carol admin, ted triage, rita read. */
export async function aBox(scope: Scope, options: GitHubOptions = {}): Promise<Sandbox> {
  const box = await startGitHub(options)
  scope.after(() => box.close())
  const repo = box.createRepository({
    name: 'infra',
    files: {
      'README.md': '# Infra\n',
      'base/route.yaml': 'weight: 0\n',
      'run.sh': { mode: '100755', contents: 'true\n' },
    },
    roles: { alice: 'write', bob: 'maintain', carol: 'admin', ted: 'triage', rita: 'read' },
  })
  return { box, repo, token: box.installation.token() }
}

export interface Reply {
  readonly status: number
  readonly headers: Headers
  // Tests read answers of every shape.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any
}

/** Sends a request to the REST API. `path`: below `/api/v3`. */
export async function rest(
  box: GitHubBox,
  request: string,
  how: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Reply> {
  const [method = '', path = ''] = request.split(' ')
  const response = await fetch(`${box.url}/api/v3${path}`, {
    method,
    headers: {
      ...(how.token === undefined ? {} : { authorization: `Bearer ${how.token}` }),
      ...how.headers,
    },
    ...(how.body === undefined ? {} : { body: JSON.stringify(how.body) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) }
}

export async function graphql(
  box: GitHubBox,
  token: string,
  ...[query, variables = {}]: [string, Json?]
): Promise<Reply> {
  const response = await fetch(`${box.url}/api/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  })
  return { status: response.status, headers: response.headers, body: await response.json() }
}

export const COMMIT = `mutation ($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid url } }
}`

/** The input of a commit that writes texts. */
export function commitInput(branch: string, expectedHeadOid: string, files: Record<string, string | null>): Json {
  const entries = Object.entries(files)
  return {
    input: {
      branch: { repositoryNameWithOwner: 'acme/infra', branchName: branch },
      message: { headline: 'Set weights', body: 'Because.' },
      expectedHeadOid,
      fileChanges: {
        additions: entries.flatMap(([path, text]) =>
          text === null ? [] : [{ path, contents: Buffer.from(text).toString('base64') }],
        ),
        deletions: entries.flatMap(([path, text]) => (text === null ? [{ path }] : [])),
      },
    },
  }
}

interface Operation {
  readonly responses: Record<string, { $ref?: string; content?: Record<string, { schema: Json }> }>
}

interface Description {
  readonly paths: Record<string, Record<string, Operation>>
  readonly 'x-webhooks': Record<string, { post: { requestBody: { content: Record<string, { schema: Json }> } } }>
  readonly components: {
    readonly schemas: Record<string, Json>
    readonly responses: Record<string, { content?: Record<string, { schema: Json }> }>
  }
}

let description: Description | undefined
function api(): Description {
  const file = 'node_modules/@octokit/openapi/generated/ghes-3.19.json'
  description ??= corrected(JSON.parse(readFileSync(file, 'utf8')) as Description)
  return description
}

/** Corrects mistakes in the description, according to GitHub's other descriptions of the same objects. */
function corrected(raw: Description): Description {
  // An account cannot be both a user and an enterprise, but `GET /app/installations/{installation_id}` says anyOf.
  const installations = { type: 'array', items: { $ref: '#/components/schemas/installation' } }
  raw.paths['/app/installations'] = {
    get: { responses: { 200: { content: { 'application/json': { schema: installations } } } } },
  }
  // A label without a description has null. The schema of a full pull request allows that, and the schema in lists does not.
  const { 'pull-request': full, 'pull-request-simple': simple } = raw.components.schemas
  const [from, to] = [full, simple].map((schema) => schema?.['properties'] as Record<string, unknown>)
  if (from !== undefined && to !== undefined) to['labels'] = from['labels']
  return raw
}

/** Checks an answer against GitHub's description. Fails with all differences. */
export function conforms(route: string, reply: Pick<Reply, 'status' | 'body'>): void {
  const [method = '', path = ''] = route.split(' ')
  const operation = api().paths[path]?.[method.toLowerCase()]
  assert.ok(operation, `GitHub has no ${route}`)
  const documented = operation.responses[String(reply.status)]
  assert.ok(documented, `GitHub does not document ${String(reply.status)} for ${route}: ${JSON.stringify(reply.body)}`)
  const name = documented.$ref?.split('/').at(-1)
  const response = name === undefined ? documented : api().components.responses[name]
  const schema = response?.content?.['application/json']?.schema
  if (schema === undefined) return
  check(schema, reply.body, `${route} ${String(reply.status)}`)
}

/** Checks a webhook against GitHub's description. `name`: for example `issue-comment-created`. */
export function webhookConforms(name: string, payload: unknown): void {
  const described = api()['x-webhooks'][name]
  assert.ok(described, `GitHub does not describe ${name}`)
  check(described.post.requestBody.content['application/json']?.schema ?? {}, payload, name)
}

function check(schema: Json, value: unknown, what: string): void {
  const validate = validator(schema)
  if (validate(value)) return
  const errors = (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${String(message)} ${JSON.stringify(params)}`,
  )
  assert.fail(`${what}:\n${[...new Set(errors)].slice(0, 20).join('\n')}`)
}

const known = new Map<string, ValidateFunction>()

/** Compiles only the schemas that one answer needs. */
function validator(schema: Json): ValidateFunction {
  const key = JSON.stringify(schema)
  const cached = known.get(key)
  if (cached !== undefined) return cached
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true })
  addFormats.default(ajv)
  // GitHub describes fields as `uri` that are empty strings if they are not set.
  ajv.addFormat('uri', (text: string) => text === '' || URL.canParse(text))
  const definitions: Record<string, unknown> = {}
  const top = translate(schema, definitions)
  const compiled = ajv.compile({ ...(top as Json), definitions })
  known.set(key, compiled)
  return compiled
}

/** Converts OpenAPI 3.0 to JSON Schema: `nullable`, and references to components. */
function translate(node: unknown, definitions: Record<string, unknown>): unknown {
  if (Array.isArray(node)) return node.map((item) => translate(item, definitions))
  if (typeof node !== 'object' || node === null) return node
  const { nullable, example: _, examples: __, ...rest } = node as Json
  if (typeof rest['$ref'] === 'string') {
    const name = rest['$ref'].split('/').at(-1) ?? ''
    if (!Object.hasOwn(definitions, name)) {
      definitions[name] = true
      definitions[name] = translate(api().components.schemas[name], definitions)
    }
    return { $ref: `#/definitions/${name}` }
  }
  // The list of events in the description is older than the current merge queue.
  if (Array.isArray(rest['enum']) && rest['enum'].includes('merge_queue_entry'))
    rest['enum'] = [...new Set([...rest['enum'], 'merge_group'])]
  const plain = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, translate(value, definitions)]))
  return nullable === true ? { anyOf: [{ type: 'null' }, plain] } : plain
}
