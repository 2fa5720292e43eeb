import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { editManifest } from '../../../src/core/manifest/edit/edit.ts'
import { filesFor } from '../../../src/core/rollout/move.ts'
import { standingOf, stepKey } from '../../../src/core/rollout/standing.ts'
import { rereadTarget } from '../../../src/core/rollout/read-target.ts'
import { reweigh } from '../../../src/core/traffic/reweigh.ts'
import { explainShareReason, explainRouteNote } from '../../../src/core/message/command-line/route.ts'
import { writeNotes } from '../../../src/core/traffic/annotations.ts'
import { withoutMirrors } from '../../../src/core/traffic/mirrors.ts'
import { explainShares, notes } from '../../../src/core/traffic/explain.ts'
import { canaryShare, shares, weightedRules } from '../../../src/core/traffic/route.ts'
import { roleOf } from '../../../src/core/traffic/roles.ts'
import { resolveHost } from '../../../src/core/traffic/host.ts'
import { sample, targetOf, targetsOf, virtualService } from '../samples.ts'

function routeWith(route: string): string {
  return `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: web}\nspec:\n  hosts: [web]\n  http:\n  - route:\n${route}`
}

const S = 'destination: {host: web, subset: stable}'
const C = 'destination: {host: web, subset: canary}'

test('a share is what Istio makes of the weights: a missing one gets nothing, a single destination everything', () => {
  const cases: [string, number[]][] = [
    [`    - {${S}}\n    - {${C}, weight: 10}\n`, [0, 100]],
    [`    - {${S}, weight: 3}\n    - {${C}, weight: 1}\n`, [75, 25]],
    [`    - {${S}, weight: 975}\n    - {${C}, weight: 25}\n`, [97.5, 2.5]],
    [`    - {${S}, weight: 0}\n    - {${C}, weight: 0}\n`, [0, 0]],
  ]
  for (const [text, expected] of cases) {
    const rule = targetOf({ 'vs.yaml': routeWith(text) }).route.rules[0]
    assert.deepEqual(rule === undefined ? [] : shares(rule), expected)
  }
})

function backends(list: string): string {
  return `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: web}\nspec:\n  rules:\n  - backendRefs:\n${list}`
}

test('if a share differs from its weight, the reason is shown', () => {
  const name = (role: string): string => `name: web-${role}, port: 80`
  const cases: [string, [number, string | undefined][]][] = [
    [
      routeWith(`    - {${S}, weight: 90}\n    - {${C}, weight: 10}\n`),
      [
        [90, undefined],
        [10, undefined],
      ],
    ],
    [
      routeWith(`    - {${S}}\n    - {${C}, weight: 10}\n`),
      [
        [0, 'missing-is-zero'],
        [100, 'sum-not-100'],
      ],
    ],
    [routeWith(`    - {${S}, weight: 0}\n`), [[100, 'single-gets-all']]],
    [routeWith(`    - {${S}}\n`), [[100, undefined]]],
    [
      routeWith(`    - {${S}, weight: 0}\n    - {${C}}\n`),
      [
        [0, 'all-zero'],
        [0, 'all-zero'],
      ],
    ],
    [
      backends(`    - {${name('stable')}}\n    - {${name('canary')}, weight: 3}\n`),
      [
        [25, 'missing-is-one'],
        [75, 'sum-not-100'],
      ],
    ],
    [backends(`    - {${name('stable')}, weight: 0}\n`), [[0, 'single-zero-gets-nothing']]],
    [backends(`    - {${name('stable')}, weight: 7}\n`), [[100, 'single-gets-all']]],
  ]
  for (const [text, expected] of cases) {
    const [rule] = targetOf({ 'route.yaml': text }).route.rules
    assert.ok(rule !== undefined)
    const explained = explainShares(rule)
    assert.deepEqual(
      explained.map(({ share, reason }) => [share, reason]),
      expected,
      text,
    )
    for (const { reason } of explained) assert.ok(reason === undefined || explainShareReason(reason).endsWith('.'))
  }
})

test('a mirror to the canary is reported, and other mirrors are not', () => {
  const mirrored = (host: string): string =>
    `${routeWith(`    - {${S}, weight: 90}\n    - {${C}, weight: 10}\n`)}    mirrors:\n    - destination: {host: ${host}, subset: canary}\n`
  const found = notes(targetOf({ 'vs.yaml': mirrored('web.default.svc') }).route)
  assert.deepEqual(found, [{ code: 'mirrored-to-canary', rule: 'http[0]', line: 11 }])
  assert.match(found.map(explainRouteNote).join(), /^Rule `http\[0\]` \(line 11\) mirrors requests to the canary/)
  assert.deepEqual(notes(targetOf({ 'vs.yaml': mirrored('shadow') }).route), [])
  const filter = `${backends('    - {name: web-stable, port: 80, weight: 9}\n    - {name: web-canary, port: 80, weight: 1}\n')}    filters:\n    - type: RequestMirror\n      requestMirror: {backendRef: {name: web-canary, port: 80}}\n`
  assert.equal(notes(targetOf({ 'route.yaml': filter }).route).length, 1)
})

test('in a route for two services, mirrors to one canary do not count for the other', () => {
  const rule = (name: string): string => `  - name: ${name}
    route:
    - {destination: {host: ${name}-stable}, weight: 90}
    - {destination: {host: ${name}-canary}, weight: 10}
    mirror: {host: ${name}-canary}
`
  const text = `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: edge}\nspec:\n  http:\n${rule('api')}${rule('web')}`
  const entry = (service: string) => ({ route: { name: 'edge', rules: [service] } })
  const targets = targetsOf({ 'vs.yaml': text }, { services: { api: entry('api'), web: entry('web') } })
  assert.deepEqual(
    targets.map(({ service, route }) => [service, notes(route).map((note) => note.rule)]),
    [
      ['api', ['api']],
      ['web', ['web']],
    ],
  )
  const removed = targets.map(({ route }) => [...new Set(withoutMirrors(route).map(({ path }) => path[2]))])
  assert.deepEqual(removed, [[0], [1]])
})

test('a label of a subset that changes moves traffic without any weight: another step, not the same one', () => {
  assert.notEqual(stepKey(standingOf(sample(90, 10, ['v1', 'v2']))), stepKey(standingOf(sample(90, 10, ['v1', 'v3']))))
})

test('a rule that no request reaches and the testers’ rule say nothing about the share', () => {
  const rules = `${routeWith(`    - {${S}, weight: 95}\n    - {${C}, weight: 5}\n`)}  - name: late\n    route:\n    - {${S}, weight: 0}\n    - {${C}, weight: 100}\n`
  assert.equal(canaryShare(targetOf({ 'vs.yaml': rules }).route), 5)
  const testers = rules
    .replace('  - route:', `  - match: [{headers: {x-team: {exact: qa}}}]\n    route:`)
    .replace('weight: 95', 'weight: 0')
    .replace('weight: 5', 'weight: 100')
  assert.equal(
    canaryShare(targetOf({ 'vs.yaml': testers.replace('weight: 100\n  - name', 'weight: 1\n  - name') }).route),
    100,
  )
  const named = { services: { web: { route: { name: 'web', rules: ['late'] } } } }
  assert.equal(canaryShare(targetOf({ 'vs.yaml': rules }, named).route), 100)
})

test('a command changes only the rules with both roles; the header pin stays', () => {
  const target = sample(95, 5)
  assert.deepEqual(
    weightedRules(target.route).map(({ label }) => label),
    ['main'],
  )
  const files = filesFor([{ target, move: { kind: 'share', from: 5, to: 25 } }], 12)
  assert.ok(files.ok)
  const text = files.value.files.get('app/vs.yaml') ?? ''
  const before = virtualService(95, 5).split('\n')
  const changed = text.split('\n').filter((line) => !before.includes(line))
  assert.deepEqual(changed, [
    '    gitops.example.com/canary-percentage: "25"',
    '    gitops.example.com/canary-version: "v2"',
    '    gitops.example.com/pr: "12"',
    '    gitops.example.com/steps: "5,25,50,100"',
    '          weight: 75   # keep this comment',
    '          weight: 25',
  ])
})

test('other destinations keep their weights, and a share that does not fit is refused with the highest possible one', () => {
  const others = routeWith(
    `    - {${S}, weight: 60}\n    - {${C}, weight: 20}\n    - {destination: {host: legacy}, weight: 20}\n`,
  )
  const target = targetOf({ 'vs.yaml': others })
  const weights = reweigh(target.route, 30)
  assert.deepEqual(weights.ok && weights.value.map((edit) => edit.kind === 'set' && edit.value), [50, 30])
  const refused = reweigh(target.route, 90)
  assert.ok(!refused.ok && refused.error.code === 'no-room' && refused.error.most === 80)
})

test('a share that the total cannot express multiplies all weights', () => {
  const target = sample(100, 0)
  const weights = reweigh(target.route, 0.5)
  assert.deepEqual(weights.ok && weights.value.map((edit) => edit.kind === 'set' && edit.value), [995, 5])
})

test('weights are as large as Istio and the Gateway API allow, and never larger', () => {
  const weightsAt = (text: string, percent: number): readonly unknown[] => {
    const made = reweigh(targetOf({ 'vs.yaml': text }).route, percent)
    if (!made.ok) return [made.error.code]
    return made.value.map((edit) => (edit.kind === 'set' ? edit.value : edit.kind))
  }
  const istio = (stable: number, canary: number, other = 0): string =>
    routeWith(
      `    - {${S}, weight: ${stable}}\n    - {${C}, weight: ${canary}}\n    - {destination: {host: other}, weight: ${other}}\n`,
    )
  const gateway = (stable: number, canary: number): string =>
    backends(`    - {name: web, weight: ${stable}}\n    - {name: web-canary, weight: ${canary}}\n`)
  const [most, sum] = [2_147_483_647, 4_294_967_295]
  assert.deepEqual(weightsAt(istio(most, 647_483_648, 1_500_000_000), 20), [1_935_973_836, 858_993_459])
  assert.deepEqual(weightsAt(istio(most, 647_483_649, 1_500_000_000), 20), ['sum-too-large'])
  assert.deepEqual(weightsAt(istio(most - 1, 1), 0), [most, 0])
  assert.deepEqual(weightsAt(istio(most, 1), 0), ['not-divisible'])
  assert.deepEqual(weightsAt(istio(most + 1, 0), 0), ['invalid-weight'])
  assert.deepEqual(weightsAt(istio(most, 0, sum - most), 0), ['invalid-weight'])
  assert.deepEqual(weightsAt(gateway(999_999, 1), 0), [1_000_000, 0])
  assert.deepEqual(weightsAt(gateway(1_000_000, 1), 0), ['not-divisible'])
  assert.deepEqual(weightsAt(gateway(1_000_001, 0), 0), ['invalid-weight'])
})

test('two entries with one role are refused, because it is unknown which one is meant', () => {
  const twice = routeWith(`    - {${S}, weight: 90}\n    - {${C}, weight: 5}\n    - {${C}, weight: 5}\n`)
  const refused = reweigh(targetOf({ 'vs.yaml': twice }).route, 10)
  assert.ok(!refused.ok && refused.error.code === 'several-of-a-role' && refused.error.line === 7)
})

test('roles come from the config or the names that the field uses, never from the position', () => {
  const host = 'web.default.svc.cluster.local'
  const unnamed = { stable: undefined, canary: undefined }
  for (const [subset, role] of [
    ['stable', 'stable'],
    ['primary', 'stable'],
    ['baseline', 'stable'],
    ['canary', 'canary'],
    ['v2', 'other'],
    ['not-a-canary-bird', 'other'],
  ] as const) {
    assert.equal(roleOf({ host, subset, namespace: 'default' }, unnamed), role)
  }
  assert.equal(
    roleOf({ host: resolveHost('web-canary', 'shop'), subset: undefined, namespace: 'shop' }, unnamed),
    'canary',
  )
  assert.equal(roleOf({ host, subset: 'v2', namespace: 'default' }, { stable: 'v1', canary: 'v2' }), 'canary')
})

test('next to the canary of a host, its only other subset is the stable version, unless that is a candidate or a baseline', () => {
  const roles = (entries: string): string => {
    const target = targetOf({ 'vs.yaml': routeWith(entries) })
    return target.route.rules.flatMap(({ destinations }) => destinations.map(({ role }) => role)).join(' ')
  }
  const entry = (subset: string, host = 'web'): string =>
    `    - {destination: {host: ${host}, subset: ${subset}}, weight: 50}\n`
  for (const name of ['production', 'prod', 'v1', 'main', 'live'])
    assert.equal(roles(entry(name) + entry('canary')), 'stable canary', name)
  for (const name of ['preview', 'web-test', 'shadow'])
    assert.equal(roles(entry(name) + entry('canary')), 'other canary', name)
  assert.equal(roles(entry('v1') + entry('v2') + entry('canary')), 'other other canary')
  assert.equal(roles(entry('v1', 'api') + entry('canary')), 'other canary')
  // Analysis compares the canary with a copy of the stable version that is as new.
  assert.equal(roles(entry('baseline') + entry('canary')), 'stable canary')
  assert.equal(roles(entry('stable') + entry('canary') + entry('baseline')), 'stable canary other')
  assert.equal(roles(entry('prod') + entry('canary') + entry('baseline')), 'other canary other')
})

test('a short host belongs to the namespace of the route that names it', () => {
  for (const name of ['reviews', 'reviews.prod', 'reviews.prod.svc', 'reviews.prod.svc.cluster.local']) {
    assert.equal(resolveHost(name, 'prod'), 'reviews.prod.svc.cluster.local')
  }
  assert.notEqual(resolveHost('web', 'a'), resolveHost('web', 'b'))
})

test('finishing copies the canary’s version to the stable subset and touches nothing else', () => {
  const target = sample(0, 100)
  const files = filesFor([{ target, move: { kind: 'finish-version', from: 'v1', to: 'v2' } }], undefined)
  assert.ok(files.ok)
  assert.deepEqual([...files.value.files.keys()], ['app/dr.yaml'])
  assert.match(
    files.value.files.get('app/dr.yaml') ?? '',
    /stable\n {6}labels: \{version: "v2"\}|stable\n {6}labels: \{version: v2\}/,
  )
})

test('after the finish the weights are 100/0; an object with its own prefix keeps only the percentage, at 0', () => {
  const notes = { 'canary-percentage': '100', 'canary-version': 'v2', pr: '1', steps: '5,100' }
  const files = filesFor([{ target: sample(0, 100, ['v2', 'v2'], notes), move: { kind: 'finish-weights' } }], undefined)
  assert.ok(files.ok)
  assert.equal(files.value.files.get('app/vs.yaml'), virtualService(100, 0))
})

test('if the versions are unknown, the finish is refused with the place', () => {
  const target = targetOf({ 'vs.yaml': virtualService(0, 100) })
  const files = filesFor([{ target, move: { kind: 'finish-version', from: 'v1', to: 'v2' } }], undefined)
  assert.ok(!files.ok && files.error.code === 'no-version' && files.error.file === 'vs.yaml')
})

test('if a label names the role of the pods, each later canary has it too, so a label cannot finish the rollout', () => {
  const finish = (stable: string, canary: string): string => {
    const target = sample(0, 100, [stable, canary])
    const files = filesFor([{ target, move: { kind: 'finish-version', from: stable, to: canary } }], undefined)
    return files.ok ? 'finished' : files.error.code
  }
  for (const role of ['canary', 'web-canary', 'preview', 'experimental', 'candidate', 'next', 'web-new', 'beta'])
    assert.equal(finish('stable', role), 'role-label', role)
  // Later versions have another name.
  for (const version of ['v2', '2.0-beta', '1.4.0-next', 'green', 'renewal', 'latest-2'])
    assert.equal(finish('stable', version), 'finished', version)
})

test('a DestinationRule in another environment does not count for this one', () => {
  const kustomization = 'resources: [vs.yaml, dr.yaml]\n'
  const dr = (stable: string): string =>
    `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: api-service}\nspec:\n  host: api-service\n  subsets:\n  - {name: stable, labels: {version: ${stable}}}\n  - {name: canary, labels: {version: v9}}\n`
  const files = Object.fromEntries(
    ['staging', 'production'].flatMap((name) => [
      [`overlays/${name}/kustomization.yaml`, kustomization],
      [`overlays/${name}/vs.yaml`, virtualService(100, 0)],
      [`overlays/${name}/dr.yaml`, dr(`v-${name}`)],
    ]),
  )
  const versions = targetsOf(files).map((target) => [target.environment, standingOf(target).versions?.stable])
  assert.deepEqual(versions, [
    ['production', 'v-production'],
    ['staging', 'v-staging'],
  ])
})

test('for any weights and percent: the total stays, the shares are as asked, and no input makes it throw', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1000 }),
      fc.integer({ min: 0, max: 1000 }),
      fc.integer({ min: 0, max: 100 }),
      (stable, canary, percent) => {
        const target = sample(stable, canary)
        const edits = reweigh(target.route, percent)
        if (!edits.ok) return edits.error.code === 'not-divisible'
        const text = editManifest(target.manifest, edits.value)
        assert.ok(text.ok)
        const after = rereadTarget(target, new Map([['app/vs.yaml', text.value]]))
        assert.ok(after !== undefined)
        assert.ok(Math.abs(Number(canaryShare(after.route) ?? -1) - percent) < 1e-6)
        const total = (weights: readonly (number | undefined)[]): number =>
          weights.reduce<number>((sum, weight) => sum + (weight ?? 0), 0)
        const weightsOf = (route: typeof after.route): number =>
          total(weightedRules(route)[0]?.destinations.map(({ weight }) => weight) ?? [])
        const old = stable + canary === 0 ? 100 : stable + canary
        return [old, 100, 1_000, 10_000, old * 10, old * 100].includes(weightsOf(after.route))
      },
    ),
    { numRuns: 200 },
  )
})

test('incomplete DestinationRules are skipped when a canary starts, whatever they lack', () => {
  const single = routeWith(`    - {${S}}\n`)
  const rule = (spec: string): string =>
    `---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: web}\n${spec}`
  const subsets = 'subsets: [{name: stable, labels: {version: v1}}, {name: canary, labels: {version: v2}}]'
  const start = (...specs: readonly string[]): string => {
    const target = targetOf({ 'vs.yaml': [single, ...specs.map(rule)].join('\n') })
    const made = filesFor([{ target, move: { kind: 'share', from: 0, to: 25 } }], undefined)
    return made.ok ? 'started' : made.error.code
  }
  const whole = `spec: {host: web, ${subsets}}`
  assert.equal(start(whole), 'started')
  for (const half of [
    '',
    'spec:\n',
    'spec: []',
    `spec: {${subsets}}`,
    `spec: {host: 5, ${subsets}}`,
    'spec: {host: web, subsets: canary}',
    'spec: {host: web, subsets: [canary, null, {labels: {version: v2}}]}',
    `spec: {host: other, ${subsets}}`,
  ]) {
    assert.equal(start(half), 'no-canary', half)
    assert.equal(start(half, whole), 'started', half)
  }
})

test('an object keeps the prefix of its share, or else of its roles, or else of its strategy', () => {
  const prefixWith = (...keys: readonly string[]): unknown => {
    const annotations = keys.map((key) => `${key}: "0"`).join(', ')
    const text = routeWith(`    - {${S}, weight: 95}\n    - {${C}, weight: 5}\n`).replace(
      '{name: web}',
      `{name: web, annotations: {${annotations}}}`,
    )
    const { route } = targetOf({ 'vs.yaml': text })
    const none = { version: undefined, pr: undefined, steps: undefined }
    const written = writeNotes(route, 'perch.dev', { ...none, percentage: '7' })
    return written.map(({ path }) => path.at(-1)).join(' ')
  }
  assert.equal(prefixWith(), 'perch.dev/canary-percentage')
  assert.equal(
    prefixWith('a.io/other', 'b.io/xcanary-percentage', 'c.io/canary-percentage-x'),
    'perch.dev/canary-percentage',
  )
  assert.equal(prefixWith('a.io/pr', 'b.io/steps'), 'perch.dev/canary-percentage')
  assert.equal(prefixWith('a.io/roles', 'b.io/canary-percentage'), 'b.io/canary-percentage')
  assert.equal(prefixWith('b.io/canary-percentage', 'a.io/canary-percentage'), 'b.io/canary-percentage')
  assert.equal(prefixWith('a.io/active-version', 'b.io/roles', 'c.io/roles'), 'b.io/canary-percentage')
  assert.equal(prefixWith('b.io/active-version', 'c.io/deployment-strategy'), 'b.io/canary-percentage')
  assert.equal(prefixWith('b.io/deployment-strategy', 'c.io/active-version'), 'b.io/canary-percentage')
  assert.equal(
    prefixWith('perch.dev/pr', 'perch.dev/steps'),
    'perch.dev/canary-percentage perch.dev/pr perch.dev/steps',
  )
})
