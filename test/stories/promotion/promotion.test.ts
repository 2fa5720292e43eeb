/** A promotion between kustomize overlays with the real kustomize, through the GitHub in a box. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { say } from '../commands/commanding.ts'
import { aStory, checksOn } from '../world.ts'

const BASE = {
  'base/kustomization.yaml': 'resources:\n  - deployment.yaml\n  - service.yaml\n  - route.yaml\n',
  'base/deployment.yaml': `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: { app: web }
  template:
    metadata:
      labels: { app: web, version: v1 }
    spec:
      containers:
        - name: web
          image: registry.example.com/web
          env:
            - { name: LEVEL, value: info }
`,
  'base/service.yaml': `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: { app: web }
  ports: [{ port: 80 }]
`,
  'base/route.yaml': `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: web
spec:
  hosts: [web]
  http:
    - name: main
      route:
        - destination: { host: web, subset: stable }
          weight: 100
        - destination: { host: web, subset: canary }
          weight: 0
`,
}

const STAGING = {
  'overlays/staging/kustomization.yaml': `namespace: staging
resources:
  - ../../base
  - subsets.yaml
  - policy.yaml
  - secret.yaml
patches:
  - path: route.yaml
  - path: level.yaml
    target: { kind: Deployment, name: web }
images:
  - { name: registry.example.com/web, newTag: "1.5" }
`,
  'overlays/staging/subsets.yaml': subsets('v2'),
  'overlays/staging/policy.yaml': `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: web
spec:
  selector:
    matchLabels: { app: web }
  action: ALLOW
  rules:
    - {}
`,
  'overlays/staging/secret.yaml': `apiVersion: v1
kind: Secret
metadata:
  name: web-key
stringData:
  key: only-for-staging
`,
  'overlays/staging/level.yaml':
    '- { op: replace, path: /spec/template/spec/containers/0/env/0/value, value: debug }\n',
  'overlays/staging/route.yaml': route('staging', [70, 30], '      timeout: 3s\n      retries: { attempts: 2 }\n'),
}

const PRODUCTION = {
  'overlays/production/kustomization.yaml': `# What runs for customers.
namespace: production
resources:
  - ../../base
  - subsets.yaml
patches:
  - path: route.yaml
replicas:
  - { name: web, count: 5 }
images:
  - name: registry.example.com/web
    newTag: "1.4"      # as released
`,
  'overlays/production/subsets.yaml': subsets('v1'),
  'overlays/production/route.yaml': route(
    'production',
    [100, 0],
    '      timeout: 5s      # callers give up after 6s\n',
  ),
}

const CONFIG = `environments:
  staging: { path: overlays/staging, live: { status: "kustomization/staging/*" } }
  production: { path: overlays/production, after: staging }
`

function subsets(canary: string): string {
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: web
spec:
  host: web
  subsets:
    - name: stable
      labels: { version: v1 }
    - name: canary
      labels: { version: ${canary} }
`
}

function route(environment: string, [stable, canary]: readonly [number, number], more: string): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: web
spec:
  hosts:
    - web
    - web.${environment}.example.com
  http:
    - name: main
${more}      route:
        - destination: { host: web, subset: stable }
          weight: ${stable}
        - destination: { host: web, subset: canary }
          weight: ${canary}
`
}

test('a pull request promotes a service from staging to production, and waits until staging is live', async () => {
  const story = await aStory({ files: { ...BASE, ...STAGING, ...PRODUCTION, '.github/canary.yml': CONFIG } })
  const repo = story.repository()
  const alice = story.person('alice')
  const asking = alice.openPullRequest({ branch: 'ask', title: 'Release 1.5', files: { 'README.md': 'Release 1.5\n' } })
  const dry = await say(story, 'alice', '/promote staging production web --dry-run', asking.number)
  assert.match(dry, /What is not promoted, and why/)
  const answer = await say(story, 'alice', '/promote staging production web', asking.number)
  const made = repo.pulls('open').find(({ head }) => head.ref === 'promote/staging/production/web')
  assert.ok(made !== undefined, answer)
  assert.equal(made.title, 'Promote web: staging → production')

  const at = (path: string): string => repo.file(`overlays/production/${path}`, made.head.ref) ?? ''
  assert.equal(
    at('kustomization.yaml'),
    PRODUCTION['overlays/production/kustomization.yaml']
      .replace('  - subsets.yaml\n', '  - subsets.yaml\n  - policy.yaml\n')
      .replace(
        '  - path: route.yaml\n',
        '  - path: route.yaml\n  - path: level.yaml\n    target: {kind: Deployment, name: web}\n',
      )
      .replace('"1.4"', '"1.5"'),
  )
  assert.equal(at('policy.yaml'), STAGING['overlays/staging/policy.yaml'])
  assert.equal(at('subsets.yaml'), subsets('v2'))
  assert.match(at('route.yaml'), /timeout: 3s {6}# callers give up after 6s/)
  assert.match(at('route.yaml'), /web\.production\.example\.com/)
  assert.match(at('route.yaml'), /weight: 100\n.*\n {10}weight: 0/)
  assert.match(at('route.yaml'), /retries:/)
  assert.equal(repo.file('overlays/production/secret.yaml', made.head.ref), undefined)

  const { body } = repo.pull(made.number)
  assert.match(body, /registry\.example\.com\/web:1\.4.*→.*registry\.example\.com\/web:1\.5/)
  assert.match(body, /Perch never copies Secrets/)
  assert.match(body, /Only a rollout changes weights/)
  assert.match(body, /\+.*image: registry\.example\.com\/web:1\.5/)
  assert.doesNotMatch(body, /only-for-staging/)

  const gate = (): string | undefined => checksOn(repo, repo.pull(made.number).head.sha).gate
  await story.until('a gate that waits for staging', () => gate() === 'action_required')
  const state = { context: 'kustomization/staging/0c9c2e41', state: 'success', description: 'ok' } as const
  alice.setStatus(repo.branch('main') ?? '', state)
  await story.until('a green gate', () => gate() === 'success')
  await story.until('labels', () => repo.pull(made.number).labels.length === 2)
  alice.merge(made.number, { method: 'squash' })
  const again = await say(story, 'alice', '/promote staging production web', asking.number)
  assert.match(again, /There is nothing to promote from `staging` to `production`/)
})
