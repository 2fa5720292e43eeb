/** Objects of controllers that shift traffic themselves. */

interface CanaryOptions {
  /** The lines of `analysis`, indented by four spaces. Default: steps of 10 up to 50. */
  readonly analysis?: string
  readonly provider?: string
}

/** A Flagger Canary of `web`. */
export function flaggerCanary({
  analysis = '    interval: 1m\n    maxWeight: 50\n    stepWeight: 10\n',
  provider = 'istio',
}: CanaryOptions = {}): string {
  return `apiVersion: flagger.app/v1beta1
kind: Canary
metadata:
  name: web
spec:
  provider: ${provider}
  targetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  service: { port: 80 }
  analysis:
${analysis}`
}

interface RolloutOptions {
  /** The lines of `steps`, indented by eight spaces. Default: 20 and 40 percent. */
  readonly steps?: string
  readonly routing?: string
}

/** A Canary with which Flagger asks Perch before each raise, and whether to roll back. */
export function askingCanary(): string {
  const hook = (type: string): string => `      - name: perch-${type}
        type: ${type}
        url: https://perch.example.com/api/flagger/acme/gitops/${type}
        metadata: { key: what-perch-printed }
`
  const hooks = ['confirm-traffic-increase', 'rollback'].map(hook).join('')
  return flaggerCanary({ analysis: `    interval: 1m\n    maxWeight: 50\n    stepWeight: 10\n    webhooks:\n${hooks}` })
}

/** An Argo Rollout of `web` that writes its VirtualService. */
export function argoRollout({
  steps = '        - setWeight: 20\n        - pause: {}\n        - setWeight: 40\n        - pause: { duration: 10m }\n',
  routing = 'istio: { virtualService: { name: web } }',
}: RolloutOptions = {}): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: web
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: "web:v1" }] }
  strategy:
    canary:
      canaryService: web-canary
      stableService: web
      trafficRouting:
        ${routing}
      steps:
${steps}`
}

/** The route of `web` that both controllers write. `head`: more metadata, indented by two spaces. */
export function splitRoute(canary = 0, head = ''): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: web
${head}spec:
  hosts: [web]
  http:
    - name: main
      route:
        - { destination: { host: web }, weight: ${100 - canary} }
        - { destination: { host: web-canary }, weight: ${canary} }
`
}
