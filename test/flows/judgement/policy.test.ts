/** Pull requests in a repository with policies and validators, with the code that reviews all pull requests. */
import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { explainProblem } from '../../../src/core/message/problem/problem.ts'
import { memoryValidators } from '../../memory/validators.ts'
import { openValidators } from '../../../src/adapters/policy/validators.ts'
import type { Review } from '../../../src/core/gate/review.ts'
import type { Problem } from '../../../src/core/problem/problem.ts'
import { validateReport } from '../../../src/core/message/check/checks.ts'
import { plainWords } from '../../../src/core/message/markdown/plain-words.ts'
import { compareTrees } from '../../../src/flows/judgement/judge-merge.ts'
import type { Validators } from '../../../src/ports/validators.ts'
import { needsTool, TOOL_PATH } from '../../adapters/policy/tools.ts'
import { QUIET } from '../../quiet-log.ts'

type Files = Readonly<Record<string, string>>

const real = openValidators({ log: QUIET, path: TOOL_PATH })
const opa = needsTool('opa')

const service = (name: string, port: number): string =>
  `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\nspec:\n  ports: [{ port: ${port} }]\n`

const BASE: Files = {
  '.github/canary.yml': 'environments:\n  production: { path: apps }\npolicy: { path: policy }\n',
  'policy/ports.rego':
    'package main\n\ndeny contains msg if {\n  input.kind == "Service"\n  input.spec.ports[_].port < 1024\n  msg := sprintf("port %d is privileged", [input.spec.ports[0].port])\n}\n\nwarn contains "no team" if not input.metadata.labels.team\n',
  'apps/web.yaml': service('web', 8080),
  'apps/old.yaml': service('old', 80),
}

/** The problems and notes for a pull request with these files (undefined: removed). */
async function review(
  files: Readonly<Record<string, string | undefined>>,
  { base = BASE, validators = real }: { readonly base?: Files; readonly validators?: Validators } = {},
): Promise<Review> {
  const head = Object.fromEntries(
    Object.entries({ ...base, ...files }).flatMap(([path, text]) => (text === undefined ? [] : [[path, text]])),
  ) as Files
  const trees: Readonly<Record<string, Files>> = { base, head }
  const mirror = {
    entries: async (name: string) => Object.keys(trees[name] ?? {}).map((path) => ({ path, type: 'file' as const })),
    read: async (name: string, paths: readonly string[]) =>
      new Map(
        paths.flatMap((path) => (path in (trees[name] ?? {}) ? [[path, trees[name]?.[path] ?? ''] as const] : [])),
      ),
  }
  const renderer = { render: async () => assert.fail('nothing to build'), tool: async () => undefined }
  const changed = Object.keys(files)
  return (
    await compareTrees({ mirror, renderer, validators, schemas: NO_SCHEMAS }, { base: 'base', head: 'head', changed })
  ).review
}

/** Findings of schemas do not matter here. */
const NO_SCHEMAS = { misfits: async () => [] }

function told(problems: readonly Problem[]): readonly string[] {
  return problems
    .map((problem) => `${problem.code} ${problem.file}:${problem.line} ${plainWords(explainProblem(problem).what)}`)
    .sort()
}

test('a policy denies new mistakes in a pull request, with their lines; old ones are notes', opa, async () => {
  const found = await review({ 'apps/api.yaml': service('api', 443) })
  assert.deepEqual(told(found.problems), [
    'policy apps/api.yaml:1 The policy main.deny refuses Service api in production: port 443 is privileged.',
  ])
  assert.deepEqual(told(found.notes), [
    'policy apps/api.yaml:1 The policy main.warn warns about Service api in production: no team.',
    'policy apps/old.yaml:1 The policy main.deny refuses Service old in production: port 80 is privileged.',
    'policy apps/old.yaml:1 The policy main.warn warns about Service old in production: no team.',
    'policy apps/web.yaml:1 The policy main.warn warns about Service web in production: no team.',
  ])
  const report = validateReport(found)
  assert.equal(report.conclusion, 'failure')
  assert.match(report.summary, /Checked with `opa [\d.]+`\./)
  assert.deepEqual(
    report.annotations?.filter(({ level }) => level === 'failure').map(({ path, line }) => `${path}:${line}`),
    ['apps/api.yaml:1'],
  )
})

test('a different message about an old object is new, and one that is gone is not mentioned', opa, async () => {
  const worse = await review({ 'apps/old.yaml': service('old', 22) })
  assert.deepEqual(told(worse.problems), [
    'policy apps/old.yaml:1 The policy main.deny refuses Service old in production: port 22 is privileged.',
  ])
  const better = await review({ 'apps/old.yaml': undefined })
  assert.deepEqual(told(better.problems), [])
  assert.ok(!told(better.notes).some((note) => note.includes('Service old')))
  assert.equal(validateReport(better).conclusion, 'success')
})

test('a pull request that weakens the policy is judged by the old one', opa, async () => {
  const found = await review({
    'apps/api.yaml': service('api', 443),
    'policy/ports.rego': 'package main\nwarn contains "x" if false\n',
  })
  assert.equal(found.problems.length, 1)
  const removed = await review({
    'apps/api.yaml': service('api', 443),
    'policy/ports.rego': undefined,
    '.github/canary.yml': 'environments:\n  production: { path: apps }\n',
  })
  assert.equal(removed.problems.length, 1)
})

test('a pull request that breaks the policy is red on its line, though it is judged by the old one', opa, async () => {
  const broken = await review({ 'policy/ports.rego': 'package main\n\ndeny contains msg if {\n  msg :=\n}\n' })
  assert.deepEqual(told(broken.problems), [
    'policy-not-valid policy/ports.rego:5 The policy cannot be used: unexpected } token.',
  ])
  const gone = await review({ 'policy/ports.rego': undefined })
  assert.deepEqual(told(gone.problems), [
    'policy-not-valid policy:1 The policy cannot be used: there is no .rego file below this folder.',
  ])
  const fine = await review({ 'policy/more.rego': 'package more\nwarn contains "x" if false\n' })
  assert.deepEqual(told(fine.problems), [])
})

test(
  'a base with a policy that does not compile is red for pull requests that change an environment, and for no others',
  opa,
  async () => {
    const base = {
      ...BASE,
      'policy/ports.rego': 'package main\ndeny[msg] {\n  nope\n}\n',
      'README.md': '',
      'x.txt': '',
    }
    const found = await review({ 'apps/web.yaml': service('web', 8081) }, { base })
    assert.match(told(found.problems).join('\n'), /^policy-not-valid policy\/ports\.rego:2 .*unsafe/)
    assert.match(found.problems.map(explainProblem)[0]?.next ?? '', /Fix it on the base branch/)
    assert.deepEqual(told((await review({ 'x.txt': 'y' }, { base })).problems), [])
  },
)

test('a configured validator that is missing is red, and says what to install or remove', async () => {
  const nowhere = openValidators({ log: QUIET, path: tmpdir() })
  const config =
    'environments:\n  production: { path: apps }\npolicy: { path: policy }\nvalidators: [yamllint, kubeconform, kubectl-validate, istioctl]\n'
  const base = { ...BASE, '.github/canary.yml': config }
  const found = await review({ 'apps/web.yaml': service('web', 8081) }, { base, validators: nowhere })
  assert.deepEqual(
    told(found.problems).map((line) => line.replace(/ \.github\/canary\.yml asks for .*/, '')),
    [
      'istioctl-missing .github/canary.yml:4',
      'kubeconform-missing .github/canary.yml:4',
      'kubectl-validate-missing .github/canary.yml:4',
      'opa-missing .github/canary.yml:3',
      'yamllint-missing .github/canary.yml:4',
    ],
  )
  for (const { next } of found.problems.map(explainProblem))
    assert.match(next, /^Ask the operator of Perch to install it .*, or remove .* from/)
  assert.equal(validateReport(found).conclusion, 'failure')
  // The author of the config that asks for it is told too, before everybody else is.
  const plain = { ...BASE, '.github/canary.yml': 'environments:\n  production: { path: apps }\n' }
  const bringing = await review({ '.github/canary.yml': config }, { base: plain, validators: nowhere })
  assert.equal(bringing.problems.length, 5)
})

test('a validator that fails is red with its message, and without Secrets', async () => {
  const base = {
    ...BASE,
    'apps/secret.yaml':
      'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { password: correct-horse }\n',
  }
  const change = { 'apps/web.yaml': service('web', 8081) }
  for (const code of ['timed-out', 'too-large', 'failed'] as const) {
    const failure = { code, detail: 'stuck at correct-horse' }
    const validators = memoryValidators({ tools: { opa: 'opa 1.0' }, about: () => ({ ok: false, failure }) })
    const found = await review(change, { base, validators })
    assert.deepEqual(
      found.problems.map((problem) => `${problem.code} ${problem.file}:${problem.line}`),
      [`opa-${code} .github/canary.yml:3`],
    )
    assert.doesNotMatch(JSON.stringify(found), /correct-horse/)
  }
})

test('a Secret in a message is hidden, in all of its forms', opa, async () => {
  const secret =
    'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { password: correct-horse }\ndata: { key: YmF0dGVyeS1zdGFwbGU= }\n'
  const base = {
    ...BASE,
    'policy/leak.rego':
      'package leak\n\ndeny contains sprintf("%v %v %v", [input.stringData.password, base64.encode(input.stringData.password), base64.decode(input.data.key)]) if input.kind == "Secret"\nwarn contains sprintf("%v", [input]) if input.kind == "Secret"\n',
  }
  const found = await review({ 'apps/secret.yaml': secret }, { base })
  assert.equal(found.problems.length, 1)
  assert.match(
    plainWords(found.problems.map(explainProblem)[0]?.what ?? ''),
    /refuses Secret s in production: ••• ••• •••\./,
  )
  assert.doesNotMatch(JSON.stringify(found), /correct-horse|Y29ycmVjdC1ob3JzZQ|battery-staple|YmF0dGVyeS1zdGFwbGU/)
})

const OLD_REFUSED =
  'policy apps/old.yaml:1 The policy main.deny refuses Service old in production: port 80 is privileged.'

test('the content that replaces an unreadable file counts as new', opa, async () => {
  const base = { ...BASE, 'apps/old.yaml': 'apiVersion: v1\nkind: [\n' }
  const found = await review({ 'apps/old.yaml': service('old', 80) }, { base })
  assert.deepEqual(told(found.problems), [OLD_REFUSED])
})

test('if one file of the base is unreadable, the policy’s remarks on the others are old', opa, async () => {
  const base = { ...BASE, 'apps/broken.yaml': 'apiVersion: v1\nkind: [\n' }
  const found = await review({ 'apps/broken.yaml': undefined }, { base })
  assert.deepEqual(told(found.problems), [])
  assert.ok(told(found.notes).includes(OLD_REFUSED))
})

test('a policy reads its data from the base branch', opa, async () => {
  const base = {
    ...BASE,
    '.github/canary.yml': 'environments:\n  production: { path: apps }\npolicy: { path: policy, data: limits }\n',
    'policy/ports.rego': 'package main\n\ndeny contains "refused" if input.spec.ports[_].port in data.refused\n',
    'limits/ports.yaml': 'refused: [8081]\n',
  }
  const change = { 'apps/web.yaml': service('web', 8081) }
  for (const files of [change, { ...change, 'limits/ports.yaml': 'refused: []\n' }])
    assert.deepEqual(told((await review(files, { base })).problems), [
      'policy apps/web.yaml:1 The policy main.deny refuses Service web in production: refused.',
    ])
  const broken = await review({ 'limits/ports.yaml': 'refused: [\n' }, { base })
  assert.match(told(broken.problems).join(), /^policy-not-valid limits\/ports\.yaml:/)
})

test('an environment that is removed is not judged', opa, async () => {
  const found = await review({ 'apps/web.yaml': undefined, 'apps/old.yaml': undefined })
  assert.ok(!told([...found.problems, ...found.notes]).some((line) => line.startsWith('policy')))
})

test('yamllint checks the new lines of a pull request, with the base’s rules', needsTool('yamllint'), async () => {
  const base = {
    ...BASE,
    '.github/canary.yml': 'environments:\n  production: { path: apps }\nvalidators: [yamllint]\n',
    '.yamllint': 'extends: relaxed\nrules: {braces: disable, trailing-spaces: {level: error}}\n',
    'apps/web.yaml': `${service('web', 8080)}# trailing \n`,
    'apps/other.yaml': `${service('other', 8080)}# trailing \n`,
  }
  const text = `# new  \n${service('web', 8081)}# trailing \n`
  const found = await review({ 'apps/web.yaml': text, '.yamllint': 'rules: {}\n', 'docs.md': '' }, { base })
  assert.deepEqual(told(found.problems), ['yamllint apps/web.yaml:1 yamllint (trailing-spaces): trailing spaces.'])
  assert.deepEqual(told(found.notes), ['yamllint apps/web.yaml:8 yamllint (trailing-spaces): trailing spaces.'])
  assert.deepEqual(
    found.validators.map((title) => title.split(' ')[0]),
    ['yamllint'],
  )
  const faulty = await review({ 'apps/web.yaml': text }, { base: { ...base, '.yamllint': 'rules: {nope: enable}\n' } })
  assert.deepEqual(told(faulty.problems), [
    'yamllint-not-valid .yamllint:1 yamllint cannot be used: no such rule: "nope".',
  ])
})

test('kubeconform reports the invalid place, and new kinds without a schema', needsTool('kubeconform'), async () => {
  const schema = JSON.stringify({
    type: 'object',
    properties: { spec: { properties: { ports: { items: { properties: { port: { type: 'integer' } } } } } } },
  })
  const base = {
    ...BASE,
    '.github/canary.yml':
      'environments:\n  production: { path: apps }\nvalidators: [{ name: kubeconform, schemas: schemas }]\n',
    'schemas/service-v1.json': schema,
    'apps/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: old }\n',
  }
  const bad = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  ports:\n    - port: "80"\n'
  const found = await review(
    { 'apps/web.yaml': bad, 'apps/new.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: { name: p }\n' },
    { base },
  )
  assert.deepEqual(told(found.problems), [
    'kubeconform apps/new.yaml:1 kubeconform: Pod p in production does not match its schema: could not find schema for Pod.',
    'kubeconform apps/web.yaml:7 kubeconform: Service web in production does not match its schema: at /spec/ports/0/port: got string, want integer.',
  ])
  assert.equal(found.notes.length, 1)
  const reaching = { 'schemas/service-v1.json': '{"$ref": "http://127.0.0.1:1/x"}' }
  for (const refused of [
    await review({ 'apps/web.yaml': bad }, { base: { ...base, ...reaching } }),
    // A pull request with a schema that does not work is red, although the base's schemas judge it.
    await review(reaching, { base }),
  ])
    assert.match(
      told(refused.problems).join(),
      /^kubeconform-not-valid schemas\/service-v1\.json:1 .* refers to http:\/\/127\.0\.0\.1:1\/x/,
    )
})

test(
  'kubectl-validate checks a pull request with the rules of applied CRDs, and no others',
  needsTool('kubectl-validate'),
  async () => {
    const definition = (group: string): string =>
      `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: widgets.${group} }\nspec:\n  group: ${group}\n  scope: Namespaced\n  names: { plural: widgets, singular: widget, kind: Widget, listKind: WidgetList }\n  versions:\n    - name: v1\n      served: true\n      storage: true\n      schema:\n        openAPIV3Schema:\n          type: object\n          properties:\n            spec:\n              type: object\n              x-kubernetes-validations: [{ rule: "self.min <= self.max", message: min is above max }]\n              properties: { min: { type: integer }, max: { type: integer } }\n`
    const widget = (group: string, name: string): string =>
      `apiVersion: ${group}/v1\nkind: Widget\nmetadata:\n  name: ${name}\nspec:\n  min: 5\n  max: 3\n`
    const base = {
      ...BASE,
      '.github/canary.yml':
        'environments:\n  production: { path: apps }\nvalidators: [{ name: kubectl-validate, crds: crds }]\n',
      'apps/old.yaml': widget('applied.com', 'old'),
      // So large that its schemas stay texts unless somebody needs them.
      'apps/definition.yaml': definition('applied.com').replace(
        '          type: object\n',
        `          type: object\n          description: ${'x'.repeat(60_000)}\n`,
      ),
      'crds/all.yaml': `# Ours.\n---\n${definition('repository.com')}`,
    }
    const brought = { 'apps/a.yaml': widget('applied.com', 'a'), 'apps/r.yaml': widget('repository.com', 'r') }
    const found = await review({ ...brought, 'apps/n.yaml': widget('nowhere.com', 'n') }, { base })
    assert.deepEqual(told(found.problems), [
      'kubectl-validate apps/a.yaml:6 kubectl-validate: an API server would refuse Widget a in production: at spec: Invalid value: "object": min is above max.',
      'kubectl-validate apps/n.yaml:1 kubectl-validate: an API server would refuse Widget n in production: there is no schema for this kind and version.',
      'kubectl-validate apps/r.yaml:6 kubectl-validate: an API server would refuse Widget r in production: at spec: Invalid value: "object": min is above max.',
    ])
    assert.deepEqual(told(found.notes), [
      'kubectl-validate apps/old.yaml:6 kubectl-validate: an API server would refuse Widget old in production: at spec: Invalid value: "object": min is above max.',
    ])
    // A definition in the pull request is not applied yet, and a weakened one still counts with its current rules.
    const own = { 'apps/d.yaml': definition('nowhere.com'), 'apps/n.yaml': widget('nowhere.com', 'n') }
    assert.equal((await review(own, { base })).problems.length, 1)
    const weaker = definition('applied.com').replace('self.min <= self.max', 'true')
    assert.equal((await review({ ...brought, 'apps/definition.yaml': weaker }, { base })).problems.length, 2)
    const broken = definition('repository.com').replace('self.min', 'self.nothing')
    const faulty = await review({ 'crds/all.yaml': `# Ours.\n---\n${broken}` }, { base })
    assert.match(
      told(faulty.problems).join(),
      /^kubectl-validate-not-valid crds\/all\.yaml:2 .*undefined field 'nothing'/,
    )
    const empty = await review({ 'crds/all.yaml': undefined }, { base })
    assert.deepEqual(told(empty.problems), [
      'kubectl-validate-not-valid .github/canary.yml:3 kubectl-validate cannot be used: no YAML file below this folder has a CustomResourceDefinition.',
    ])
  },
)

test(
  'istioctl adds findings that Perch does not have, and does not report objects that it cannot see',
  needsTool('istioctl'),
  async () => {
    const base = {
      ...BASE,
      '.github/canary.yml': 'environments:\n  production: { path: apps }\nvalidators: [istioctl]\n',
    }
    const gateway =
      'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: gw }\nspec:\n  selector: { istio: ingressgateway }\n  servers:\n    - port: { number: 443, name: https, protocol: HTTPS }\n      hosts: ["*"]\n      tls: { mode: SIMPLE, credentialName: there }\n'
    const odd =
      'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: odd }\nspec:\n  hosts: [odd]\n  http:\n    - timeout: soon\n      route: [{ destination: { host: odd } }]\n'
    const found = await review({ 'apps/gw.yaml': gateway, 'apps/odd.yaml': odd }, { base })
    const spoken = told(found.problems).filter((line) => line.includes('istioctl'))
    assert.equal(spoken.length, 1, JSON.stringify(found.problems))
    assert.match(spoken[0] ?? '', /apps\/odd\.yaml:1 istioctl analyze about VirtualService odd in production: .*soon/)
    for (const note of told(found.notes)) assert.match(note, /It did not look into a cluster/)
  },
)
