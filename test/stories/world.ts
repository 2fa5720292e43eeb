import { after, afterEach, type TestContext } from 'node:test'
import type { ProcessEnvironment } from '../../src/entry/env.ts'
import type { ServiceClock } from '../../src/adapters/clock/clock.ts'
import type { GitHubBox } from '../../src/sandbox/github.ts'
import type { Person } from '../../src/sandbox/people/person.ts'
import type { RepositoryView } from '../../src/sandbox/read.ts'
import { destinationRule } from '../manifests.ts'
import { ROLES, type Scene } from './process.ts'
import { openStage, passing, quiet, type Stage, type StageOptions, waiting } from './stage.ts'

/** A typical GitOps repository: bases, overlays, and one VirtualService per environment. */
export function gitops(config: string = FAST, weights: readonly [number, number] = [100, 0]): Record<string, string> {
  const files: Record<string, string> = {
    '.github/canary.yml': config,
    'README.md': '# GitOps\n',
    'base/kustomization.yaml': 'resources:\n  - service.yaml\n',
    'base/service.yaml':
      'apiVersion: v1\nkind: Service\nmetadata:\n  name: api-service\nspec:\n  selector: {app: api-service}\n  ports: [{port: 80}]\n',
  }
  for (const name of ['staging', 'production']) {
    const folder = `overlays/${name}`
    files[`${folder}/kustomization.yaml`] =
      'resources:\n  - ../../base\n  - applications/api-service/virtual-service.yaml\n  - applications/api-service/destination-rule.yaml\n'
    files[`${folder}/applications/api-service/virtual-service.yaml`] = virtualService(...weights)
    files[`${folder}/applications/api-service/destination-rule.yaml`] = destinationRule('api-service', 'v2')
  }
  return files
}

export const VS = 'overlays/production/applications/api-service/virtual-service.yaml'
export const DR = 'overlays/production/applications/api-service/destination-rule.yaml'

/** Live by a status, with a bake of a second: a whole rollout takes seconds. */
export const FAST = `environments:
  staging: { path: overlays/staging, live: { after: 0s } }
  production: { path: overlays/production, live: { status: "kustomization/apps/*" } }
services:
  api-service:
    steps: [5, 25, 100]
    bake: 0.3s
`

function virtualService(stable: number, canary: number): string {
  return `# Traffic of the API. Ask #team-api before you change it.
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: api-service
  annotations:
    gitops.example.com/canary-percentage: "${canary}"
    gitops.example.com/canary-version: ""
spec:
  hosts:
    - api-service
  http:
    - name: testers          # always the canary, whatever the weights
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
          weight: ${stable}        # keep this comment
        - destination:
            host: api-service
            subset: canary
          weight: ${canary}
`
}

export interface Story {
  readonly box: GitHubBox
  readonly env: ProcessEnvironment
  /** The address of the service. */
  readonly service: string
  /** The current state of the story's own repository. */
  readonly repository: () => RepositoryView
  readonly person: (login: string) => Person
  /** The clock of the box and the service. */
  readonly clock: ServiceClock
  /** Lets time pass. In a stepped story it does not wait, and resolves when everything has happened that is due by then. */
  readonly pass: Scene['pass']
  /** Resolves when nothing happens any more, and nothing is due. */
  readonly quiet: () => Promise<void>
  /** A stepped story does not wait: if nothing happens, time passes. */
  readonly until: Scene['until']
  readonly weights: (ref?: string) => string
}

export interface StoryOptions extends StageOptions {
  readonly files?: Readonly<Record<string, string>>
}

/** All stories of a process with the same options share a sandbox and a service, because starting them takes seconds. */
const stages = new Map<string, Promise<Stage>>()
/** The repositories of the current story. */
const told: { readonly box: GitHubBox; readonly name: string }[] = []
let count = 0

/** The options of most stories. Only one of the other stages is kept at a time, because those with short sweeps never rest. */
const USUAL = keyOf({})

after(async () => {
  for (const key of stages.keys()) await closeStage(key)
})

// A story must not continue during the next one, and Perch ignores archived repositories. So stories of one process run one after
// the other.
afterEach(() => {
  for (const { box, name } of told.splice(0)) box.archive(true, name)
})

function keyOf({ env = {}, retryLimit, isStepped }: StoryOptions): string {
  return JSON.stringify([env, retryLimit, isStepped])
}

async function closeStage(key: string): Promise<void> {
  const stage = stages.get(key)
  stages.delete(key)
  await (await stage)?.close()
}

async function stageFor(options: StoryOptions): Promise<Stage> {
  const key = keyOf(options)
  const known = stages.get(key)
  if (known !== undefined) return known
  const others = [...stages.keys()].filter((other) => other !== USUAL)
  if (key !== USUAL) for (const other of others) await closeStage(other)
  const stage = openStage(options)
  stages.set(key, stage)
  return stage
}

/** A separate repository, in a sandbox with a service in this process. `PERCH_TEST_LOG=debug` shows the log of the service. */
export async function aStory(options: StoryOptions = {}): Promise<Story> {
  const here = await stageFor(options)
  const { box, env, clock } = here
  const { isStepped = true } = options
  count += 1
  const name = `gitops-${count}`
  box.createRepository({
    name,
    files: options.files ?? gitops(),
    roles: { alice: 'write', flux: 'write', mallory: 'read', olga: 'maintain' },
  })
  told.push({ box, name })
  const repository = (): RepositoryView => box.repository(name)
  return {
    box,
    env,
    service: `http://127.0.0.1:${here.service.port}`,
    clock,
    repository,
    person: (login) => box.person(login, name),
    pass: passing(here, isStepped),
    quiet: () => quiet(here),
    until: waiting(here, isStepped),
    weights: (ref) => weightsIn(repository().file(VS, ref) ?? ''),
  }
}

/** A separate sandbox and service, in which time is stepped. It sweeps every second, like processes in stories. */
export async function aScene(t: TestContext, files: Readonly<Record<string, string>>): Promise<Scene> {
  const stage = await openStage({ isStepped: true, env: { reconcileSeconds: 1 } })
  t.after(() => stage.close())
  const { box, clock } = stage
  box.createRepository({ name: 'gitops', files, roles: ROLES })
  return { box, clock, until: waiting(stage, true), pass: passing(stage, true) }
}

/** Lets three sweeps pass. */
export async function sweeps({ env, pass }: Story): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await pass(env.reconcileSeconds * 1_000)
}

/** `95/5`. */
export function weightsIn(text: string): string {
  return [...text.matchAll(/weight: +(\d+)/g)].map((match) => match[1]).join('/')
}

export interface CheckStory {
  readonly validate: string
  readonly gate: string
}

/** The conclusions of both checks on a commit; `-` if there is none. */
export function checksOn(repository: RepositoryView, sha: string): CheckStory {
  const runs = repository.checkRuns(sha)
  const say = (name: string): string => {
    const found = runs.filter((run) => run.name === name)
    return found.map(({ status, conclusion }) => conclusion ?? status).join('+') || '-'
  }
  return { validate: say('canary/validate'), gate: say('canary/gate') }
}
