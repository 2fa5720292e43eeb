/** The place of a finding in each layout of a kustomize repository: the line that somebody has to change. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareTrees } from '../../src/flows/judgement/judge-merge.ts'
import { findTargets } from '../../src/core/rollout/find-target.ts'
import { statusOfCheckout } from '../../src/flows/checkout/checkout.ts'
import { command, DR, linesChanged, refusal, repository, VS, worktreeOf } from './repository.ts'
import { needsKustomize, tools } from '../tools.ts'

/** The findings if nothing was there before. */
async function reviewOf(files: Map<string, string>) {
  const [before, after] = [worktreeOf(new Map()), worktreeOf(files)]
  const side = (tree: string) => (tree === 'before' ? before : after)
  const mirror = {
    entries: (tree: string) => side(tree).entries(),
    read: (tree: string, paths: readonly string[]) => side(tree).read(tree, paths),
  }
  const between = { base: 'before', head: 'after', changed: 'all', config: 'after' } as const
  return (await compareTrees({ ...tools, mirror }, between)).review
}

/** `code file:line text of that line` for all findings. */
async function found(files: Map<string, string>): Promise<readonly string[]> {
  const { problems, notes } = await reviewOf(files)
  return [...problems, ...notes].map(({ code, file = '', line }) => {
    return `${code} ${file}:${line} ${(files.get(file) ?? '').split('\n')[line - 1]?.trim()}`
  })
}

async function problemsOf(files: Map<string, string>): Promise<object> {
  const { problems, notes } = await reviewOf(files)
  const [red, said] = [problems, notes].map((all) => all.map(({ code, level = 'error' }) => `${code} ${level}`))
  return { problems: red, notes: said }
}

const STRAY = `- {op: replace, path: /apiVersion, value: networking.istio.io/v1}
- {op: replace, path: /kind, value: VirtualService}
- op: add
  path: /spec
  value:
    hosts: [web]
    http:
      - route:
          - {destination: {host: web, subset: stable}, weight: 50}
          - {destination: {host: web, subset: canary}, weight: 50}
`

const CASES: readonly (readonly [string, Map<string, string>, readonly string[]])[] = [
  [
    'the base of several environments: once, for all of them',
    repository({ staging: '', production: '' }, { 'base/vs.yaml': VS.replace('weight: 100', 'weight: "100"') }),
    ['schema base/vs.yaml:11 weight: "100"'],
  ],
  [
    'the base of several environments with a namespace each',
    repository(
      { staging: 'namespace: a\n', production: 'namespace: b\n' },
      { 'base/vs.yaml': VS.replace('weight: 0', 'weight: -1') },
    ),
    ['IST0106 base/vs.yaml:13 weight: -1'],
  ],
  [
    'an operation in a kustomization, of an object that gets another name',
    repository({
      production:
        'namePrefix: shop-\npatches:\n  - target: {kind: VirtualService, name: web}\n    patch: |\n      - op: replace\n        path: /spec/http/0/route/1/weight\n        value: -5\n',
    }),
    ['IST0106 overlays/production/kustomization.yaml:9 value: -5'],
  ],
  [
    'a patch in a file, by the old field',
    repository(
      { production: 'patchesStrategicMerge: [weights.yaml]\n' },
      { 'overlays/production/weights.yaml': VS.replace('weight: 0', 'weight: 2.5') },
    ),
    ['schema overlays/production/weights.yaml:13 weight: 2.5'],
  ],
  [
    'a component’s only operation',
    repository(
      { production: 'components: [../../wrong]\n' },
      {
        'wrong/kustomization.yaml':
          'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n- target: {kind: VirtualService}\n  patch: |-\n    - {op: add, path: /spec/http/0/route/1/wieght, value: 5}\n',
      },
    ),
    ['wrong-field wrong/kustomization.yaml:6 - {op: add, path: /spec/http/0/route/1/wieght, value: 5}'],
  ],
  [
    'a route that a patch makes of something else: no rollout stands for it',
    new Map([
      [
        'production/kustomization.yaml',
        `resources: [seed.yaml]\npatches:\n  - {path: route.yaml, target: {kind: ConfigMap, name: web}, options: {allowKindChange: true}}\n`,
      ],
      ['production/seed.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n'],
      ['production/route.yaml', STRAY],
    ]),
    ['stray-split :1 '],
  ],
  [
    'a plain folder',
    new Map([['web/vs.yaml', VS.replace('weight: 0', 'wieght: 0')]]),
    ['wrong-field web/vs.yaml:13 wieght: 0'],
  ],
  [
    'a route that one plain folder has twice, where something deploys that',
    new Map([
      [
        'argocd/web.yaml',
        'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec: {syncPolicy: {automated: {}}, source: {repoURL: https://example.com/acme/shop, path: production}}\n',
      ],
      ['production/vs.yaml', VS],
      ['production/copy.yaml', VS],
    ]),
    ['duplicate production/vs.yaml:1 apiVersion: networking.istio.io/v1'],
  ],
  [
    'what nobody sees but the render: the nearest',
    repository(
      { production: 'transformers: [late.yaml]\n' },
      {
        'overlays/production/late.yaml': `apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: late}\ntarget: {kind: VirtualService}\npatch: '[{"op": "replace", "path": "/spec/http/0/route/1/weight", "value": -7}]'\n`,
      },
    ),
    ['IST0106 base/vs.yaml:13 weight: 0'],
  ],
  [
    'a remote entry in a base of several environments: once',
    repository(
      { staging: '', production: '' },
      { 'base/kustomization.yaml': 'resources: [https://a.example/b.yaml]\n' },
    ),
    ['remote base/kustomization.yaml:1 resources: [https://a.example/b.yaml]'],
  ],
  [
    'a Secret that ends too early: its last line',
    repository(
      { production: 'resources: [secret.yaml]\n' },
      {
        'overlays/production/secret.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: [b\n\n',
      },
    ),
    ['build-failed overlays/production/secret.yaml:4 stringData: {a: [b'],
  ],
]

const STABLE = 'apiVersion: v1\nkind: Service\nmetadata: {name: web-stable}\nspec: {selector: {app: web}}\n'
const CANARY = STABLE.replaceAll('web-stable', 'web-canary')
const HOSTS = VS.replace('host: web, subset: stable', 'host: web-stable')
  .replace('host: web, subset: canary', 'host: web-canary')
  .replace('weight: 100', 'weight: 90')
  .replace('weight: 0', 'weight: 10')

/** A route whose stable Service is beside it, and another environment. */
function withNeighbour(namespace: string, texts: string): Map<string, string> {
  return new Map([
    ['edge/kustomization.yaml', 'namespace: shop\nresources: [all.yaml]\n'],
    ['edge/all.yaml', `${HOSTS}---\n${STABLE}`],
    ['apps/kustomization.yaml', `namespace: ${namespace}\nresources: [all.yaml]\n`],
    ['apps/all.yaml', texts],
  ])
}

const MISSING = 'IST0101 edge/all.yaml:12 - destination: {host: web-canary}'

const NEIGHBOURS: readonly (readonly [string, Map<string, string>, readonly string[]])[] = [
  ['another environment of the namespace has it', withNeighbour('shop', CANARY), []],
  ['it is in another namespace', withNeighbour('other', CANARY), [MISSING]],
  ['nobody has it', withNeighbour('shop', CANARY.replace('web-canary', 'admin')), [MISSING]],
  [
    'the other environment is for another cluster, because it has the same objects',
    withNeighbour('shop', `${STABLE}---\n${CANARY}`),
    [MISSING],
  ],
]

for (const [what, files, expected] of NEIGHBOURS) {
  test(`a canary's Service that is not next to its route: ${what}`, needsKustomize, async () => {
    assert.deepEqual(await found(files), expected)
  })
}

test('warnings are notes, and problems if the config is strict', needsKustomize, async () => {
  const files = new Map([['web/vs.yaml', VS.replace('weight: 0', 'wieght: 0')]])
  assert.deepEqual(await problemsOf(files), { problems: [], notes: ['wrong-field warning'] })
  files.set('.github/canary.yml', 'validate: strict\n')
  assert.deepEqual(await problemsOf(files), { problems: ['wrong-field warning'], notes: [] })
  files.set('.github/canary.yml', 'findings: { wrong-field: error }\n')
  assert.deepEqual(await problemsOf(files), { problems: ['wrong-field error'], notes: [] })
})

for (const [what, files, expected] of CASES) {
  test(`the place of a finding in ${what}`, needsKustomize, async () => {
    assert.deepEqual(await found(files), expected)
  })
}

test(
  'alternative files of one route, as in guides, are noted, and a command asks for one',
  needsKustomize,
  async () => {
    const files = new Map([
      ['networking/route-v1.yaml', VS],
      ['networking/route-90-10.yaml', VS.replace('weight: 100', 'weight: 90').replace('weight: 0', 'weight: 10')],
      ['networking/rules.yaml', DR],
    ])
    assert.deepEqual(await problemsOf(files), { problems: [], notes: ['duplicate error'] })
    assert.deepEqual(await refusal(files, '/canary 25 web'), {
      code: 'ambiguous',
      choices: [
        { service: 'route-90-10', environment: 'default' },
        { service: 'route-v1', environment: 'default' },
      ],
    })
    const status = await statusOfCheckout({ worktree: worktreeOf(files), renderer: tools.renderer })
    assert.ok(status.ok)
    const query = { service: 'web', environment: undefined }
    const meant = findTargets(status.value.snapshot, query, ['README.md', 'networking/route-v1.yaml'])
    assert.deepEqual(meant.ok && meant.value.map(({ object }) => object.file), ['networking/route-v1.yaml'])
    const before = new Map(files)
    await command(files, '/canary 25 route-90-10')
    assert.deepEqual(linesChanged(before, files), [
      'networking/route-90-10.yaml',
      '+  annotations:',
      '+    perch.dev/canary-percentage: "25"',
      '+    perch.dev/canary-version: "v2"',
      '+    perch.dev/steps: "5,25,50,100"',
      '-          weight: 90',
      '+          weight: 75',
      '-          weight: 10',
      '+          weight: 25',
    ])
    const side = (name: string): ReturnType<typeof worktreeOf> => worktreeOf(name === 'before' ? before : files)
    const mirror = {
      entries: async (name: string) => side(name).entries(),
      read: async (name: string, paths: readonly string[]) => side(name).read(name, paths),
    }
    const changed = ['networking/route-90-10.yaml']
    const { review } = await compareTrees({ ...tools, mirror }, { base: 'before', head: 'after', changed })
    assert.deepEqual(review.problems, [])
    const shares = review.rows.map(({ before: was = [], after = [] }) => [was, after].map(([first]) => first?.share))
    assert.deepEqual(shares, [[90, 75]])
  },
)

test(
  'alternative files with several routes each: each rollout is named after its file and its route',
  needsKustomize,
  async () => {
    const other = VS.replaceAll('web', 'shop')
    const at = (text: string): string => text.replace('weight: 100', 'weight: 90').replace('weight: 0', 'weight: 10')
    const files = new Map([
      ['guide/start.yaml', `${VS}---\n${other}`],
      ['guide/ten.yaml', `${at(VS)}---\n${at(other)}`],
    ])
    const before = new Map(files)
    await command(files, '/canary 25 ten/shop')
    assert.deepEqual(
      linesChanged(before, files).filter((line) => !/annotations|perch/.test(line)),
      [
        'guide/ten.yaml',
        '-          weight: 90',
        '+          weight: 75',
        '-          weight: 10',
        '+          weight: 25',
      ],
    )
    assert.match(files.get('guide/ten.yaml') ?? '', /weight: 90[^]*name: shop[^]*weight: 75/)
  },
)

test(
  'a service that an environment does not have is refused with a list of its services, whatever is wrong in another environment',
  needsKustomize,
  async () => {
    const files = new Map([
      ['a/kustomization.yaml', 'resources: [vs.yaml, dr.yaml]\n'],
      ['a/vs.yaml', VS],
      ['a/dr.yaml', DR],
      ['b/kustomization.yaml', 'resources: [https://example.com/routes.yaml]\n'],
    ])
    const found = await refusal(files, '/canary 25 api --env a')
    assert.deepEqual(found, { code: 'no-service', asked: 'api', environment: 'a', known: ['a/web'] })
    assert.equal((await refusal(files, '/canary 25 api --env b')).code, 'unreadable')
  },
)
