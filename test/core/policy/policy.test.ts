import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { readConfig } from '../../../src/core/config/read.ts'
import { parseRendered } from '../../../src/core/diff/objects.ts'
import { explainProblem } from '../../../src/core/message/problem/problem.ts'
import { worthSaying } from '../../../src/core/policy/istio.ts'
import { isLinted, lintSettingsIn } from '../../../src/core/policy/lint.ts'
import { policyFiles, policyFrom } from '../../../src/core/policy/policy.ts'
import { lineKey, objectKey, type ObjectRemark, sortRemarks } from '../../../src/core/policy/remark.ts'
import { schemasFrom } from '../../../src/core/policy/schemas.ts'
import { failureProblems, objectRemark } from '../../../src/core/problem/tools.ts'

const file = (path: string) => ({ path, type: 'file' as const })

function read(texts: Readonly<Record<string, string>>, config: { path: string; data?: string }) {
  const files = policyFiles(Object.keys(texts).map(file), config)
  if (!files.ok) return files
  return policyFrom(files.value, new Map(Object.entries(texts)), config)
}

const RULE = 'package main\n'

test('a policy is the Rego below its folder without tests, with its data merged like in OPA', () => {
  const policy = read(
    {
      'policy/a.rego': RULE,
      'policy/deep/.b.rego': RULE,
      'policy/a_test.rego': RULE,
      'policy2/c.rego': RULE,
      'policy/notes.md': '',
      'limits/x.yaml': 'ports: {allowed: [80]}\n',
      'limits/teams/y.json': '{"names": ["a"], "ports": 1}',
      'limits/teams/z.yml': 'more: {a: 1}\n',
      'limits/top.JSON': '{"top": true}',
      'limits/old.json.bak': '{"old": true}',
    },
    { path: './policy/', data: 'limits' },
  )
  assert.ok(policy.ok, JSON.stringify(policy))
  assert.deepEqual([...policy.value.modules.keys()], ['policy/a.rego', 'policy/deep/.b.rego'])
  assert.deepEqual(policy.value.data, {
    ports: { allowed: [80] },
    top: true,
    teams: { names: ['a'], ports: 1, more: { a: 1 } },
  })
})

test('a policy may have five hundred files', () => {
  const rules = texts(499, 'p/', '.rego')
  assert.equal(read({ ...rules, 'd/a.json': '{}' }, { path: 'p', data: 'd' }).ok, true)
})

function texts(count: number, before: string, after: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`${before}${index}${after}`, RULE]))
}

test('a file that must not be in a policy is named', () => {
  const rule = { 'p/a.rego': RULE }
  const table: [Readonly<Record<string, string>>, string][] = [
    [{ 'q/a.rego': RULE }, 'p:1 no-modules'],
    [{ 'p/a_test.rego': RULE }, 'p:1 no-modules'],
    [{ ...rule, 'd/a.yaml': 'a: 1\n', 'd/b.yaml': 'a: 1\n' }, 'd/b.yaml:1 twice'],
    [{ ...rule, 'd/a.yaml': 'a: {b: 1}\n', 'd/a/b.yaml': '{b: 2}\n' }, 'd/a/b.yaml:1'],
    [{ ...rule, 'd/a.yaml': '- a\n' }, 'd/a.yaml:1 not-a-mapping'],
    [{ ...rule, 'd/a.yaml': 'a: 1\nb: [\n' }, 'd/a.yaml:3 said'],
    [{ ...rule, 'd/a.yaml': 'a: 1\na: 2\n' }, 'd/a.yaml:2 said'],
    [{ ...rule, 'd/perch/a.yaml': 'a: 1\n' }, 'd/perch/a.yaml:1 reserved'],
    [{ ...texts(400, 'p/', '.rego'), ...texts(101, 'd/', '.json') }, 'undefined:1 too-many'],
    [{ 'p/a.rego': `# ${'x'.repeat(6 * 1024 * 1024)}` }, 'undefined:1 too-long'],
  ]
  for (const [files, expected] of table) {
    const policy = read(files, { path: 'p', data: 'd' })
    assert.ok(!policy.ok || expected.endsWith(':1'), expected)
    if (policy.ok) continue
    const [first] = policy.error
    assert.ok(`${first?.file}:${first?.line} ${first?.code}`.startsWith(expected), JSON.stringify(policy.error))
  }
})

test('links are not followed, at any place in a policy’s path', () => {
  for (const path of ['policy', 'policy/a.rego', 'policy/data']) {
    const entries = [file('policy/b.rego'), { path, type: 'symlink' as const }]
    const files = policyFiles(entries, { path: 'policy/inner/..', data: 'policy/data' })
    assert.ok(!files.ok && files.error[0]?.code === 'link', path)
  }
  const unread = policyFrom({ modules: ['a.rego'], data: [] }, new Map(), { path: '.' })
  assert.ok(!unread.ok && unread.error[0]?.code === 'not-text')
})

const remark = (text: string, fields: Partial<ObjectRemark> = {}): ObjectRemark => ({
  level: 'error',
  rule: 'main.deny',
  text,
  object: 0,
  path: [],
  ...fields,
})

const identity = (name: string, group = 'apps') => ({ group, kind: 'Deployment', namespace: '', name })

test('an old remark on the same object is a note, wherever the object is now', () => {
  const keys = { before: objectKey([identity('a'), identity('b')]), after: objectKey([identity('b'), identity('a')]) }
  const sorted = (before: ObjectRemark[], after: ObjectRemark[]) => {
    const { brought, notes } = sortRemarks(before, after, keys)
    return [brought.map(({ text }) => text).join(), notes.map(({ text }) => text).join()]
  }
  // Object 0 is `a` before and `b` after.
  assert.deepEqual(sorted([remark('x')], [remark('x', { object: 1 })]), ['', 'x'])
  assert.deepEqual(sorted([remark('x')], [remark('x')]), ['x', ''])
  assert.deepEqual(sorted([remark('x')], [remark('y', { object: 1 })]), ['y', ''])
  assert.deepEqual(sorted([remark('x', { level: 'warning' })], [remark('x', { object: 1 })]), ['x', ''])
  assert.deepEqual(sorted([], [remark('w', { level: 'warning' })]), ['', 'w'])
  assert.deepEqual(sorted([remark('x')], [remark('x', { object: 1, rule: 'other.deny' })]), ['x', ''])
  // If there is one more of the same remark, one is new.
  const twice = [remark('x', { object: 1, path: [0] }), remark('x', { object: 1, path: [1] })]
  assert.deepEqual(sorted([remark('x')], twice), ['x', 'x'])
  assert.deepEqual(sorted([], [remark('nobody', { object: -1 })]), ['nobody', ''])
})

test('no remark is lost, and no new one is a note', () => {
  const remarks = fc.array(
    fc.record({ text: fc.constantFrom('a', 'b'), level: fc.constantFrom('error' as const, 'warning' as const) }),
  )
  fc.assert(
    fc.property(remarks, remarks, (before, after) => {
      const full = (list: typeof before) => list.map(({ text, level }) => remark(text, { level }))
      const key = objectKey([identity('a')])
      const { brought, notes } = sortRemarks(full(before), full(after), { before: key, after: key })
      assert.equal(brought.length + notes.length, after.length)
      const count = (list: readonly { text: string; level: string }[], text: string) =>
        list.filter((one) => one.text === text && one.level === 'error').length
      for (const text of ['a', 'b'])
        assert.equal(count(brought, text), Math.max(0, count(after, text) - count(before, text)))
    }),
  )
})

test('a line with the same text is the same line, wherever it has moved', () => {
  const line = (text: string, number: number) => ({
    level: 'error' as const,
    rule: 'r',
    text,
    file: 'a.yaml',
    line: number,
  })
  const keys = {
    before: lineKey(new Map([['a.yaml', 'a: 1 \nb: 2\n']])),
    after: lineKey(new Map([['a.yaml', '# new\na: 1 \nb: 2 \n']])),
  }
  const { brought, notes } = sortRemarks([line('spaces', 1)], [line('spaces', 2), line('spaces', 3)], keys)
  assert.deepEqual([brought.map(({ line: at }) => at), notes.map(({ line: at }) => at)], [[3], [2]])
})

test('yamllint’s settings are those at the top, and the files that they ignore by', () => {
  const known = new Map([['.yamllint.yaml', 'ignore-from-file: [.gitignore, .lintignore, /etc/passwd, ../x]\n']])
  assert.deepEqual(lintSettingsIn(known).slice(3), ['.gitignore', '.lintignore'])
  assert.deepEqual(lintSettingsIn(new Map([['.yamllint', 'ignore-from-file: .gitignore\n']])).slice(3), ['.gitignore'])
  assert.deepEqual(lintSettingsIn(new Map([['.yamllint', 'ignore-from-file: [\n']])).slice(3), [])
  assert.deepEqual(['a.yaml', 'b/c.YML', 'x.json', '.yamllint.yaml', 'Kustomization'].filter(isLinted), [
    'a.yaml',
    'b/c.YML',
  ])
})

test('a schema that refers to another place is refused, with the line', () => {
  const table: [string, string | undefined][] = [
    ['{"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#/definitions/a"}', undefined],
    ['{"$schema": "https://json-schema.org/draft/2020-12/schema", "x": [{"$ref": "_definitions.json#/a"}]}', undefined],
    ['{\n"a": [{"$ref": "http://127.0.0.1/x"}]}', 's/a.json:2 reaches-out http://127.0.0.1/x'],
    ['{"$ref": "c:x"}', 's/a.json:1 reaches-out c:x'],
    ['{"$ref": "//host/x"}', 's/a.json:1 reaches-out //host/x'],
    ['{"$ref": "file:///etc/passwd"}', 's/a.json:1 reaches-out file:///etc/passwd'],
    ['{"$ref": "/etc/passwd"}', 's/a.json:1 reaches-out /etc/passwd'],
    ['{"$ref": "../../x.json"}', 's/a.json:1 reaches-out ../../x.json'],
    ['{"$ref": "%2e%2e/%2E%2e/x.json"}', 's/a.json:1 reaches-out %2e%2e/%2E%2e/x.json'],
    ['{"$ref": "a/..%2fx.json"}', 's/a.json:1 reaches-out a/..%2fx.json'],
    ['{"$ref": "%252e%252e/x.json"}', 's/a.json:1 reaches-out %252e%252e/x.json'],
    ['{"$ref": "a/%5c%5chost"}', 's/a.json:1 reaches-out a/%5c%5chost'],
    ['{"$ref": " http://127.0.0.1/x"}', 's/a.json:1 reaches-out  http://127.0.0.1/x'],
    ['{"$ref": "#/definitions/a%2Fb..c/../d"}', undefined],
    ['{"$id": "https://example.com/a", "$ref": "b"}', 's/a.json:1 reaches-out https://example.com/a'],
    ['{"$schema": "https://example.com/dialect"}', 's/a.json:1 reaches-out https://example.com/dialect'],
    ['{"properties": {"id": {"type": "string"}, "$ref": {"type": "string"}}}', undefined],
    ['{', 's/a.json:1 not-json '],
  ]
  for (const [text, expected] of table) {
    const schemas = schemasFrom(['s/a.json'], new Map([['s/a.json', text]]), 's')
    const [fault] = schemas.ok ? [] : schemas.error
    assert.equal(fault && `${fault.file}:${fault.line} ${fault.code} ${fault.text}`, expected, text)
    if (schemas.ok) assert.deepEqual([...schemas.value.keys()], ['a.json'])
  }
})

test('istioctl adds only new findings, and those that only a cluster could confirm are notes that say so', () => {
  const rendered = parseRendered(`apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: zero}
spec: {hosts: [web], http: [{route: [{destination: {host: web, subset: a}, weight: 0}, {destination: {host: web, subset: b}, weight: 0}]}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gw}
spec: {}
`)
  assert.ok(rendered.ok)
  const say = (rule: string, object: number, ignore: readonly string[] = []) =>
    worthSaying([remark('said', { rule, object })], rendered.objects, ignore).map((one) => {
      const about = { environment: 'e', title: undefined, place: undefined }
      const { what } = explainProblem(objectRemark('istioctl', one, about))
      return `${one.level} ${what.split('`e`: ')[1]}`
    })
  for (const rule of ['IST0109', 'IST0112', 'IST0130']) assert.deepEqual(say(rule, 0), ['error said.'], rule)
  const note = ['warning said. It did not look into a cluster, which may have what is missing here.']
  for (const rule of ['IST0101', 'IST0173']) assert.deepEqual(say(rule, 0), note, rule)
  assert.deepEqual(say('IST0101', 1), note)
  assert.deepEqual(say('IST0174', 1), note)
  // Perch's own finding says the same about the first, and nothing about the second.
  assert.deepEqual(say('IST0106', 0), [])
  assert.deepEqual(say('IST0106', 1), ['error said.'])
  assert.deepEqual(say('IST0118', 1), ['error said.'])
  assert.deepEqual(say('IST0118', 1, ['IST0118']), [])
  assert.deepEqual(say('', 1), ['error said.'])
})

test('the config of policies and validators: names, or names with options, and every mistake in words', () => {
  const good = readConfig(
    'policy: { path: policy, data: policy/data, packages: [main, a.b] }\nvalidators:\n  - yamllint\n  - { name: istioctl, ignore: [IST0118] }\n  - name: kubeconform\n    ignore: [example.com/Widget]\n  - { name: kubectl-validate, crds: crds, kubernetes: "1.30" }\n',
  )
  assert.ok(good.ok, JSON.stringify(good))
  assert.deepEqual(good.value.validators, [
    { name: 'yamllint' },
    { name: 'istioctl', ignore: ['IST0118'] },
    { name: 'kubeconform', ignore: ['example.com/Widget'], strict: false },
    { name: 'kubectl-validate', crds: 'crds', ignore: [], kubernetes: '1.30' },
  ])
  const table: [string, RegExp][] = [
    ['policy: policy\n', /policy: /],
    ['policy: { path: /etc }\n', /policy\.path: must be a folder of this repository/],
    ['policy: { path: a/../../b }\n', /policy\.path: must be a folder/],
    ['policy: { path: p, url: x }\n', /policy\.url: /],
    ['policy: { path: p, packages: [] }\n', /policy\.packages: /],
    ['validators: [kubeval]\n', /validators\.0: must be yamllint, kubeconform, kubectl-validate, istioctl or dry-run/],
    [
      'validators: [{ name: kubeval }]\n',
      /validators\.0.*: .*must be yamllint, kubeconform, kubectl-validate, istioctl or dry-run/,
    ],
    [
      'validators: [{ name: istioctl, ignore: [all] }]\n',
      /validators\.0\.ignore\.0: must be a code of istioctl analyze/,
    ],
    ['validators: [{ name: yamllint, strict: true }]\n', /validators\.0\.strict: Unrecognized key/],
    ['validators: [yamllint, { name: yamllint }]\n', /validators: must name each validator once/],
    ['validators: [{ name: kubectl-validate, kubernetes: 1.30.1 }]\n', /kubernetes: must be a minor version/],
    ['validators: [{ name: kubectl-validate, crds: ../x }]\n', /validators\.0\.crds: must be a folder/],
    ['validators: [{ name: kubeconform, schemas: /schemas }]\n', /validators\.0\.schemas: must be a folder/],
  ]
  for (const [text, expected] of table) {
    const config = readConfig(text)
    assert.ok(!config.ok, text)
    assert.match(config.error.map(({ path, message }) => `${path}: ${message}`).join('\n'), expected)
  }
})

test('every failure has words, a place and a next step, and other people’s text mentions nobody', () => {
  const place = { file: '.github/canary.yml', line: 7 }
  const asked = { tool: 'opa', place, side: 'base', environment: 'production' } as const
  const words = (code: 'missing' | 'busy' | 'timed-out' | 'too-large' | 'failed', detail = '') =>
    failureProblems({ code, detail }, asked).map((problem) => {
      const { what, next } = explainProblem(problem)
      return `${problem.file}:${problem.line} ${what} ${next}`
    })[0]
  assert.equal(
    words('missing'),
    '.github/canary.yml:7 `.github/canary.yml` asks for `opa`, which is not installed on the machine that Perch runs on. Ask the operator of Perch to install it (`openpolicyagent.org/docs`), or remove `policy` from `.github/canary.yml` on the base branch.',
  )
  assert.match(words('missing', '1.0 or newer') ?? '', /is too old \(1\.0 or newer\)/)
  assert.match(words('busy') ?? '', /did not answer in time.*`\/canary retry`/)
  assert.match(words('timed-out') ?? '', /`opa` took too long on environment `production` and was stopped/)
  assert.match(words('too-large') ?? '', /too much memory/)
  assert.match(
    words('failed', 'hey @alice `x`') ?? '',
    /`opa` failed on environment `production`: `` hey @alice `x` ``/,
  )
  const about = { environment: 'e', title: 'Service web', place: undefined }
  const remark = { level: 'error', rule: 'main.deny', text: 'ask @acme/team <b>#1\nnow' } as const
  const { what } = explainProblem(objectRemark('opa', remark, about))
  assert.doesNotMatch(what, /@acme|(?<!\\)<b>|#1/)
})
