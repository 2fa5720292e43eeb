/**
 * Findings about a pull request that defines and uses a subset in one commit, or that stops using and removes it in one commit.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Config } from '../../../src/core/config/schema.ts'
import { type Deliveries, readDeliveries } from '../../../src/core/delivery/delivery.ts'
import { parseRendered } from '../../../src/core/diff/objects.ts'
import { gradeFindings } from '../../../src/core/finding/grading.ts'
import { orderFindings } from '../../../src/core/finding/order.ts'
import { findingProblemWords } from '../../../src/core/message/problem/finding.ts'

interface Shop {
  readonly subsets: readonly string[]
  /** Weight by subset. */
  readonly route?: Readonly<Record<string, number>>
  readonly waves?: { readonly rule?: string; readonly route?: string }
}

const SERVICE = `apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
`

function shop({ subsets, route, waves = {} }: Shop): string {
  const meta = (wave: string | undefined): string =>
    `{ name: web, namespace: shop${wave === undefined ? '' : `, annotations: { argocd.argoproj.io/sync-wave: "${wave}" }`} }`
  const rule = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: ${meta(waves.rule)}
spec: { host: web, subsets: [${subsets.map((name) => `{ name: ${name}, labels: { version: ${name} } }`).join(', ')}] }
`
  const entries = Object.entries(route ?? {}).map(
    ([subset, weight]) => `{ destination: { host: web, subset: ${subset} }, weight: ${weight} }`,
  )
  const virtual = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: ${meta(waves.route)}
spec: { hosts: [web], http: [{ name: main, route: [${entries.join(', ')}] }] }
`
  return [SERVICE, rule, ...(route === undefined ? [] : [virtual])].join('---\n')
}

function objectsOf(text: string, namespace?: string) {
  const parsed = parseRendered(text, new Map(), { namespace })
  assert.ok(parsed.ok)
  return parsed.objects
}

/** `grade what subset` of each finding for a change of one text into another. */
function change(before: string, after: string, deliveries: Deliveries['deliveries'] = []): readonly string[] {
  const [{ namespace } = { namespace: undefined }] = deliveries
  const objects = { before: objectsOf(before, namespace), after: objectsOf(after, namespace) }
  const findings = { before: [], after: orderFindings(objects, deliveries) }
  const graded = gradeFindings(findings, {
    objects,
    config: Config.parse({}),
    isRaised: () => false,
    isOwned: () => false,
  })
  return graded.map(({ grade, detail }) =>
    detail.code === 'use-before-definition' ? `${grade} ${detail.what} ${detail.subset}` : detail.code,
  )
}

function deployedBy(text: string): Deliveries['deliveries'] {
  const source = { repository: 'r', branches: ['main'] }
  const { deliveries } = readDeliveries(new Map([['deployer.yaml', text]]), source)
  assert.equal(deliveries.length, 1)
  return deliveries
}

const ARGO = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: web, namespace: argocd }
spec:
  source: { repoURL: https://github.com/o/r, path: apps/web, targetRevision: main }
  destination: { namespace: shop }
  syncPolicy: { automated: {} }
`
const FLUX = `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: web, namespace: flux-system }
spec: { path: ./apps/web, sourceRef: { kind: GitRepository, name: flux-system } }
`

const STABLE = { subsets: ['stable'], route: { stable: 100 } }
const BOTH = ['stable', 'canary']
const CANARY = { subsets: BOTH, route: { stable: 95, canary: 5 } }

test('a subset that gets its first traffic in the commit that adds it is a warning', () => {
  assert.deepEqual(change(shop(STABLE), shop(CANARY)), ['warning added canary'])
})

test('a subset that was there before, or that gets no traffic yet, has no finding', () => {
  assert.deepEqual(change(shop({ ...CANARY, route: { stable: 100 } }), shop(CANARY)), [])
  assert.deepEqual(change(shop(STABLE), shop({ subsets: BOTH, route: { stable: 100, canary: 0 } })), [])
})

test('a subset that a route used before anything defined it is repaired, and no warning', () => {
  const broken = shop({ subsets: ['stable'], route: { stable: 95, canary: 5 } })
  assert.deepEqual(change(broken, shop(CANARY)), [])
})

test('a route that is new for a service that is here is a warning, and a service that is new itself is not', () => {
  assert.deepEqual(change(SERVICE, shop(CANARY)), ['warning added stable', 'warning added canary'])
  assert.deepEqual(change('', shop(CANARY)), [])
})

test('a subset that is taken out in the commit that takes its traffic away is a warning', () => {
  assert.deepEqual(change(shop(CANARY), shop(STABLE)), ['warning removed canary'])
  const renamed = shop({ subsets: ['main', 'canary'], route: { main: 95, canary: 5 } })
  assert.deepEqual(change(shop(CANARY), renamed), ['warning added main', 'warning removed stable'])
})

test('a subset that had no traffic, or whose route goes with it, can be taken out', () => {
  assert.deepEqual(change(shop({ ...CANARY, route: { stable: 100, canary: 0 } }), shop(STABLE)), [])
  assert.deepEqual(change(shop(CANARY), SERVICE), [])
})

test('sync waves of Argo CD order both, and Flux does not know them', () => {
  const waves = { rule: '-1', route: '0' }
  const [before, after] = [shop({ ...STABLE, waves }), shop({ ...CANARY, waves })]
  assert.deepEqual(change(before, after, deployedBy(ARGO)), [])
  assert.deepEqual(change(before, after), [], 'who deploys it is not known, and somebody wrote the waves on purpose')
  assert.deepEqual(change(before, after, deployedBy(FLUX)), ['warning added canary'])
  assert.deepEqual(change(after, before, deployedBy(ARGO)), ['warning removed canary'], 'the rule comes first here too')
  const late = { rule: '1' }
  assert.deepEqual(change(shop({ ...STABLE, waves: late }), shop({ ...CANARY, waves: late }), deployedBy(ARGO)), [
    'warning added canary',
  ])
  assert.deepEqual(change(shop({ ...CANARY, waves: late }), shop({ ...STABLE, waves: late }), deployedBy(ARGO)), [])
  for (const rule of ['first', '-1st', 'v-1', '']) {
    const unread = change(shop({ ...STABLE, waves: { rule } }), shop({ ...CANARY, waves: { rule } }), deployedBy(ARGO))
    assert.deepEqual(unread, ['warning added canary'], rule)
  }
})

test('a rule in another environment that defines the subset already is no warning', () => {
  const [before, after] = [objectsOf(shop(STABLE)), objectsOf(shop(CANARY))]
  const beside = objectsOf(
    shop({ subsets: BOTH }).replace(
      'name: web, namespace: shop }\nspec: { host',
      'name: wider, namespace: shop }\nspec: { host',
    ),
  )
  assert.deepEqual(orderFindings({ before, after, beside }, []), [])
})

test('an object without a namespace is where its deployer puts it', () => {
  const unnamed = (text: string): string => text.replaceAll(', namespace: shop', '')
  const idle = shop({ ...CANARY, route: { stable: 100 } })
  assert.deepEqual(change(unnamed(idle), shop(CANARY), deployedBy(ARGO)), [], 'the subset was there')
  const full = (text: string): string =>
    text.replaceAll('destination: { host: web,', 'destination: { host: web.shop.svc.cluster.local,')
  assert.deepEqual(change(full(unnamed(shop(STABLE))), full(unnamed(shop(CANARY))), deployedBy(ARGO)), [
    'warning added canary',
  ])
})

test('the warning names the two pull requests to make, in their order, if the files are known', () => {
  const detail = { code: 'use-before-definition', subset: 'canary', host: 'web', rule: 'DestinationRule web' } as const
  const next = (what: 'added' | 'removed', files?: { readonly rule: string; readonly route: string }): string => {
    const known = files === undefined ? {} : { files }
    const cause = {
      detail: { ...detail, what, hasWaves: false, ...known },
      title: 'VirtualService web',
      environments: ['eu'],
    }
    return findingProblemWords({ kind: 'finding', ...cause }).next
  }
  const files = { rule: 'eu/dr.yaml', route: 'eu/vs.yaml' }
  assert.equal(
    next('added', files),
    'Make two pull requests of this one: first the subset (`eu/dr.yaml`), then, when that is live, its traffic (`eu/vs.yaml`).',
  )
  assert.equal(
    next('removed', files),
    'Make two pull requests of this one: first the traffic (`eu/vs.yaml`), then, when that is live, the subset (`eu/dr.yaml`).',
  )
  assert.match(next('added'), /^Add the subset in an earlier pull request/)
  assert.match(next('removed'), /^Remove the subset in a later pull request/)
})

test('a DestinationRule that a pull request removes is in no file, so none is named for it', () => {
  const found = (before: string, after: string) => {
    const sides = { before: objectsOf(before), after: objectsOf(after) }
    return orderFindings(sides, []).map(({ other }) => other?.path)
  }
  assert.deepEqual(found(shop(STABLE), shop(CANARY)), [['spec', 'subsets', 1]])
  assert.deepEqual(found(shop(CANARY), shop(STABLE)), [['spec', 'subsets']])
  const gone = shop({ ...CANARY, route: { stable: 100 } }).replace(
    /---\napiVersion: networking.istio.io\/v1\nkind: DestinationRule[\s\S]*?(?=---)/,
    '',
  )
  assert.deepEqual(found(shop(CANARY), gone), [undefined])
})
