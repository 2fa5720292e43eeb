/** Mistakes that were in a folder before a pull request do not keep others from merging. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differencesIn } from '../../src/flows/judgement/judge-changes.ts'
import { compareTrees, type TreeComparison } from '../../src/flows/judgement/judge-merge.ts'
import { sureShare } from '../../src/core/rollout/standing.ts'
import { command, DR, linesChanged, VS as IDLE, worktreeOf } from './repository.ts'
import { tools } from '../tools.ts'

const VS = IDLE.replace('weight: 100', 'weight: 90').replace('weight: 0', 'weight: 10')
const WEB = { 'k8s/web.yaml': VS, 'k8s/rule.yaml': DR }
const APPLICATION = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: web, namespace: argocd }
spec:
  destination: { namespace: shop, server: https://kubernetes.default.svc }
  syncPolicy: { automated: {} }
  source: { repoURL: https://github.com/acme/shop, path: k8s }
`
const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\n'
const BROKEN = `${CONFIG_MAP}data:\n  a: b // not a comment\n    c: d\n`
const NAMELESS = 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nleaderElection: {}\n'

type Files = Readonly<Record<string, string>>

async function compared(before: Files, after: Files): Promise<TreeComparison> {
  const all = { before, after: { ...before, ...after } }
  const side = (name: string) => worktreeOf(new Map(Object.entries(name === 'before' ? all.before : all.after)))
  const mirror = {
    entries: (name: string) => side(name).entries(),
    read: (name: string, paths: readonly string[]) => side(name).read(name, paths),
  }
  return compareTrees({ ...tools, mirror }, { base: 'before', head: 'after', changed: Object.keys(after) })
}

/** The problems and notes for a change of some files. */
async function reviewed(before: Files, after: Files): Promise<readonly (readonly string[])[]> {
  const { review } = await compared(before, after)
  return [review.problems, review.notes].map((found) =>
    found.map(({ code, file = '', line }) => `${code} ${file}:${line}`),
  )
}

/** The rollouts with gates, and the changed objects in the diff. */
async function moved(before: Files, after: Files): Promise<readonly (readonly string[])[]> {
  const { review, sides, rises = [], imageChanges = [] } = await compared(before, after)
  assert.deepEqual(review.problems, [])
  const differences = sides === undefined ? [] : differencesIn({ ...sides, rises, imageChanges })
  return [
    differences.map(({ from, to, reach, version, widened }) =>
      [
        `${from === undefined ? 'new' : sureShare(from)} → ${Math.max(sureShare(to), reach)}`,
        ...(version === undefined ? [] : [version.role, version.from, version.to]),
        ...(widened.length > 0 ? ['widened'] : []),
      ].join(' '),
    ),
    review.diffs.flatMap(({ resources }) => resources.map(({ change, title }) => `${change} ${title}`)),
  ]
}

const RAISED = { 'k8s/web.yaml': VS.replace('weight: 90', 'weight: 75').replace('weight: 10', 'weight: 25') }

const CASES: readonly (readonly [what: string, before: Files, note: readonly string[]])[] = [
  ['YAML that is not valid', { 'k8s/other.yaml': BROKEN }, ['unparsable k8s/other.yaml:5']],
  [
    'something without a name beside an object',
    { 'k8s/other.yaml': `${CONFIG_MAP}---\n${NAMELESS}` },
    ['not-an-object k8s/other.yaml:5'],
  ],
  ['a file that configures a program', { 'k8s/scheduler.yaml': NAMELESS }, []],
  [
    'the same in a folder that Argo CD deploys',
    { 'argo.yaml': APPLICATION, 'k8s/other.yaml': BROKEN },
    ['unparsable k8s/other.yaml:5'],
  ],
  [
    'an object that is there twice',
    { 'k8s/one.yaml': CONFIG_MAP, 'k8s/two.yaml': CONFIG_MAP },
    ['duplicate k8s/two.yaml:1'],
  ],
]

for (const [what, more, notes] of CASES) {
  test(`with ${what} in a folder, other files are judged and changed as usual`, async () => {
    const before = { ...WEB, ...more }
    assert.deepEqual(await reviewed(before, RAISED), [[], notes])
    const files = new Map(Object.entries(before))
    await command(files, '/canary 25')
    const changed = linesChanged(new Map(Object.entries(before)), files).filter(
      (line) => !/annotations|perch/.test(line),
    )
    const weights = ['-          weight: 90', '+          weight: 75', '-          weight: 10', '+          weight: 25']
    assert.deepEqual(changed, ['k8s/web.yaml', ...weights])
  })
}

test('a pull request that adds such a file, or breaks one, is red', async () => {
  assert.deepEqual(await reviewed(WEB, { 'k8s/other.yaml': BROKEN }), [['unparsable k8s/other.yaml:5'], []])
  const good = { ...WEB, 'k8s/other.yaml': CONFIG_MAP }
  assert.deepEqual(await reviewed(good, { 'k8s/other.yaml': BROKEN }), [['unparsable k8s/other.yaml:5'], []])
  const half = VS.replace('  http:', ' http:')
  const [[first = ''] = []] = await reviewed(WEB, { 'k8s/web.yaml': half })
  assert.match(first, /^not-yaml k8s\/web\.yaml/)
})

const OPEN = '  : [\n'
const SERVICE = 'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { selector: { app: web } }\n'
const PODS = (version: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web-${version} }
spec:
  replicas: 1
  selector: { matchLabels: { app: web, version: ${version} } }
  template: { metadata: { labels: { app: web, version: ${version} } } }
`
const SHOP = { ...WEB, 'k8s/service.yaml': SERVICE, 'k8s/v1.yaml': PODS('v1'), 'k8s/v2.yaml': PODS('v2') }

test('a pull request that changes such a file and leaves it broken is red, because its effect is unknown', async () => {
  const before = { ...WEB, 'k8s/other.yaml': BROKEN }
  const after = { 'k8s/other.yaml': BROKEN.replace('b //', 'bb //') }
  assert.deepEqual(await reviewed(before, after), [['unparsable k8s/other.yaml:5'], []])
})

test('a mistake at the end of a file is reported for that file', async () => {
  const open = `${CONFIG_MAP}data: { a: [\n`
  assert.deepEqual(await reviewed(SHOP, { 'k8s/a.yaml': open }), [['unparsable k8s/a.yaml:4'], []])
  const [problems] = await reviewed(SHOP, { 'k8s/service.yaml': `${SERVICE}data: { a: [\n` })
  assert.deepEqual(problems, ['not-yaml k8s/service.yaml:5'])
})

test('a duplicate key in a file about traffic is one problem, with its line', async () => {
  const service = SERVICE.replace('spec:', 'spec: {}\nspec:')
  assert.deepEqual(await reviewed(SHOP, { 'k8s/service.yaml': service }), [['not-yaml k8s/service.yaml:5'], []])
})

const RULE_OF_OTHERS = DR.replace('name: web', 'name: other').replace('spec:', 'spec: {}\nspec:')

test('a file about traffic that cannot be read, in a folder that nothing deploys, leaves the routes in other files as they are', async () => {
  for (const text of [RULE_OF_OTHERS, VS.replace('name: web', 'name: other').replace('  http:', ' http:')]) {
    const before = { ...SHOP, 'k8s/other.yaml': text }
    const [problems, notes] = await reviewed(before, RAISED)
    assert.deepEqual([problems, notes?.map((note) => note.split(':')[0])], [[], ['not-yaml k8s/other.yaml']])
    const files = new Map(Object.entries(before))
    await command(files, '/canary 25')
    assert.match(files.get('k8s/web.yaml') ?? '', /weight: 75/)
    // Whoever changes it has to repair it.
    const [touched, other] = await reviewed(before, { 'k8s/other.yaml': `${text}# more\n` })
    assert.deepEqual([touched?.map((one) => one.split(':')[0]), other], [['not-yaml k8s/other.yaml'], []])
  }
})

test('a file about traffic that cannot be read stops the folder that Argo CD deploys', async () => {
  const before = { ...SHOP, 'argo.yaml': APPLICATION, 'k8s/other.yaml': RULE_OF_OTHERS }
  assert.deepEqual(await reviewed(before, RAISED), [['not-yaml k8s/other.yaml:6'], []])
})

test('a label that is there twice, and a key that is there twice with one value, are read as kubectl reads them', async () => {
  const labels = 'metadata: { name: web, labels: { app: web, app: shop } }'
  const service = SERVICE.replace('metadata: { name: web }', labels).replace('spec:', 'kind: Service\nspec:\nspec:')
  const before = {
    ...SHOP,
    'k8s/service.yaml': service,
    'k8s/web.yaml': VS.replace('spec:', 'kind: VirtualService\nspec:'),
  }
  assert.deepEqual(
    await reviewed({ ...before, 'argo.yaml': APPLICATION }, { 'k8s/v1.yaml': `${PODS('v1')}# more\n` }),
    [[], []],
  )
  const files = new Map(Object.entries(before))
  await command(files, '/canary 25')
  assert.match(files.get('k8s/web.yaml') ?? '', /weight: 75/)
})

test('a document about traffic without a name, in a folder that nothing deploys, does not affect other files', async () => {
  const before = { ...WEB, 'k8s/sample.yaml': VS.replace(/name: web\b/, 'labels: {}') }
  const [problems, notes] = await reviewed(before, RAISED)
  assert.deepEqual([problems, notes], [[], ['not-an-object k8s/sample.yaml:1']])
  const files = new Map(Object.entries(before))
  await command(files, '/canary 25')
  assert.match(files.get('k8s/web.yaml') ?? '', /weight: 75/)
})

test('the settings of a kustomize function need no name, in a folder that nothing deploys', async () => {
  const annotations = 'metadata: {\n  annotations: {\n    config.kubernetes.io/function: "{}" } }\n'
  const settings = `apiVersion: examples.config.kubernetes.io/v1beta1\nkind: Kubeval\n${annotations}`
  assert.deepEqual(await reviewed(SHOP, { 'k8s/use.yaml': `${settings}---\n${CONFIG_MAP}` }), [[], []])
  const other = settings.replace('config.kubernetes.io/function', 'example.com/function')
  const found = [['not-an-object k8s/use.yaml:1'], []]
  assert.deepEqual(await reviewed(SHOP, { 'k8s/use.yaml': `${other}---\n${CONFIG_MAP}` }), found)
})

test('a document about traffic without a name leaves the others of its file as they are, in a folder that nothing deploys', async () => {
  const nameless = VS.replace(/name: web\b/, 'labels: {}')
  for (const text of [
    `${VS}---\n${nameless}`,
    `${nameless}---\n${VS}`,
    `${VS}--- # a sample\n${nameless}---\n${CONFIG_MAP}`,
  ]) {
    const before = { ...SHOP, 'k8s/web.yaml': text }
    const raised = { 'k8s/web.yaml': text.replace('weight: 90', 'weight: 75').replace('weight: 10', 'weight: 25') }
    const line = text.split('\n').findIndex((_, index, all) => all[index + 3] === '  labels: {}') + 1
    const said = [`not-an-object k8s/web.yaml:${line}`]
    const later = text.startsWith(nameless) ? { 'k8s/v1.yaml': `${PODS('v1')}# a comment\n` } : raised
    assert.deepEqual(await reviewed(before, later), [[], said])
    const files = new Map(Object.entries(before))
    await command(files, '/canary 25')
    const changed = linesChanged(new Map(Object.entries(before)), files).filter((one) => /weight/.test(one))
    assert.deepEqual(changed.length, 4)
    assert.ok(files.get('k8s/web.yaml')?.includes(nameless))
    // Whoever changes it has to give it a name.
    const [problems] = await reviewed(before, { 'k8s/web.yaml': text.replace('labels: {}', 'labels: { a: b }') })
    assert.deepEqual(problems, said)
  }
})

test('an object beside the config of a tool, in a folder that nothing deploys, is added like any other', async () => {
  const kind = 'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nname: local\nnodes: [{ role: control-plane }]\n'
  for (const text of [`${kind}---\n${CONFIG_MAP}`, `${CONFIG_MAP}---\n${kind}`])
    assert.deepEqual(await reviewed(WEB, { 'k8s/kind.yaml': text }), [[], []])
})

test('a document without a name in a folder that Argo CD deploys is red: it refuses all of the folder', async () => {
  const nameless = `${VS}---\n${VS.replace(/name: web\b/, 'labels: {}')}`
  const [problems = []] = await reviewed({ ...SHOP, 'argo.yaml': APPLICATION }, { 'k8s/web.yaml': nameless })
  assert.ok(problems.length > 0)
})

test('each file of a folder is read by itself, whatever it begins and ends with', async () => {
  const odd = {
    'k8s/0-bom.yaml': `\uFEFF${CONFIG_MAP.replace('settings', 'bom')}`,
    'k8s/1-windows.yaml': CONFIG_MAP.replace('settings', 'windows').replaceAll('\n', '\r\n'),
    'k8s/2-directive.yaml': `%YAML 1.2\n---\n${CONFIG_MAP.replace('settings', 'directive')}`,
    'k8s/3-end.yaml': `${CONFIG_MAP.replace('settings', 'end')}...`,
    'k8s/4-nothing.yaml': '# apiVersion and kind\n---\n---\n',
    'k8s/5-list.yaml': `apiVersion: v1\nkind: List\nitems:\n- { apiVersion: v1, kind: ConfigMap, metadata: { name: item } }`,
    'k8s/6-open.yaml': `${CONFIG_MAP.replace('settings', 'open')}data: { a: [`,
  }
  assert.deepEqual(await reviewed({ ...WEB, ...odd }, RAISED), [[], ['unparsable k8s/6-open.yaml:4']])
  const last = { ...WEB, ...odd, 'k8s/7.yaml': `${CONFIG_MAP}---\n${CONFIG_MAP}` }
  assert.deepEqual(await reviewed(last, RAISED), [[], ['duplicate k8s/7.yaml:5', 'unparsable k8s/6-open.yaml:4']])
})

test('an object that may be in an unreadable file is not reported as missing', async () => {
  const before = { ...SHOP, 'k8s/v2.yaml': PODS('v2') + OPEN }
  assert.deepEqual(await reviewed(before, RAISED), [[], ['no-pods k8s/web.yaml:12', 'unparsable k8s/v2.yaml:8']])
  const { 'k8s/v2.yaml': _, ...without } = SHOP
  assert.deepEqual(await reviewed(without, RAISED), [['no-pods k8s/web.yaml:12'], []])
})

test('an object that may be in a neighbour’s unreadable file is not reported as missing', async () => {
  const { 'k8s/v2.yaml': _, ...without } = SHOP
  const named = PODS('v2').replace('metadata: { name: web-v2 }', 'metadata: { name: web-v2, namespace: default }')
  const other = (text: string): Files => ({ ...without, 'pods/v1.yaml': CONFIG_MAP, 'pods/v2.yaml': text })
  assert.deepEqual(await reviewed(other(named), RAISED), [[], []])
  assert.deepEqual(await reviewed(other(named + OPEN), RAISED), [[], ['no-pods k8s/web.yaml:12']])
})

test('a pull request that repairs a file is green, and shows what else it changes', async () => {
  const cases: readonly (readonly [file: string, good: string, moves: readonly string[], object: string])[] = [
    ['k8s/service.yaml', SERVICE, [], 'Service web'],
    // It is unknown which version had the traffic.
    ['k8s/rule.yaml', DR, ['10 → 10 canary unknown v2'], 'DestinationRule web'],
    ['k8s/v2.yaml', PODS('v2'), [], 'Deployment web-v2'],
    // It is unknown which share was there.
    ['k8s/web.yaml', VS, ['new → 10'], 'VirtualService web'],
  ]
  for (const [file, good, moves, object] of cases) {
    const before = { ...SHOP, 'k8s/map.yaml': CONFIG_MAP, [file]: good + OPEN }
    const after = { [file]: good, 'k8s/map.yaml': `${CONFIG_MAP}data: { a: b }\n` }
    const shown = [`added ${object}`, 'changed ConfigMap settings']
    const [found, changed = []] = await moved(before, after)
    assert.deepEqual([found, changed.toSorted()], [moves, shown], file)
    assert.deepEqual(await reviewed(before, after), [[], [`repaired ${file}:1`]], file)
  }
})

test('a pull request that repairs a file is judged by what else it changes', async () => {
  const before = { ...SHOP, 'k8s/service.yaml': SERVICE + OPEN }
  const repair = { 'k8s/service.yaml': SERVICE }
  assert.deepEqual((await moved(before, { ...repair, ...RAISED }))[0], ['10 → 25'])
  const pinned =
    '    - match: [{ headers: { x: { exact: y } } }]\n      route: [{ destination: { host: web, subset: canary } }]\n'
  const header = { 'k8s/web.yaml': VS.replace('    - name: main\n', `${pinned}    - name: main\n`) }
  assert.deepEqual((await moved(before, { ...repair, ...header }))[0], ['10 → 10 widened'])
  const lost = { 'k8s/v2.yaml': PODS('v3') }
  assert.deepEqual(await reviewed(before, { ...repair, ...lost }), [
    ['no-pods k8s/web.yaml:12'],
    ['repaired k8s/service.yaml:1'],
  ])
})

test('an old mistake stays a note when a pull request repairs a file next to it', async () => {
  const old = VS.replace('name: web', 'name: old').replace('subset: canary', 'subset: gone')
  const before = { ...SHOP, 'k8s/old.yaml': old, 'k8s/other.yaml': BROKEN }
  const notes = ['IST0101 k8s/old.yaml:12', 'repaired k8s/other.yaml:1']
  assert.deepEqual(await reviewed(before, { 'k8s/other.yaml': CONFIG_MAP }), [[], notes])
})
