/** A service whose two versions are two Deployments, each behind a Service. Only the images tell which version the canary is. */

const APPS = 'apps/production'

/** A file with the Deployment and the Service of a version. */
export function versionFile(name: string, image: string, sidecar = ''): string {
  const more = sidecar === '' ? '' : `\n        - { name: proxy, image: "${sidecar}" }`
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata:
      labels: { app: ${name} }
    spec:
      containers:
        - { name: web, image: "registry.example.com/web:${image}" }${more}
---
apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector: { app: ${name} }
  ports: [{ port: 80 }]
`
}

/** `isDriven`: with Perch's annotations. */
export function hostsRoute(share: number, isDriven = share > 0): string {
  const notes = isDriven ? `\n  annotations: { perch.dev/canary-percentage: "${share}" }` : ''
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: web${notes}
spec:
  hosts: [web]
  http:
    - route:
        - destination: { host: web }
          weight: ${100 - share}
        - destination: { host: web-canary }
          weight: ${share}
`
}

export const STABLE_FILE = `${APPS}/web.yaml`
export const CANARY_FILE = `${APPS}/web-canary.yaml`
export const HOSTS_ROUTE = `${APPS}/route.yaml`

/** A repository with this service, built by kustomize. `live`: the environment's `live` in the config. */
export function imagesRepository(live = '{ after: 3m }'): Record<string, string> {
  return {
    '.github/canary.yml': `environments:
  production: { path: ${APPS}, live: ${live} }
services:
  web: { steps: [5, 50, 100], bake: 10m }
`,
    [`${APPS}/kustomization.yaml`]: 'resources: [web.yaml, web-canary.yaml, route.yaml]\nnamespace: shop\n',
    [STABLE_FILE]: versionFile('web', 'v1'),
    [CANARY_FILE]: versionFile('web-canary', 'v1'),
    [HOSTS_ROUTE]: hostsRoute(0),
  }
}

/** The same service in several environments. `config`: the other settings of the environments, and those of the service. */
export function imagesFleet(
  names: readonly string[],
  config: { readonly environments?: Readonly<Record<string, string>>; readonly service: string },
): Record<string, string> {
  const files: Record<string, string> = {}
  for (const [path, text] of Object.entries(imagesRepository()))
    for (const name of names) if (path.startsWith(APPS)) files[inEnvironment(path, name)] = text
  const entries = names.map(
    (name) => `  ${name}: { path: apps/${name}, live: { after: 3m }${config.environments?.[name] ?? ''} }\n`,
  )
  const service = `  web: { steps: [5, 100], bake: 10m${config.service} }\n`
  return { ...files, '.github/canary.yml': `environments:\n${entries.join('')}services:\n${service}` }
}

/** The path of a file of the service in another environment. */
export function inEnvironment(path: string, name: string): string {
  return path.replace(APPS, `apps/${name}`)
}
