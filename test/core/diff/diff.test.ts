import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { stringify } from 'yaml'
import { type RenderedChange, diffRendered } from '../../../src/core/diff/changes.ts'
import { HIDDEN, HIDDEN_CHANGED } from '../../../src/core/diff/mask.ts'
import { hideValues } from '../../../src/core/diff/hide-values.ts'
import { parseRendered, type RenderedObject, type RenderProblem } from '../../../src/core/diff/objects.ts'
import { readPlain } from '../../../src/core/diff/reading/plain-files.ts'
import { redact } from '../../../src/core/diff/redact.ts'
import { drawnCount } from '../../drawn.ts'

function objects(yaml: string): readonly RenderedObject[] {
  const parsed = parseRendered(yaml)
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return parsed.objects
}

function problem(yaml: string): RenderProblem | undefined {
  const parsed = parseRendered(yaml)
  return parsed.ok ? undefined : parsed.problem
}

function diff(before: string, after: string): readonly RenderedChange[] {
  return diffRendered(objects(before), objects(after)).changes
}

function show(changes: readonly RenderedChange[]): string {
  return changes
    .flatMap(({ type, title, hunks, additions, deletions }) => [
      `${type} ${title} +${additions} -${deletions}`,
      ...hunks.flatMap(({ header, lines }) => [header, ...lines]),
    ])
    .join('\n')
}

const virtualService = (stable: number, canary: number, version = 'v1') => `
apiVersion: networking.istio.io/${version}
kind: VirtualService
metadata:
  namespace: default
  name: api-service
spec:
  hosts: [api]
  http:
  - name: main
    route:
    - {weight: ${stable}, destination: {host: api, subset: stable}}
    - {weight: ${canary}, destination: {host: api, subset: canary}}
`

test('a stream and the items of lists are objects, empty documents are none', () => {
  const yaml = `# only a comment\n---\n${virtualService(100, 0)}---\nkind: List\napiVersion: v1\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- {apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}\n---\n`
  assert.deepEqual(
    objects(yaml).map(({ group, kind, namespace, name }) => [group, kind, namespace, name]),
    [
      ['networking.istio.io', 'VirtualService', 'default', 'api-service'],
      ['', 'ConfigMap', '', 'a'],
      ['apps', 'Deployment', '', 'a'],
    ],
  )
  assert.deepEqual(objects(''), [])
})

test('if an object appears twice, the last one counts, with the line where it begins', () => {
  const parsed = parseRendered(
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: "1"}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n',
  )
  assert.ok(parsed.ok)
  assert.deepEqual(parsed.duplicates, [
    { code: 'duplicate', line: 6, identity: { group: '', kind: 'ConfigMap', namespace: '', name: 'a' } },
  ])
  assert.deepEqual(
    parsed.objects.map(({ data }) => Object.keys(data)),
    [['apiVersion', 'kind', 'metadata']],
  )
})

test('objects that the cluster names are different ones', () => {
  const hook = 'apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: before-}\n'
  const parsed = parseRendered([hook, hook, hook].join('---\n'))
  assert.ok(parsed.ok)
  assert.deepEqual(parsed.duplicates, [])
  assert.deepEqual(
    parsed.objects.map(({ name }) => name),
    ['before-*', 'before-*2', 'before-*3'],
  )
})

test('a text that is not a stream of objects is a problem with its line', () => {
  const one = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n'
  assert.deepEqual(problem(`${one}---\nfoo: 1\n`), { code: 'not-an-object', line: 5 })
  assert.deepEqual(problem('hello'), { code: 'not-an-object', line: 1 })
  assert.deepEqual(problem(`${one}data: [\n`), { code: 'unparsable', line: 5 })
  assert.deepEqual(problem(`${one}kind: Other\n`), { code: 'unparsable', line: 4 })
  assert.deepEqual(problem(`${one}x: &x [*x]\n`)?.code, 'unparsable')
  assert.equal(problem('['.repeat(50_000))?.code, 'unparsable')
  assert.equal(problem(`${one}# ${'x'.repeat(21 * 1024 * 1024)}`)?.code, 'too-large')
  const laughs = Array.from({ length: 9 }, (_, n) => `  l${n + 1}: &l${n + 1} [${Array(9).fill(`*l${n}`).join()}]`)
  assert.equal(problem(`${one}data:\n  l0: &l0 [1,1,1]\n${laughs.join('\n')}\n`)?.code, 'unparsable')
})

test('what is applied as it is written may have a key twice, as Argo CD and kubectl take it, but not where it is about traffic', () => {
  const job = 'apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\nspec: {tries: 1, tries: 2}\n'
  const problemOf = (text: string): unknown => {
    const { parsed, leftOut } = readPlain(['a.yaml'], new Map([['a.yaml', text]]), {
      documents: new Map(),
      secrets: ['example.com/Vault'],
      isLoose: false,
    })
    return parsed.ok ? leftOut.map(({ problem }) => problem) : parsed.problem
  }
  const { parsed } = readPlain(['a.yaml'], new Map([['a.yaml', job]]), {
    documents: new Map(),
    secrets: ['example.com/Vault'],
    isLoose: false,
  })
  assert.ok(parsed.ok)
  assert.deepEqual(
    parsed.objects.map(({ data }) => data['spec']),
    [{ tries: 2 }],
  )
  // How a deployer applies it does not concern traffic.
  const notes = '{argocd.argoproj.io/sync-options: Force=true, kustomize.toolkit.fluxcd.io/prune: disabled}'
  assert.deepEqual(problemOf(job.replace('{name: a}', `{name: a, annotations: ${notes}}`)), [])
  const rollout = job.replace('batch/v1', 'argoproj.io/v1alpha1').replace('Job', 'Rollout')
  assert.deepEqual(problemOf(rollout), { code: 'unparsable', line: 4 })
  // Next to an object about traffic, it counts document by document.
  const service = 'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: []}\n'
  assert.deepEqual(problemOf(`${service}---\n${job}`), [])
  assert.deepEqual(problemOf(`${job}---\n${service.replace('{ports: []}', '{ports: [], ports: 1}')}`), {
    code: 'unparsable',
    line: 9,
  })
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {a: MQ==, a: Mg==}\n'
  assert.deepEqual(problemOf(secret), [{ code: 'unparsable', line: 4 }])
  assert.deepEqual(problemOf('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a\n'), [
    { code: 'unparsable', line: 4 },
  ])
  const vault = 'apiVersion: example.com/v1\nkind: Vault\nmetadata: {name: a}\nspec: {a: MQ==, a: Mg==}\n'
  assert.deepEqual(problemOf(vault), [{ code: 'unparsable', line: 4 }])
  // Argo CD applies the output of helm in the same way. The output of kustomize never looks like this.
  assert.ok(parseRendered(job, new Map(), { lenient: { secrets: [] } }).ok)
  assert.deepEqual(parseRendered(job), { ok: false, problem: { code: 'unparsable', line: 4 } })
})

test('a changed weight is a hunk with three lines around it', () => {
  assert.equal(
    show(diff(virtualService(95, 5), virtualService(75, 25))),
    `changed VirtualService default/api-service +2 -2
@@ -12,8 +12,8 @@
         - destination:
             host: api
             subset: stable
-          weight: 95
+          weight: 75
         - destination:
             host: api
             subset: canary
-          weight: 5
+          weight: 25`,
  )
})

test('the order of keys and the style are no change, but a new API version is', () => {
  const rewritten = `{"kind":"VirtualService","apiVersion":"networking.istio.io/v1","spec":{"http":[{"route":[{"destination":{"host":"api","subset":"stable"},"weight":100},{"destination":{"subset":"canary","host":"api"},"weight":0}],"name":"main"}],"hosts":["api"]},"metadata":{"name":"api-service","namespace":"default"}}`
  assert.deepEqual(diff(virtualService(100, 0), rewritten), [])
  const [change, ...others] = diff(virtualService(100, 0, 'v1beta1'), virtualService(100, 0))
  assert.equal(change?.type, 'changed')
  assert.deepEqual([change?.additions, change?.deletions, others.length], [1, 1, 0])
})

test('added and removed objects are shown completely, sorted by kind, namespace and name', () => {
  const map = (name: string, namespace: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: ${namespace}}\n`
  const changes = diff(
    `${map('b', 'x')}---\n${map('a', 'x')}`,
    `${map('a', 'a')}---\napiVersion: a/v1\nkind: A\nmetadata: {name: z}\n`,
  )
  assert.deepEqual(
    changes.map(({ type, title, additions, deletions }) => [type, title, additions, deletions]),
    [
      ['added', 'A z', 4, 0],
      ['added', 'ConfigMap a/a', 5, 0],
      ['removed', 'ConfigMap x/a', 0, 5],
      ['removed', 'ConfigMap x/b', 0, 5],
    ],
  )
})

test('a small difference between large numbers is visible', () => {
  const at = (id: string) => `apiVersion: v1\nkind: A\nmetadata: {name: a}\nid: ${id}\n`
  assert.equal(diff(at('12345678901234567890'), at('12345678901234567891')).length, 1)
})

test('objects that have nothing in common are replaced without a search', () => {
  const at = (word: string) =>
    stringify({
      apiVersion: 'v1',
      kind: 'A',
      metadata: { name: 'a' },
      list: Array.from({ length: 20_000 }, (_, n) => `${word}${n}`),
    })
  const start = process.cpuUsage()
  const [change] = diff(at('x'), at('y'))
  assert.ok(process.cpuUsage(start).user < 5_000_000)
  assert.ok((change?.additions ?? 0) >= 20_000)
})

const secret = (data: object, more: object = {}) =>
  stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', ...more }, ...data })

test('a Secret’s diff shows only the keys, and which values change', () => {
  const before = secret({
    data: { password: 'aHVudGVyMg==', user: 'cm9vdA==' },
    stringData: { token: 'old-token' },
    type: 'Opaque',
  })
  const after = secret({
    data: { password: 'aHVudGVyMw==', user: 'cm9vdA==', extra: 'bmV3' },
    stringData: { token: 'new-token' },
    type: 'Opaque',
  })
  assert.equal(
    show(diff(before, after)),
    `changed Secret s +3 -2
@@ -3,8 +3,9 @@
 metadata:
   name: s
 data:
-  password: ${HIDDEN}
+  extra: ${HIDDEN}
+  password: ${HIDDEN_CHANGED}
   user: ${HIDDEN}
 stringData:
-  token: ${HIDDEN}
+  token: ${HIDDEN_CHANGED}
 type: Opaque`,
  )
  assert.deepEqual(diff(before, before), [])
})

test('a Secret in a list, a misshapen one and one in an annotation are hidden too', () => {
  const json = JSON.stringify({ kind: 'Secret', data: { password: 'aHVudGVyMg==' } })
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': json, other: 'stays [so]' }
  const yaml = [
    stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'l' }, data: { a: 'aHVudGVyMg==' } }],
    }),
    stringify({
      apiVersion: 'v1',
      kind: 'SecretList',
      items: [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'm' }, data: ['aHVudGVyMg=='] }],
    }),
    secret({ Data: { a: 'aHVudGVyMg==' }, data: 'aHVudGVyMg==', stringData: { deep: { er: 'aHVudGVyMg==' } } }),
    secret({}, { name: 't', annotations }),
    stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', annotations } }),
    stringify({ apiVersion: 'v1', kind: 'secret', metadata: { name: 'u' }, data: { a: 'aHVudGVyMg==' } }),
  ].join('---\n')
  const text = show(diff('', yaml))
  assert.doesNotMatch(text, /aHVudGVyMg/)
  assert.match(text, /other: stays \[so\]/)
  assert.match(
    show(diff(yaml, yaml.replaceAll('aHVudGVyMg==', 'other'))),
    /last-applied-configuration: ••• \(changed\)/,
  )
})

test('other resources that are named after secrets are shown', () => {
  const external =
    'apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: a}\nspec: {data: [{remoteRef: {key: vault/path}}]}\n'
  assert.match(show(diff('', external)), /vault\/path/)
})

/** Letters that no key, name or placeholder of these tests has, so that a hit can only be a leak. */
const value = fc.stringMatching(/^[QXZJ0-9=/+ \n"']{4,40}$/)
const anyValue = fc.oneof(
  value,
  fc.array(value, { minLength: 1 }),
  fc.record({ er: value }),
  fc.bigInt({ min: 10_000n }).map(Number),
)
const anySecret = fc.record({ data: fc.dictionary(fc.stringMatching(/^[a-f]{1,3}$/), anyValue), stringData: anyValue })

test('no value of a Secret is ever shown', () => {
  fc.assert(
    fc.property(anySecret, anySecret, fc.boolean(), (before, after, listed) => {
      const wrap = (data: object): string => {
        const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, ...data }
        return stringify(listed ? { apiVersion: 'v1', kind: 'List', items: [object] } : object)
      }
      const [old, current] = [objects(wrap(before)), objects(wrap(after))]
      const pairs = [diffRendered(old, current), diffRendered([], current), diffRendered(old, [])]
      const shown = pairs.map(({ changes }) => show(changes))
      // The line numbers of hunks are not from the Secret.
      const text = shown
        .join('\n')
        .replaceAll(/^@@.*$/gm, '')
        .replaceAll(/\+\d+ -\d+$/gm, '')
      for (const leaf of leaves([before, after])) assert.ok(!text.includes(leaf), leaf)
    }),
    { numRuns: drawnCount(60, 600) },
  )
})

function leaves(value: unknown): string[] {
  if (typeof value === 'string' || typeof value === 'number')
    return [String(value)].filter((leaf) => leaf.trim().length >= 4)
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : []
}

test("values of Secrets in the files are hidden in a tool's output", () => {
  const files = new Map([
    [
      'k/secret.yaml',
      'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {p: hunter22}\ndata: {q: c3dvcmRmaXNo}\n',
    ],
    [
      'k/kustomization.yaml',
      `secretGenerator:\n- name: g\n  literals: [key=litera1]\n  envs: [a.env]\n  files: [k=f.txt]\npatches:\n- target: {kind: Secret}\n  patch: |-\n    - op: replace\n      path: /data/x\n      value: patched1\n- patch: |-\n    kind: Secret\n    stringData: {z: inline99}\n`,
    ],
    ['k/a.env', 'PASSWORD=env-value\nbroken line here\n'],
    ['k/f.txt', 'file-content\nfirst-part=second-part\n'],
    ['k/broken.yaml', 'kind: Secret\ndata: [\n  p: rough-value\n'],
  ])
  const said = [
    'hunter22 aHVudGVyMjI= c3dvcmRmaXNo swordfish litera1 env-value "broken line here" file-content first-part=second-part patched1 inline99',
    'rough-value in k/secret.yaml of Deployment web',
  ].join(' ')
  const left = redact(said, files)
  assert.equal(left.replaceAll(HIDDEN, '').replace(/\s+/g, ' ').trim(), '"" in k/secret.yaml of Deployment web')
  const bomb = `kind: Secret\na: &a [1,1,1,1]\n${Array.from(
    { length: 9 },
    (_, n) =>
      `b${n}: &b${n} [${Array(9)
        .fill(n === 0 ? '*a' : `*b${n - 1}`)
        .join()}]`,
  ).join('\n')}\nstringData: {p: hunter33}\n`
  assert.doesNotMatch(redact('p: hunter33', new Map([['a.yaml', bomb]])), /hunter33/)
  assert.equal(redact('no such file a.yaml', new Map([['a.yaml', 'kind: Deployment']])), 'no such file a.yaml')
})

test('a value is as long as what is not blank of it, and one that is too short hides no words', () => {
  const hide = (...values: readonly string[]): string =>
    hideValues(values, { mark: '***', shortest: 4 })('it is abc  , not abcd')
  assert.equal(hide('abcd'), 'it is abc  , not ***')
  assert.equal(hide('abc  '), 'it is abc  , not abcd')
  assert.equal(hide('    ', ''), 'it is abc  , not abcd')
  assert.equal(hide('abc', 'abcd'), 'it is abc  , not ***')
})
