/** An API server with the account, the role and the policy in docs/deploy/dry-run.yaml, shared by all tests of a process. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after } from 'node:test'
import { parseAllDocuments, stringify } from 'yaml'
import { type ApiServerProcess, eventually, startApiServer } from './api-server.ts'

const MANIFEST = new URL('../../../../docs/deploy/dry-run.yaml', import.meta.url)
export const VIRTUAL_SERVICE_CRD = readFileSync(new URL('virtualservice-crd.yaml', import.meta.url), 'utf8')

/** The API paths at which objects of these kinds are created. */
const FOLDERS: Readonly<Record<string, string>> = {
  Namespace: '/api/v1/namespaces',
  ServiceAccount: '/api/v1/namespaces/perch-dry-run/serviceaccounts',
  ValidatingAdmissionPolicy: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings',
  ValidatingWebhookConfiguration: '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
  ClusterRole: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  ClusterRoleBinding: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
  CustomResourceDefinition: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  ConfigMap: '/api/v1/namespaces/default/configmaps',
}

export const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'

export interface DryRunServer {
  readonly server: ApiServerProcess
  /** The token of Perch's account. */
  readonly token: string
  /** Creates objects as an administrator. */
  apply(yaml: string): Promise<void>
  /** The text of a kubeconfig for the account. The given fields replace its own. */
  kubeconfig(change?: KubeconfigChange): string
}

interface KubeconfigChange {
  readonly user?: object
  readonly cluster?: object
  readonly namespace?: string
}

let started: Promise<DryRunServer> | undefined

after(async () => {
  await (await started)?.server.stop()
})

export function dryRunServer(): Promise<DryRunServer> {
  started ??= start()
  return started
}

async function start(): Promise<DryRunServer> {
  const server = await startApiServer()
  const apply: DryRunServer['apply'] = async (yaml) => {
    for (const document of parseAllDocuments(yaml)) {
      const object: { readonly kind: string } | null = document.toJS()
      if (object === null) continue
      const made = await server.ask('POST', FOLDERS[object.kind] ?? assert.fail(object.kind), object)
      assert.equal(made.code, 201, made.body)
    }
  }
  await apply(readFileSync(MANIFEST, 'utf8'))
  await apply(VIRTUAL_SERVICE_CRD)
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }
  const made = await server.ask('POST', `${FOLDERS['ServiceAccount']}/perch/token`, request)
  const { token } = (JSON.parse(made.body) as { status: { token: string } }).status
  await eventually('VirtualServices have an address', async () => {
    const found = await server.ask('GET', '/apis/networking.istio.io/v1/namespaces/default/virtualservices')
    return found.code === 200
  })
  await eventually('the policy counts', async () => {
    const probe = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'probe' } }
    const tried = await server.ask('POST', CONFIG_MAPS, probe, { token })
    if (tried.code === 201) await server.ask('DELETE', `${CONFIG_MAPS}/probe`)
    return tried.body.includes('Perch may only ask for dry runs')
  })
  return { server, token, apply, kubeconfig: (change) => kubeconfigFor({ server, token }, change) }
}

function kubeconfigFor(
  { server, token }: Pick<DryRunServer, 'server' | 'token'>,
  { user = {}, cluster = {}, namespace = '' }: KubeconfigChange = {},
): string {
  const ca = Buffer.from(server.certificate).toString('base64')
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'dry-run',
    clusters: [{ name: 'here', cluster: { server: server.url, 'certificate-authority-data': ca, ...cluster } }],
    users: [{ name: 'perch', user: { token, ...user } }],
    contexts: [{ name: 'dry-run', context: { cluster: 'here', user: 'perch', namespace } }],
  })
}
