/** A service that is switched between two versions. */
/** A route that sends all requests to one version, and those of testers to the other. */
export function blueGreenRoute(active: string, idle: string): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: web
  annotations:
    perch.dev/active-version: "${active}"
    perch.dev/deployment-strategy: "blue-green"
spec:
  hosts: [web]
  http:
    - name: preview
      match:
        - headers: { x-preview: { exact: "true" } }
      route:
        - destination: { host: web, subset: ${idle} }
    - name: main
      route:
        - destination: { host: web, subset: ${active} }
`
}

export const BLUE_GREEN_SUBSETS = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: web
spec:
  host: web
  subsets:
    - name: blue
      labels: { version: blue }
    - name: green
      labels: { version: green }
`

/** The workloads of both versions, each with its own image. */
export function blueGreenPods(images: Readonly<Record<string, string>>): string {
  const deployments = Object.entries(images).map(
    ([name, image]) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web-${name} }
spec:
  replicas: 2
  selector: { matchLabels: { app: web, version: ${name} } }
  template:
    metadata: { labels: { app: web, version: ${name} } }
    spec: { containers: [{ name: web, image: "shop/web:${image}" }] }
`,
  )
  const service = `apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ name: http, port: 80 }]
`
  return [service, ...deployments].join('---\n')
}
