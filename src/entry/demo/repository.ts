/** The demo's GitOps repository, with a layout that real repositories use. */

const SERVICE = 'api-service'
const FOLDER = 'overlays/production/applications/api-service'
export const VIRTUAL_SERVICE = `${FOLDER}/virtual-service.yaml`
export const STAGING_ROUTE = VIRTUAL_SERVICE.replace('production', 'staging')
export const DESTINATION_RULE = `${FOLDER}/destination-rule.yaml`

/** The commit status that the demo's Flux reports: its Kustomization's name and the start of its provider's UID. */
export const FLUX_CONTEXT = 'kustomization/istio-config/0c9c2e41'

export function demoFiles(): Record<string, string> {
  const environments = ['development', 'staging', 'production']
  return {
    'README.md': '# GitOps\n\nWhat is here is what runs.\n',
    '.github/canary.yml': CONFIG,
    'base/kustomization.yaml': 'resources:\n  - deployment.yaml\n  - service.yaml\n',
    'base/deployment.yaml': DEPLOYMENT,
    'base/service.yaml': KUBERNETES_SERVICE,
    ...Object.fromEntries(environments.flatMap(overlay)),
  }
}

/** The same files, plus a service with two versions in production that sends all traffic to one of them. */
export function switchFiles(): Record<string, string> {
  const rule = destinationRule.replace('name: stable', 'name: blue').replace('name: canary', 'name: green')
  return { ...demoFiles(), '.github/canary.yml': SWITCH_CONFIG, [VIRTUAL_SERVICE]: SWITCHED, [DESTINATION_RULE]: rule }
}

/** The same files, but production has yet to take over what was tried in staging. */
export function promoteFiles(): Record<string, string> {
  return { ...demoFiles(), '.github/canary.yml': PROMOTE_CONFIG }
}

const PROMOTE_CONFIG = `environments:
  staging:
    path: overlays/staging
    live: { status: "kustomization/istio-config/*" }
  production:
    path: overlays/production
    live: { status: "kustomization/istio-config/*" }
    after: staging
    approvals: 1
annotationPrefix: gitops.example.com
`

const SWITCH_CONFIG = `environments:
  production:
    path: overlays/production
    live: { status: "kustomization/istio-config/*" }
    approvals: 1
annotationPrefix: gitops.example.com
`

const SWITCHED = `# Traffic of the API in production. Questions: #team-api
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: api-service
  annotations:
    gitops.example.com/active-version: "blue"
    gitops.example.com/deployment-strategy: "blue-green"
spec:
  hosts:
    - api-service
  http:
    - name: preview                  # the team's own browsers: always the idle version
      match:
        - headers:
            x-preview: { exact: "true" }
      route:
        - destination: { host: api-service, subset: green }
    - name: main
      route:
        - destination: { host: api-service, subset: blue }
`

function overlay(name: string): [string, string][] {
  const folder = `overlays/${name}`
  return [
    [`${folder}/kustomization.yaml`, kustomization(name)],
    [`${folder}/applications/${SERVICE}/virtual-service.yaml`, virtualService(name)],
    [`${folder}/applications/${SERVICE}/destination-rule.yaml`, destinationRule],
  ]
}

const CONFIG = `# Read from the base branch only. Everything here is optional.
environments:
  production:
    path: overlays/production
    live: { status: "kustomization/istio-config/*" }   # Flux says that it has applied a commit
services:
  api-service:
    steps: [5, 25, 50, 100]
    bake: 2s            # how long a step must stay live; hours or days in real life
    analysis:           # what Prometheus must say about the canary in that time
      checks:
        - { metric: success-rate, min: 99 }
        - { metric: latency-p99, max: 500 }
      settle: 0s
      interval: 1s
annotationPrefix: gitops.example.com
`

const kustomization = (name: string): string => `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: ${name}
resources:
  - ../../base
  - applications/api-service/virtual-service.yaml
  - applications/api-service/destination-rule.yaml
`

const virtualService = (name: string): string => `# Traffic of the API in ${name}. Questions: #team-api
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: api-service
  annotations:
    gitops.example.com/canary-percentage: "0"
    gitops.example.com/canary-version: "v1"
spec:
  hosts:
    - api-service
  http:
    - name: testers                  # the team's own browsers: always the canary
      match:
        - headers:
            x-canary: { exact: "true" }
      route:
        - destination: { host: api-service, subset: canary }
    - name: main
      route:
        - destination:
            host: api-service
            subset: stable
          weight: 100                # what most people get
        - destination:
            host: api-service
            subset: canary
          weight: 0
`

const destinationRule = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: api-service
spec:
  host: api-service
  subsets:
    - name: stable
      labels:
        version: v1
    - name: canary
      labels:
        version: v2
`

const DEPLOYMENT = ['v1', 'v2', 'v3']
  .map(
    (version) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: api-service-${version}
spec:
  selector:
    matchLabels: { app: api-service, version: ${version} }
  template:
    metadata:
      labels: { app: api-service, version: ${version} }
    spec:
      containers:
        - name: api
          image: registry.example.com/api-service:${version}
`,
  )
  .join('---\n')

const KUBERNETES_SERVICE = `apiVersion: v1
kind: Service
metadata:
  name: api-service
spec:
  selector: { app: api-service }
  ports:
    - port: 80
      targetPort: 8080
`
