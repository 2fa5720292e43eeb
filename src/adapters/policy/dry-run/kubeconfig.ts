/** Reads the kubeconfig that the operator made for dry runs. Refuses settings that run a program or trust any server. */
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { X509Certificate } from 'node:crypto'
import type * as z from 'zod'
import { readOneDocument } from '../../../core/manifest/yaml/documents.ts'
import type { KubeconfigFault } from '../../../core/policy/remark.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import { Kubeconfig } from '../schema.ts'

/** An API server, and the credentials for it. */
export interface ApiServer {
  readonly url: URL
  /** For objects that name no namespace. */
  readonly namespace: string | undefined
  readonly token: string | undefined
  /** PEM. `ca` is undefined if the machine's certificate authorities apply. */
  readonly tls: {
    readonly ca: string | undefined
    readonly cert: string | undefined
    readonly key: string | undefined
    readonly servername: string | undefined
  }
}

type Read = z.infer<typeof Kubeconfig>
type Cluster = Read['clusters'][number]['cluster']
type User = Read['users'][number]['user']

/** Reads the file's current context. The file is read for each use, because credentials are renewed in place. */
export async function readKubeconfig(path: string): Promise<Result<ApiServer, KubeconfigFault>> {
  const text = await textAt(path)
  if (text === undefined) return err('no-kubeconfig')
  const current = currentIn(text)
  if (current === undefined) return err('not-a-kubeconfig')
  const { url, namespace, cluster, user } = current
  const fault = faultIn(url, cluster, user)
  if (fault !== undefined) return err(fault)
  const credentials = await credentialsOf(dirname(path), cluster, user)
  return credentials === undefined ? err('no-kubeconfig') : ok({ url, namespace, ...credentials })
}

interface Current {
  readonly url: URL
  readonly namespace: string | undefined
  readonly cluster: Cluster
  readonly user: User
}

function currentIn(text: string): Current | undefined {
  const config = Kubeconfig.safeParse(dataIn(text))
  if (!config.success) return undefined
  const { clusters, users, contexts, 'current-context': name } = config.data
  const context = named(contexts, name)?.context
  if (context === undefined) return undefined
  const [cluster, user] = [named(clusters, context.cluster)?.cluster, named(users, context.user)?.user]
  const url = URL.parse(cluster?.server ?? '')
  if (cluster === undefined || user === undefined || url === null) return undefined
  return { url, namespace: context.namespace, cluster, user }
}

function dataIn(text: string): unknown {
  const document = readOneDocument(text)
  return document.ok ? document.value?.data : undefined
}

function named<T extends { readonly name: string }>(all: readonly T[], name: string): T | undefined {
  return all.find((one) => one.name === name)
}

function faultIn(url: URL, cluster: Cluster, user: User): KubeconfigFault | undefined {
  if (user.exec !== undefined || user['auth-provider'] !== undefined) return 'runs-program'
  if (url.protocol !== 'https:' || cluster['insecure-skip-tls-verify'] === true) return 'not-verified'
  const others = [cluster['proxy-url'], user.as, user['as-groups'], user['as-uid'], user.username, user.password]
  const isOther = others.some((value) => value !== undefined) || url.username !== '' || url.search !== ''
  return isOther ? 'not-supported' : undefined
}

/** Undefined if a named file cannot be read, or has no usable content. */
async function credentialsOf(
  folder: string,
  cluster: Cluster,
  user: User,
): Promise<Pick<ApiServer, 'token' | 'tls'> | undefined> {
  const file = async (name: string | undefined): Promise<string | undefined> =>
    name === undefined ? undefined : ((await textAt(resolve(folder, name))) ?? '')
  // As in kubectl, data in the kubeconfig takes precedence over a separate file, and a token file over a token.
  const pem = async (data: string | undefined, name: string | undefined): Promise<string | undefined> =>
    data === undefined ? file(name) : Buffer.from(data, 'base64').toString('utf8')
  const ca = await pem(cluster['certificate-authority-data'], cluster['certificate-authority'])
  const cert = await pem(user['client-certificate-data'], user['client-certificate'])
  const key = await pem(user['client-key-data'], user['client-key'])
  const token = (await file(user.tokenFile))?.trim() ?? user.token
  if ([ca, cert].some((text) => text !== undefined && !isCertificate(text))) return undefined
  if (key === '' || token === '' || (token !== undefined && !/^[\x21-\x7E]+$/.test(token))) return undefined
  return { token, tls: { ca, cert, key, servername: cluster['tls-server-name'] } }
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).serialNumber !== ''
  } catch {
    return false
  }
}

async function textAt(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return undefined
  }
}
