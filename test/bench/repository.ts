/** Repositories of services, each with its own VirtualService and DestinationRule, in one kustomize root or in several. */
import { destinationRule } from '../manifests.ts'

export type Files = Readonly<Record<string, string>>

export interface Shape {
  readonly services: number
  readonly roots: number
  readonly weights?: readonly [number, number]
  /** YAML after `path: …,` in each environment. */
  readonly live?: string
}

export function repositoryOf(shape: Shape): Files {
  const { services, roots, live = '{ status: "flux/*" }', weights = [100, 0] } = shape
  const names = Array.from({ length: services }, (_, index) => serviceName(index))
  const environments = Array.from(
    { length: roots },
    (_, root) => `  ${rootName(root)}: { path: ${rootName(root)}, live: ${live} }\n`,
  )
  const files: Record<string, string> = {
    '.github/canary.yml': `environments:\n${environments.join('')}services:\n${names.map((name) => `  ${name}: { steps: [25, 50, 100], bake: 1s }\n`).join('')}`,
  }
  for (let root = 0; root < roots; root += 1) {
    const own = names.filter((_, index) => index % roots === root)
    const resources = own.flatMap((name) => [`  - ${name}.yaml\n`, `  - ${name}-rule.yaml\n`])
    files[`${rootName(root)}/kustomization.yaml`] = `resources:\n${resources.join('')}`
    for (const name of own) {
      files[`${rootName(root)}/${name}.yaml`] = virtualService(name, weights)
      files[`${rootName(root)}/${name}-rule.yaml`] = destinationRule(name, 'v1')
    }
  }
  return files
}

export function serviceName(index: number): string {
  return `web-${index}`
}

/** The folder of a root, which is also the name of the environment. */
export function rootName(root: number): string {
  return `production-${root}`
}

export function virtualService(name: string, [stable, canary]: readonly [number, number]): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: ${name}
  annotations:
    perch.dev/canary-percentage: "${canary}"
spec:
  hosts: [${name}]
  http:
    - name: main
      route:
        - destination: { host: ${name}, subset: stable }
          weight: ${stable}
        - destination: { host: ${name}, subset: canary }
          weight: ${canary}
`
}
