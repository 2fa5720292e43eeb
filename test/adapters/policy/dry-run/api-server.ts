/** A temporary API server for the tests: the machine's own kube-apiserver on the machine's own etcd. */
import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../free-port.ts'

export interface ApiServerProcess {
  readonly url: string
  /** PEM: the certificate of the server, and of everything that is started with it. */
  readonly certificate: string
  readonly key: string
  /** A request as an administrator. */
  ask(method: string, path: string, body?: unknown, options?: AskOptions): Promise<ServerSaid>
  /** The keys that etcd has below a prefix. */
  keys(prefix: string): Promise<readonly string[]>
  stop(): Promise<void>
}

interface AskOptions {
  readonly token?: string
  readonly type?: string
}

interface ServerSaid {
  readonly code: number
  readonly body: string
}

const FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/bin', '/usr/bin']
const [apiServer, etcd] = ['kube-apiserver', 'etcd'].map((name) =>
  FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path)),
)

/** Whether its tests can run. The README says why it is not available everywhere. */
export const needsApiServer = {
  skip: (apiServer === undefined || etcd === undefined) && 'optional: kube-apiserver and etcd not installed',
}

const ADMIN = 'the-administrator'
const START_MS = 120_000

/** Starts both; resolves when the server is ready. */
export async function startApiServer(): Promise<ApiServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'perch-api-server-'))
  const path = (name: string): string => join(folder, name)
  const [port, store, peer] = [await freePort(), await freePort(), await freePort()]
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(path('sa.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  writeFileSync(path('sa.pub'), publicKey.export({ type: 'spki', format: 'pem' }))
  writeFileSync(path('tokens.csv'), `${ADMIN},admin,admin,system:masters\n`)
  const children = [
    spawned(etcd, folder, [
      `--data-dir=${path('etcd')}`,
      `--listen-client-urls=http://127.0.0.1:${store}`,
      `--advertise-client-urls=http://127.0.0.1:${store}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      '--unsafe-no-fsync',
    ]),
    spawned(apiServer, folder, [
      `--etcd-servers=http://127.0.0.1:${store}`,
      `--secure-port=${port}`,
      '--bind-address=127.0.0.1',
      `--cert-dir=${path('certs')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${path('sa.pub')}`,
      `--service-account-signing-key-file=${path('sa.key')}`,
      '--disable-admission-plugins=ServiceAccount',
      `--token-auth-file=${path('tokens.csv')}`,
      '--authorization-mode=RBAC',
      '--service-cluster-ip-range=10.0.0.0/24',
    ]),
  ]
  const ended = children.map(
    (child) =>
      new Promise<void>((resolve) => {
        child.once('exit', () => resolve())
      }),
  )
  // If a test process ends before its `after`.
  const last = (): void => {
    for (const child of children) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', last)
  const url = `https://127.0.0.1:${port}`
  const certificate = path('certs/apiserver.crt')
  const server: Omit<ApiServerProcess, 'certificate' | 'key'> = {
    url,
    ask: (method, at, body, { token = ADMIN, type = 'application/json' } = {}) =>
      askOnce({ url: `${url}${at}`, ca: readFileSync(certificate, 'utf8'), method, token, type }, body),
    keys: (prefix) => keysIn(`http://127.0.0.1:${store}`, prefix),
    async stop() {
      for (const child of children) child.kill('SIGKILL')
      await Promise.all(ended)
      process.off('exit', last)
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await eventually('the API server is ready', async () => {
    if (children.some(({ exitCode }) => exitCode !== null)) {
      await server.stop()
      throw new Error('the API server or its etcd ended')
    }
    return existsSync(certificate) && (await server.ask('GET', '/readyz')).code === 200
  })
  const key = readFileSync(path('certs/apiserver.key'), 'utf8')
  return { ...server, certificate: readFileSync(certificate, 'utf8'), key }
}

function spawned(program: string | undefined, cwd: string, args: readonly string[]): ChildProcess {
  return spawn(program ?? '', args, { stdio: 'ignore', cwd, env: { HOME: cwd } })
}

/** Waits, because an API server applies changes a little later: a new kind gets an address, and a new policy takes effect. */
export async function eventually(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + START_MS
  while (!(await isSo().catch((error: unknown) => isRefused(error)))) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`)
    await sleep(100)
  }
}

/** A missing object means no. Every other error ends the wait. */
function isRefused(error: unknown): false {
  if (error instanceof Error && 'code' in error && /^E[A-Z]+$/.test(String(error.code))) return false
  throw error
}

interface Asked {
  readonly url: string
  readonly ca: string
  readonly method: string
  readonly token: string
  readonly type: string
}

function askOnce({ url, ca, method, token, type }: Asked, body: unknown): Promise<ServerSaid> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': type }
    const sent = request(url, { method, ca, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ code: response.statusCode ?? 0, body: text }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

async function keysIn(store: string, prefix: string): Promise<readonly string[]> {
  const encoded = (text: string): string => Buffer.from(text).toString('base64')
  // The end of the range is the next prefix.
  const end = `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`
  const body = JSON.stringify({ key: encoded(prefix), range_end: encoded(end), keys_only: true })
  const answer = await fetch(`${store}/v3/kv/range`, { method: 'POST', body })
  const { kvs = [] } = (await answer.json()) as { readonly kvs?: readonly { readonly key: string }[] }
  return kvs.map(({ key }) => Buffer.from(key, 'base64').toString('utf8'))
}
