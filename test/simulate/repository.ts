/** The repository in the plays: services with split traffic, in environments of plain manifests. */
import { destinationRule } from '../manifests.ts'

export interface World {
  readonly services: readonly string[]
  readonly environments: readonly string[]
  readonly config: ConfigChoice
}

/** The settings in the config. */
export interface ConfigChoice {
  readonly steps: readonly number[]
  readonly bakeMinutes: number
  /** Live by a timer, or by commit statuses. */
  readonly live: 'timer' | 'status'
  /** The last environment comes after the first one. */
  readonly isOrdered: boolean
  readonly autoMerge: 'never' | 'always'
  readonly approvals: number
  /** What happens when a new canary version comes. */
  readonly start?: 'ask' | 'never' | 'first-step'
  readonly onNewVersion?: 'restart' | 'finish-first' | 'ignore'
  readonly automation?: readonly string[]
  /** An issue lists all rollouts. */
  readonly dashboard?: boolean
  /** The waves of every service. */
  readonly waves?: readonly (readonly string[])[] | undefined
}

export const CONFIG = '.github/canary.yml'
export const TIMER_MINUTES = 3
export const STATUS = 'flux/apps'

export function routeFile(environment: string, service: string): string {
  return `apps/${environment}/${service}-route.yaml`
}

export function subsetsFile(environment: string, service: string): string {
  return `apps/${environment}/${service}-subsets.yaml`
}

export function repositoryFiles({ services, environments, config }: World): Record<string, string> {
  const files: Record<string, string> = {
    [CONFIG]: configText(services, environments, config),
    'README.md': '# Apps\n',
  }
  for (const environment of environments)
    for (const service of services) {
      files[routeFile(environment, service)] = route(service)
      files[subsetsFile(environment, service)] = destinationRule(service, 'v2')
    }
  return files
}

function configText(services: readonly string[], environments: readonly string[], config: ConfigChoice): string {
  const live = config.live === 'timer' ? `{ after: ${TIMER_MINUTES}m }` : `{ status: "${STATUS}" }`
  const lines = environments.map((name, index) => {
    const [first] = environments
    const after = config.isOrdered && index > 0 ? `, after: ${first}` : ''
    const approvals = config.approvals > 0 ? `, approvals: ${config.approvals}` : ''
    return `  ${name}: { path: apps/${name}, live: ${live}${after}${approvals} }\n`
  })
  const rules = services.map(
    (service) =>
      `  ${service}:\n    steps: [${config.steps.join(', ')}]\n    bake: ${config.bakeMinutes}m\n    autoMerge: ${config.autoMerge}\n    start: ${config.start ?? 'ask'}\n    onNewVersion: ${config.onNewVersion ?? 'finish-first'}\n${config.waves === undefined ? '' : `    waves: ${JSON.stringify(config.waves)}\n`}`,
  )
  const dashboard = config.dashboard === true ? 'dashboard: true\n' : ''
  return `${dashboard}automation: ${JSON.stringify(config.automation ?? [])}\nenvironments:\n${lines.join('')}services:\n${rules.join('')}`
}

function route(service: string): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: ${service}
spec:
  hosts: [${service}]
  http:
    - route:
        - destination: { host: ${service}, subset: stable }
          weight: 100
        - destination: { host: ${service}, subset: canary }
          weight: 0
`
}

/** The canary's share in the text of a route, without Perch's own code: the second weight. Undefined unless there are two. */
export function shareIn(text: string | undefined): number | undefined {
  const weights = [...(text ?? '').matchAll(/weight: +(\d+)/g)].map(([, weight]) => Number(weight))
  return weights.length === 2 ? weights[1] : undefined
}

export function withShare(text: string, share: number): string {
  const weights = [100 - share, share]
  return text.replaceAll(/weight: +\d+/g, () => `weight: ${weights.shift() ?? 0}`)
}

/** The versions of stable and canary. */
export function versionsIn(text: string | undefined): readonly string[] {
  return [...(text ?? '').matchAll(/version: +(v\d+)/g)].map(([, version = '']) => version)
}

export function withCanaryVersion(text: string, version: string): string {
  let count = 0
  return text.replaceAll(/version: +v\d+/g, (old) => ((count += 1) === 2 ? `version: ${version}` : old))
}
