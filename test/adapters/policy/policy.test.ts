/** The real programs: what they are asked, and how Perch reads their answers. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { memoryValidators } from '../../memory/validators.ts'
import { cachedValidators } from '../../../src/adapters/policy/cached-validators.ts'
import { openValidators } from '../../../src/adapters/policy/validators.ts'
import type { ToolResult, Remark } from '../../../src/core/policy/remark.ts'
import { crds, emptyContract, policy, RENDERING, rendering, schemas } from '../../contracts/validators.ts'
import { needsTool, TOOL_PATH } from './tools.ts'
import { QUIET } from '../../quiet-log.ts'

const real = openValidators({ log: QUIET, path: TOOL_PATH })

emptyContract('memory', () => memoryValidators())
emptyContract('programs', () => openValidators({ log: QUIET, path: tmpdir() }))
emptyContract('kept', () => cachedValidators(openValidators({ log: QUIET, path: tmpdir() })))

/** `error main.deny 0: text`. */
function said(
  checked: ToolResult<Remark & { readonly object?: number; readonly file?: string; readonly line?: number }>,
) {
  assert.ok(checked.ok, JSON.stringify(checked))
  return checked.remarks
    .map(({ level, rule, text, object, file, line }) => `${level} ${rule} ${object ?? `${file}:${line}`}: ${text}`)
    .sort()
}

async function judged(modules: Readonly<Record<string, string>>, data = {}, packages?: readonly string[]) {
  const rules = policy(modules, data, packages)
  assert.equal(await real.compile(rules), undefined)
  return said(await real.judge(rules, RENDERING))
}

/** The place at which a policy does not compile: `file:line text`. */
async function faults(modules: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const failure = await real.compile(policy(modules))
  assert.ok(failure?.code === 'not-valid', JSON.stringify(failure))
  return failure.faults.map(({ file, line, code, text }) => `${file}:${line} ${code === 'said' ? text : code}`)
}

const opa = needsTool('opa')
const kubectlValidate = needsTool('kubectl-validate')

test('old and new Rego stand side by side, in files of any name, with data', opa, async () => {
  const found = await judged(
    {
      'policy/old.rego':
        'package main\n\ndeny[msg] {\n  input.kind == "Service"\n  msg := sprintf("old %v", [input.metadata.name])\n}\n',
      'policy/new.rego':
        'package a["b-c"]\n\nwarn contains msg if {\n  input.kind == "Deployment"\n  msg := sprintf("at most %d", [data.limits.max])\n}\n',
      '.policy/.hidden.rego':
        'package main\nimport rego.v1\n\nviolation contains data.perch.environment if {\n  count(data.perch.objects) == 2\n  input.kind == "Service"\n}\n',
      'policy/future.rego':
        'package keywords\nimport future.keywords\n\ndeny_new contains "new" if input.kind == "Service"\n',
    },
    { limits: { max: 3 } },
  )
  assert.deepEqual(found, [
    'error keywords.deny_new 0: new',
    'error main.deny 0: old web',
    'error main.violation 0: production',
    'warning a.b-c.warn 1: at most 3',
  ])
})

test('any result of a rule that is not clearly empty counts', opa, async () => {
  const about = 'if input.kind == "Service"'
  const table: [rule: string, expected: readonly string[]][] = [
    [`deny contains "text" ${about}`, ['text']],
    [`deny contains {"msg": "object", "metadata": {"x": 1}} ${about}`, ['object']],
    [`deny contains {"reason": "no msg"} ${about}`, ['{"reason":"no msg"}']],
    [`deny contains 3 ${about}`, ['3']],
    [`deny := "a string" ${about}`, ['a string']],
    [`deny := {"msg": "one"} ${about}`, ['one']],
    [`deny := ["a", "b"] ${about}`, ['a', 'b']],
    // Since OPA 1.0 this is a map from messages to true. People who mean a set may easily write it.
    [`deny[msg] ${about.replace('if', 'if { msg := "mapped";')} }`, ['mapped']],
    [`default deny := false\ndeny ${about}`, ['']],
    [`default deny := true`, ['', '']],
    [`deny.images contains "deep" ${about}`, ['deep']],
    [`deny.images contains x if { some x in []; ${about.slice(3)} }`, []],
    [`deny := null ${about}`, []],
    [`deny contains x if { some x in []; ${about.slice(3)} }`, []],
  ]
  for (const [rule, expected] of table) {
    const found = await judged({ 'a.rego': `package main\n${rule}\n` })
    const texts = found.map((line) => line.replace(/^error main\.deny \d: /, ''))
    assert.deepEqual(texts, expected, rule)
  }
})

test('a policy names the place in the object', opa, async () => {
  const rules = policy({
    'a.rego':
      'package main\ndeny contains {"msg": "list", "path": ["spec", "ports", 0]} if input.kind == "Service"\ndeny contains {"msg": "pointer", "metadata": {"path": "/spec/ports/0/x~1y"}} if input.kind == "Service"\n',
  })
  const checked = await real.judge(rules, RENDERING)
  assert.ok(checked.ok)
  assert.deepEqual(checked.remarks.map(({ path }) => path.join(' ')).sort(), ['spec ports 0', 'spec ports 0 x/y'])
})

test('exceptions override rules by name, as in conftest, for the objects that they name', opa, async () => {
  const found = await judged({
    'a.rego':
      'package main\ndeny_root contains "root" if input\ndeny contains "plain" if input\nwarn_a contains "a" if input\nexception contains ["root", "a"] if input.kind == "Service"\n',
    'b.rego': 'package other\ndeny_root contains "other" if input.kind == "Service"\n',
  })
  assert.deepEqual(found, [
    'error main.deny 0: plain',
    'error main.deny 1: plain',
    'error main.deny_root 1: root',
    'error other.deny_root 0: other',
    'warning main.warn_a 0: a',
    'warning main.warn_a 1: a',
  ])
})

test('only the packages in the config count', opa, async () => {
  const modules = {
    'a.rego': 'package main\ndeny contains "main" if input.kind == "Service"\n',
    'b.rego': 'package docker.files\ndeny contains "docker" if input\n',
  }
  assert.deepEqual(await judged(modules, {}, ['main']), ['error main.deny 0: main'])
  const none = await real.compile(policy(modules, {}, ['mian']))
  assert.ok(none?.code === 'not-valid' && none.faults[0]?.code === 'no-rules')
})

test('a policy that does not compile is reported with its place, in the old syntax and the new one', opa, async () => {
  const good = 'package good\ndeny contains "x" if input\n'
  assert.deepEqual(await faults({ 'policy/a.rego': 'package main\n\ndeny[msg] {\n  msg := \n}\n', 'g.rego': good }), [
    'policy/a.rego:5 unexpected } token',
  ])
  assert.deepEqual(
    await faults({ 'a.rego': 'package main\ndeny contains msg if {\n  msg := ]\n}\n', 'g.rego': good }),
    ['a.rego:3 unexpected ] token'],
  )
  assert.deepEqual(await faults({ 'a.rego': 'package main\ndeny contains msg if {\n  nope(msg)\n}\n' }), [
    'a.rego:3 undefined function nope',
  ])
  assert.deepEqual(await faults({ 'a.rego': 'package main\ndeny[msg] {\n  nope(msg)\n}\n' }), [
    'a.rego:3 undefined function nope',
  ])
  assert.match(
    (await faults({ 'a.rego': 'package main\nf(x) := f(x)\ndeny contains "x" if f(1)\n' }))[0] ?? '',
    /^a\.rego:2 .*recursive/,
  )
  assert.deepEqual(await faults({ 'a.rego': 'package main\ndenied contains "x" if input\n' }), ['a.rego:1 no-rules'])
  // It would replace the objects, and nothing would be left to judge.
  const rule = 'deny contains "x" if input\n'
  assert.deepEqual(await faults({ 'g.rego': good, 'a.rego': `package perch\n${rule}` }), ['a.rego:1 reserved'])
  assert.match((await faults({ 'a.rego': `package perch.objects\n${rule}` }))[0] ?? '', /^a\.rego:2 conflicting rule/)
})

test('a function that fails is an error with its line, not a rule that says nothing', opa, async () => {
  const rules = policy({ 'p/a.rego': 'package main\ndeny contains "x" if {\n  to_number(input.kind) > 3\n}\n' })
  const checked = await real.judge(rules, RENDERING)
  assert.ok(!checked.ok && checked.failure.code === 'not-valid', JSON.stringify(checked))
  assert.deepEqual(
    checked.failure.faults.map(({ file, line }) => `${file}:${line}`),
    ['p/a.rego:3'],
  )
})

test('thousands of objects are judged in one go', opa, async () => {
  const objects = Array.from(
    { length: 3_000 },
    (_, index) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c${index}}\n`,
  )
  const rules = policy({ 'a.rego': 'package main\ndeny contains "odd" if endswith(input.metadata.name, "7")\n' })
  const checked = await real.judge(rules, rendering(objects.join('---\n')))
  assert.ok(checked.ok && checked.remarks.length === 300, JSON.stringify(checked).slice(0, 500))
})

test('an OPA that is too old, or has unknown output, is not used', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'perch-tools-'))
  try {
    const write = (script: string): void => {
      writeFileSync(join(folder, 'opa'), `#!/bin/sh\n${script}\n`)
      chmodSync(join(folder, 'opa'), 0o755)
    }
    write('echo "Version: 0.62.1"')
    const old = openValidators({ log: QUIET, path: folder })
    assert.equal((await old.tools()).size, 0)
    assert.deepEqual(await old.absence('opa'), { code: 'missing', detail: '1.0 or newer' })
    write('echo "Version: 1.2.3"')
    // Found without a restart.
    assert.equal((await old.tools()).get('opa'), 'opa 1.2.3')
    const failure = await old.compile(policy({ 'a.rego': 'package main\n' }))
    assert.equal(failure?.code, 'failed')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('yamllint: its relaxed rules, or those of the repository', needsTool('yamllint'), async () => {
  const files = new Map([
    ['a/-b c.yaml', 'a: 1\na:  2 \n'],
    ['d.yml', 'a: [\n'],
  ])
  assert.deepEqual(said(await real.lint(files, new Map())), [
    'error key-duplicates a/-b c.yaml:2: duplication of key "a" in mapping',
    "error syntax d.yml:2: syntax error: expected the node content, but found '<stream end>'",
    'error trailing-spaces a/-b c.yaml:2: trailing spaces',
    'warning colons a/-b c.yaml:2: too many spaces after colon',
  ])
  const settings = new Map([
    [
      '.yamllint',
      'extends: relaxed\nrules: {key-duplicates: disable, colons: {level: error}}\nignore-from-file: .lintignore\n',
    ],
    ['.lintignore', '*.yml\n'],
  ])
  assert.deepEqual(said(await real.lint(files, settings)), [
    'error colons a/-b c.yaml:2: too many spaces after colon',
    'error trailing-spaces a/-b c.yaml:2: trailing spaces',
  ])
  const broken = await real.lint(files, new Map([['.yamllint.yml', 'rules: {nope: enable}\n']]))
  assert.deepEqual(broken, {
    ok: false,
    failure: {
      code: 'not-valid',
      faults: [{ file: '.yamllint.yml', line: 1, code: 'said', text: 'no such rule: "nope"' }],
    },
  })
})

test('yamllint: a checked file cannot switch off its own checks', needsTool('yamllint'), async () => {
  const files = new Map([
    ['a.yaml', '# yamllint disable-file\na: 1 \n'],
    ['b.yaml', '# yamllint disable\na: 1 \n'],
    ['c.yaml', 'a: 1 # yamllint disable-line rule:comments\nb: 1 # yamllint disable-line \n'],
    ['d.yaml', '#\tyamllint disable rule:trailing-spaces\na: 1 \n'],
  ])
  assert.deepEqual(said(await real.lint(files, new Map())), [
    'error trailing-spaces a.yaml:2: trailing spaces',
    'error trailing-spaces b.yaml:2: trailing spaces',
    'error trailing-spaces c.yaml:2: trailing spaces',
    'error trailing-spaces d.yaml:2: trailing spaces',
  ])
})

test('yamllint: settings extend files of the base branch and no others', needsTool('yamllint'), async () => {
  const strict = 'extends: relaxed\nrules: {colons: {level: error}}\n'
  const files = new Map([
    ['a.yaml', 'a:  2\n'],
    ['lint/base.yaml', 'extends: default\nrules: {colons: disable}\n'],
  ])
  const settings = new Map([
    ['.yamllint', 'extends: ./lint/base.yaml\n'],
    ['lint/base.yaml', strict],
  ])
  assert.deepEqual(said(await real.lint(files, settings)), ['error colons a.yaml:1: too many spaces after colon'])
  for (const path of ['lint/base.yaml', '/etc/yamllint', '../base.yaml', 'other'])
    assert.deepEqual(await real.lint(files, new Map([['.yamllint', `extends: ${path}\n`]])), {
      ok: false,
      failure: { code: 'not-valid', faults: [{ file: '.yamllint', line: 1, code: 'not-in-base', text: path }] },
    })
})

test('yamllint: a crash is not an empty result', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'perch-tools-'))
  const crash = 'echo "Traceback (most recent call last):" >&2; echo "RecursionError: too deep" >&2; exit 1'
  const version = 'if [ "$1" = --version ]; then echo "yamllint 1.0"; exit 0; fi'
  for (const script of [crash, `echo "./a.yaml:1:1: [error] first (x)"; ${crash}`, 'exit 1']) {
    writeFileSync(join(folder, 'yamllint'), `#!/bin/sh\n${version}\n${script}\n`, { mode: 0o755 })
    const checked = await openValidators({ log: QUIET, path: folder }).lint(new Map([['a.yaml', 'a: 1\n']]), new Map())
    assert.ok(!checked.ok && checked.failure.code === 'failed', JSON.stringify(checked))
  }
  rmSync(folder, { recursive: true })
})

test(
  'kubeconform: schemas of the repository and of the server, in every layout, and never from the network',
  needsTool('kubeconform'),
  async () => {
    const number = JSON.stringify({
      type: 'object',
      properties: { spec: { properties: { replicas: { type: 'string' } } } },
    })
    const any = JSON.stringify({ type: 'object' })
    assert.deepEqual(
      said(await real.fit(RENDERING, schemas('', { 'service-v1.json': any, 'apps/deployment_v1.json': number }))),
      ['error  1: at /spec/replicas: got number, want string'],
    )
    assert.deepEqual(
      said(
        await real.fit(RENDERING, schemas('ignore: [apps/Deployment]', { 'master-standalone/service-v1.json': any })),
      ),
      [],
    )
    assert.deepEqual(
      said(await real.fit(RENDERING, schemas('kubernetes: 1.34.1', { 'v1.34.1-standalone/service-v1.json': any }))),
      ['error  1: could not find schema for Deployment'],
    )
    const folder = mkdtempSync(join(tmpdir(), 'perch-schemas-'))
    try {
      mkdirSync(join(folder, 'apps'))
      writeFileSync(join(folder, 'apps/deployment_v1.json'), number)
      const server = openValidators({ log: QUIET, path: TOOL_PATH, schemas: [folder] })
      assert.deepEqual(said(await server.fit(RENDERING, schemas('', {}))), [
        'error  0: could not find schema for Service',
        'error  1: at /spec/replicas: got number, want string',
      ])
    } finally {
      rmSync(folder, { recursive: true })
    }
    const none = await real.fit(RENDERING, schemas('', {}))
    assert.ok(!none.ok && none.failure.code === 'not-valid' && none.failure.faults[0]?.code === 'no-schemas')
  },
)

/** A CRD of a Widget whose `min` must not be above its `max`, or with another schema. */
const widgets = (spec = WIDGET_SPEC): string => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.example.com }
spec:
  group: example.com
  scope: Namespaced
  names: { plural: widgets, singular: widget, kind: Widget, listKind: WidgetList }
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object, properties: { spec: ${spec} } } } }]
`
const WIDGET_SPEC =
  '{ type: object, properties: { min: { type: integer }, max: { type: integer, default: 10 } }, x-kubernetes-validations: [{ rule: self.min <= self.max, message: min is above max }] }'

const widget = (spec: string): string =>
  `apiVersion: example.com/v1\nkind: Widget\nmetadata: { name: w }\nspec: ${spec}\n`

test('kubectl-validate: the rules of CRDs, built-in kinds, and kinds without a schema', kubectlValidate, async () => {
  const found = await real.admit(
    rendering(
      [
        widget('{ min: 5, max: 3 }'),
        widget('{ min: 5 }').replace('name: w', 'name: by-default'),
        widget('{ min: "5", color: red }').replace('name: w', 'name: odd'),
        'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: http }] }\n',
        'apiVersion: example.com/v1\nkind: Gadget\nmetadata: { name: g }\n',
        'apiVersion: example.org/v1\nkind: Widget\nmetadata: { name: other }\n',
        'apiVersion: example.org/v1\nkind: Left\nmetadata: { name: out }\n',
        widgets('{ type: object, properties: { a: { } } }').replaceAll('example.com', 'example.net'),
      ].join('---\n'),
    ),
    crds('ignore: [example.org/Left]', [widgets()]),
    [],
  )
  assert.deepEqual(said(found), [
    'error  0: at spec: Invalid value: "object": min is above max',
    'error  2: at spec.color: Invalid value: value provided for unknown field',
    'error  3: at spec.ports[0].port: Invalid value: "string": spec.ports[0].port in body must be of type integer: "string"',
    'error  4: there is no schema for this kind and version',
    'error  5: there is no schema for this kind and version',
    'error  7: at spec.validation.openAPIV3Schema.properties[spec].properties[a].type: Required value: must not be empty for specified object fields',
  ])
  assert.ok(found.ok)
  assert.deepEqual(found.remarks.find(({ object }) => object === 3)?.path, ['spec', 'ports', 0, 'port'])
})

test(
  "kubectl-validate: applied CRDs come before those of the repository, and these before the server's",
  kubectlValidate,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'perch-crds-'))
    const strict = (message: string): string => widgets(WIDGET_SPEC.replace('min is above max', message))
    const asked = rendering(widget('{ min: 5, max: 3 }'))
    try {
      writeFileSync(join(folder, 'widgets.yaml'), strict('server'))
      const server = openValidators({ log: QUIET, path: TOOL_PATH, crds: [folder] })
      const applied = rendering(strict('applied')).objects
      const broken = rendering(strict('broken').replace('self.min <=', 'self.nothing <=')).objects
      const none = crds('', [])
      const repository = crds('', [strict('repository')])
      assert.match(said(await server.admit(asked, none, [])).join(), /: server$/)
      assert.match(said(await server.admit(asked, repository, [])).join(), /: repository$/)
      assert.match(said(await server.admit(asked, repository, applied)).join(), /: applied$/)
      // No API server accepts it, so none has it.
      assert.match(said(await server.admit(asked, repository, broken)).join(), /: repository$/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
)

test('kubectl-validate: CRDs that no API server takes, and versions without schemas', kubectlValidate, async () => {
  const faultsOf = async (options: string, texts: readonly string[]): Promise<readonly string[]> => {
    const failure = await real.define(crds(options, texts))
    if (failure === undefined) return []
    assert.ok(failure.code === 'not-valid', JSON.stringify(failure))
    return failure.faults.map(({ file, line, code, text }) => `${file}:${line} ${code} ${text}`)
  }
  assert.deepEqual(await faultsOf('', []), [])
  assert.deepEqual(await faultsOf('kubernetes: "1.28"', [widgets()]), [])
  assert.deepEqual(await faultsOf('kubernetes: "1.99"', []), ['undefined:1 no-version 1.99'])
  const broken = [
    widgets(),
    // With such a CRD the program panics.
    widgets().replace(/, schema: .*/, ' }]'),
    widgets().replace('self.min', 'self.nothing'),
    widgets('{ type: object').replace('spec:', 'spec: {'),
  ]
  const found = await faultsOf('', broken)
  assert.equal(found.length, 3, found.join('\n'))
  assert.match(found[0] ?? '', /^crds\/1\.yaml:1 said at spec\.versions\[0\]\.schema\.openAPIV3Schema: Required value/)
  assert.match(found[1] ?? '', /^crds\/2\.yaml:1 said at spec\..*undefined field 'nothing'/)
  assert.match(found[2] ?? '', /^crds\/3\.yaml:1 said /)
})

test('kubectl-validate: a thousand objects are judged, and an answer that leaves one out is a failure', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'perch-tools-'))
  try {
    const script = '#!/bin/sh\nif [ "$1" = --help ]; then echo --local-crds; exit 0; fi\necho "{}"\n'
    writeFileSync(join(folder, 'kubectl-validate'), script, { mode: 0o755 })
    const silent = openValidators({ log: QUIET, path: folder })
    for (const answer of [await silent.admit(RENDERING, crds('', []), []), await silent.define(crds('', []))])
      assert.match(JSON.stringify(answer), /"code":"failed"/)
  } finally {
    rmSync(folder, { recursive: true })
  }
  if (kubectlValidate.skip !== false) return t.skip(kubectlValidate.skip)
  const text = (index: number): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c${index} }\n${index % 100 === 7 ? 'data: { a: 1 }\n' : ''}`
  const all = rendering(Array.from({ length: 1_000 }, (_, index) => text(index)).join('---\n'))
  const checked = await real.admit(all, crds('', []), [])
  assert.ok(checked.ok)
  assert.deepEqual(
    checked.remarks.map(({ object }) => object),
    [7, 107, 207, 307, 407, 507, 607, 707, 807, 907],
  )
  return undefined
})

test('istioctl: its findings in every namespace, and files that it cannot read', needsTool('istioctl'), async () => {
  const checked = await real.analyze(
    rendering(`apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec: {hosts: [web], http: [{route: [{destination: {host: web, subset: stable}}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: odd}
spec: {hosts: [odd], http: [{route: [{destination: {host: odd}, weight: "some"}]}]}
---
apiVersion: example.com/v1
kind: Unknown
metadata: {name: x}
`),
  )
  assert.deepEqual(said(checked), [
    "error  1: failed parsing JSON for built-in type: invalid character 's' looking for beginning of value",
    'error IST0101 0: Referenced host+subset in destinationrule not found: "web+stable"',
  ])
})

test('results for equal input are cached, except with a policy that reads the time', opa, async () => {
  let asked = 0
  const judge: typeof real.judge = (...given) => {
    asked += 1
    return real.judge(...given)
  }
  const counting = { ...real, judge }
  const kept = cachedValidators(counting)
  const rules = policy({ 'a.rego': 'package main\ndeny contains "x" if input\n' })
  const [first, second] = [await kept.judge(rules, RENDERING), await kept.judge(rules, RENDERING)]
  assert.deepEqual(first, second)
  assert.equal(asked, 1)
  await kept.judge(rules, { ...RENDERING, environment: 'staging' })
  await kept.judge(policy({ 'a.rego': 'package main\ndeny contains "y" if input\n' }), RENDERING)
  assert.equal(asked, 3)
  const timed = policy({ 'a.rego': 'package main\ndeny contains "late" if time.now_ns() > 0\n' })
  for (let count = 0; count < 2; count += 1) assert.equal(said(await kept.judge(timed, RENDERING)).length, 2)
  assert.equal(asked, 5)
})
