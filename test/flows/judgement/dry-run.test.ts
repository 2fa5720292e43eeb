/** Pull requests in a repository with dry runs against the operator's API server. */
import assert from 'node:assert/strict'
import type { RenderedObject } from '../../../src/core/diff/objects.ts'
import { titleOf } from '../../../src/core/manifest/identity.ts'
import { gateReport, validateReport } from '../../../src/core/message/check/checks.ts'
import { plainWords } from '../../../src/core/message/markdown/plain-words.ts'
import { explainProblem } from '../../../src/core/message/problem/problem.ts'
import type { DryRunResult } from '../../../src/core/policy/dry-run.ts'
import type { ToolFailure } from '../../../src/core/policy/remark.ts'
import type { Problem } from '../../../src/core/problem/problem.ts'
import { compareTrees } from '../../../src/flows/judgement/judge-merge.ts'
import type { DryRunQuestion } from '../../../src/ports/validators.ts'
import { memoryRenderer } from '../../memory/renderer.ts'
import { memoryValidators } from '../../memory/validators.ts'
import { aPull, aWorld, checkOf, queue, says } from '../world.ts'
import { recordedIn } from '../recorded/account.ts'

const test = recordedIn(import.meta.url)

type Files = Readonly<Record<string, string>>

const CONFIG = '.github/canary.yml'

const map = (name: string, value: string, namespace = 'shop'): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: ${namespace}\ndata:\n  key: ${value}\n`

const secret = (value: string): string =>
  `apiVersion: v1\nkind: Secret\nmetadata: { name: s, namespace: shop }\nstringData: { password: ${value} }\n`

const BASE: Files = {
  [CONFIG]: 'environments:\n  production: { path: apps }\nvalidators: [dry-run]\n',
  'apps/a.yaml': map('a', 'old'),
  'apps/b.yaml': map('b', 'old'),
}

const NO_VERDICT = { ok: true, remarks: [], gaps: [] } as const

interface Server {
  readonly base?: Files
  readonly maySend?: boolean
  readonly says?: (objects: readonly RenderedObject[]) => DryRunResult
  readonly isNamed?: boolean
}

/** The problems and notes for a pull request with these files (undefined: removed), and the objects sent to the API server. */
async function review(
  files: Readonly<Record<string, string | undefined>>,
  { base = BASE, maySend = true, says: answer = () => NO_VERDICT, isNamed = true }: Server = {},
) {
  const asked: string[] = []
  const questions: DryRunQuestion[] = []
  const sent: string[] = []
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
  const validators = memoryValidators({
    tools: isNamed ? { 'dry-run': 'dry-run' } : {},
    dryRun: (objects, question) => {
      asked.push(objects.map((object) => titleOf(object)).join(', '))
      questions.push(question)
      sent.push(JSON.stringify(objects))
      return answer(objects)
    },
  })
  const context = { mirror, renderer: memoryRenderer(), validators, schemas: { misfits: async () => [] } }
  const changed = Object.keys(files)
  const { review: found } = await compareTrees(context, { base: 'base', head: 'head', changed, maySend })
  return { found, asked, questions, sent: sent.join('\n') }
}

function told(problems: readonly Problem[]): readonly string[] {
  return problems.map(
    (problem) => `${problem.code} ${problem.file}:${problem.line} ${plainWords(explainProblem(problem).what)}`,
  )
}

const refuses =
  (text: string, what = 'new'): NonNullable<Server['says']> =>
  (objects) => ({
    ok: true,
    gaps: [],
    remarks: objects.flatMap(({ data }, object) =>
      JSON.stringify(data).includes(what)
        ? [{ level: 'error' as const, rule: '', text, object, path: ['data', 'key'] }]
        : [],
    ),
  })

test('only the changes of a pull request are sent to the API server', async () => {
  const { asked, questions, found } = await review({ 'apps/b.yaml': map('b', 'new'), 'apps/c.yaml': map('c', 'new') })
  assert.deepEqual(asked, ['ConfigMap shop/b, ConfigMap shop/c'])
  assert.deepEqual(questions, [{ namespace: undefined, fieldManager: 'perch' }])
  assert.equal(validateReport(found).conclusion, 'success')
  assert.match(validateReport(found).summary, /Checked with `dry-run`/)
  assert.deepEqual((await review({ 'apps/a.yaml': undefined })).asked, [])
  assert.deepEqual((await review({ 'apps/a.yaml': `# A comment.\n${map('a', 'old')}` })).asked, [])
})

test('a refusal of the API server is red on its line, with its message', async () => {
  const { found, asked } = await review({ 'apps/b.yaml': map('b', 'new') }, { says: refuses('policy says <b>no</b>') })
  assert.deepEqual(told(found.problems), [
    'dry-run apps/b.yaml:7 The API server would refuse ConfigMap shop/b in production: policy says <b>no</b>.',
  ])
  assert.equal(validateReport(found).conclusion, 'failure')
  // The previous objects were sent too.
  assert.deepEqual(asked, ['ConfigMap shop/b', 'ConfigMap shop/b'])
})

test('an old refusal, and a warning, is a note', async () => {
  const before = await review({ 'apps/b.yaml': map('b', 'new') }, { says: refuses('no owner', 'ConfigMap') })
  assert.deepEqual(told(before.found.problems), [])
  assert.deepEqual(told(before.found.notes), [
    'dry-run apps/b.yaml:7 The API server would refuse ConfigMap shop/b in production: no owner.',
  ])
  const warning = { level: 'warning', rule: '', text: 'v1 is deprecated', object: 0, path: [] } as const
  const warned = await review(
    { 'apps/b.yaml': map('b', 'new') },
    { says: () => ({ ok: true, gaps: [], remarks: [warning] }) },
  )
  assert.deepEqual(warned.asked.length, 1)
  assert.deepEqual(told(warned.found.notes), [
    'dry-run apps/b.yaml:1 The API server warns about ConfigMap shop/b in production: v1 is deprecated.',
  ])
  assert.equal(validateReport(warned.found).conclusion, 'success')
})

test('an object without a verdict is neither green nor red, even if it had none before', async () => {
  const codes = ['no-kind', 'no-namespace', 'not-allowed', 'no-dry-run', 'not-answered'] as const
  for (const code of codes) {
    const { found } = await review(
      { 'apps/b.yaml': map('b', 'new') },
      { says: () => ({ ok: true, remarks: [], gaps: [{ code, object: 0, text: 'words' }] }) },
    )
    assert.deepEqual(
      found.problems.map((one) => `${one.code} ${one.file}:${one.line}`),
      [`dry-run-${code} apps/b.yaml:1`],
    )
    assert.equal(validateReport(found).conclusion, 'action_required', code)
    assert.equal(gateReport(found).conclusion, 'action_required', code)
  }
})

test('an API server that cannot be reached is neither green nor red, and a missing configuration is red', async () => {
  const codes = ['unreachable', 'unauthorized', 'timed-out', 'too-many', 'failed', 'too-large', 'busy'] as const
  for (const code of codes satisfies readonly ToolFailure['code'][]) {
    const { found } = await review(
      { 'apps/b.yaml': map('b', 'new') },
      { says: () => ({ ok: false, failure: { code, detail: '' } }) },
    )
    assert.deepEqual(
      found.problems.map((one) => `${one.code} ${one.file}:${one.line}`),
      [`dry-run-${code} ${CONFIG}:3`],
    )
    assert.equal(validateReport(found).conclusion, 'action_required', code)
  }
  const unnamed = await review({ 'apps/b.yaml': map('b', 'new') }, { isNamed: false })
  assert.deepEqual(told(unnamed.found.problems), [
    `dry-run-missing ${CONFIG}:3 .github/canary.yml asks for dry-run, but Perch was started without an API server for dry runs.`,
  ])
  assert.equal(validateReport(unnamed.found).conclusion, 'failure')
})

test('if the API server cannot be reached, the note about a Secret that is never sent stays', async () => {
  const { found } = await review(
    { 'apps/b.yaml': map('b', 'new'), 'apps/s.yaml': secret('tr0ub4dor-and-3') },
    { says: () => ({ ok: false, failure: { code: 'unreachable', detail: '' } }) },
  )
  assert.deepEqual(
    [...found.problems, ...found.notes].map(({ code }) => code),
    ['dry-run-unreachable', 'dry-run-secret'],
  )
})

test('a red result stays red if something else is unknown', async () => {
  const { found } = await review(
    { 'apps/a.yaml': map('a', 'new'), 'apps/b.yaml': map('b', 'new') },
    { says: (objects) => ({ ...refuses('no')(objects), gaps: [{ code: 'no-kind', object: 0, text: '' }] }) },
  )
  assert.equal(found.problems.length, 3)
  assert.equal(validateReport(found).conclusion, 'failure')
})

test('a Secret is never sent, and neither is an object that contains or repeats one', async () => {
  const nested = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: n, namespace: shop }\ndata:\n  s.yaml: |\n${secret(
    'tr0ub4dor-and-3',
  )
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')}\n`
  const vault = 'apiVersion: example.com/v1\nkind: Vault\nmetadata: { name: v }\nspec: { pin: "12345678" }\n'
  const { found, asked, sent } = await review(
    {
      'apps/s.yaml': secret('correct-horse-battery'),
      'apps/copy.yaml': map('copy', 'postgres://correct-horse-battery@db'),
      'apps/n.yaml': nested,
      'apps/v.yaml': vault,
      'apps/b.yaml': map('b', 'new'),
    },
    { base: { ...BASE, [CONFIG]: `${BASE[CONFIG]}secrets: [example.com/Vault]\n` } },
  )
  assert.deepEqual(asked, ['ConfigMap shop/b'])
  assert.doesNotMatch(sent, /correct-horse|tr0ub4dor|12345678/)
  assert.deepEqual(told(found.problems), [
    'dry-run-secret-copy apps/copy.yaml:1 ConfigMap shop/copy in production repeats a value of a Secret, so Perch did not send it to the API server.',
  ])
  assert.deepEqual(
    told(found.notes).filter((note) => note.startsWith('dry-run')),
    [
      'dry-run-secret apps/n.yaml:1 Perch made no dry run of ConfigMap shop/n in production, because it never sends Secrets.',
      'dry-run-secret apps/s.yaml:1 Perch made no dry run of Secret shop/s in production, because it never sends Secrets.',
      'dry-run-secret apps/v.yaml:1 Perch made no dry run of Vault v in production, because it never sends Secrets.',
    ],
  )
})

test('the value of a removed Secret is not sent with the old objects', async () => {
  const base = {
    ...BASE,
    'apps/s.yaml': secret('correct-horse-battery'),
    'apps/b.yaml': map('b', 'correct-horse-battery'),
  }
  const { sent, found } = await review({ 'apps/b.yaml': map('b', 'new') }, { base, says: refuses('no owner') })
  assert.doesNotMatch(sent, /correct-horse/)
  assert.equal(found.problems.length, 1)
})

test('values of a Secret in the API server’s messages are hidden', async () => {
  const base = { ...BASE, 'apps/s.yaml': secret('correct-horse-battery') }
  const leaky = 'the cluster has correct-horse-battery'
  const { found } = await review({ 'apps/b.yaml': map('b', 'new') }, { base, says: refuses(leaky) })
  assert.doesNotMatch(JSON.stringify(found), /correct-horse/)
  const { found: failed } = await review(
    { 'apps/b.yaml': map('b', 'new') },
    { base, says: () => ({ ok: true, remarks: [], gaps: [{ code: 'not-answered', object: 0, text: leaky }] }) },
  )
  assert.doesNotMatch(JSON.stringify(failed), /correct-horse/)
})

test('kinds in `ignore` are left out, and the deployer decides the namespace of an object without one', async () => {
  const application = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: web, namespace: argocd }
spec:
  destination: { namespace: web, server: https://kubernetes.default.svc }
  source: { repoURL: https://github.com/acme/shop, path: apps }
`
  const service = 'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: 80 }] }\n'
  const base = {
    ...BASE,
    [CONFIG]:
      'environments:\n  production: { path: apps }\nvalidators: [{ name: dry-run, ignore: [ConfigMap], fieldManager: argocd-controller }]\n',
    'argocd/web.yaml': application,
  }
  const { asked, questions } = await review({ 'apps/b.yaml': map('b', 'new'), 'apps/web.yaml': service }, { base })
  assert.deepEqual(asked, ['Service web/web'])
  assert.deepEqual(questions, [{ namespace: 'web', fieldManager: 'argocd-controller' }])
})

/** A world whose base branch asks for a dry run. */
async function aServedWorld(answer: () => DryRunResult = () => NO_VERDICT) {
  const asked: string[] = []
  const validators = memoryValidators({
    tools: { 'dry-run': 'dry-run' },
    dryRun: (objects) => {
      asked.push(objects.map((object) => titleOf(object)).join(', '))
      return answer()
    },
  })
  const world = await aWorld({ services: [], environments: [], files: BASE, validators })
  return { world, asked }
}

test('a pull request of this repository is sent; one from a fork is not, and waits with an explanation', async () => {
  const { world, asked } = await aServedWorld()
  const pull = await aPull(world, { 'apps/b.yaml': map('b', 'new') })
  assert.match(checkOf(world, pull, 'canary/validate'), /^success/)
  assert.deepEqual(asked, ['ConfigMap shop/b'])
  const stranger = world.mallory.openFromFork({ 'apps/a.yaml': map('a', 'evil') }, 'Mine')
  await world.settle()
  await says(world, 'alice', stranger, '/canary retry')
  assert.deepEqual(asked, ['ConfigMap shop/b'])
  assert.match(checkOf(world, stranger, 'canary/validate'), /^action_required: This pull request comes from a fork/)
  assert.match(checkOf(world, stranger, 'canary/gate'), /^action_required/)
  const report = world.state.runs.findLast(({ sha, name }) => sha === stranger.head.sha && name === 'canary/validate')
  assert.match(JSON.stringify(report), /Ask somebody with write access to push the branch to this repository/)
})

test('when the base moves, a pull request from a fork is still not sent', async () => {
  const { world, asked } = await aServedWorld()
  const stranger = world.mallory.openFromFork({ 'apps/a.yaml': map('a', 'evil') }, 'Mine')
  await world.settle()
  world.alice.push('main', { 'README.md': 'Moved.' })
  await world.settle()
  await world.sweep()
  assert.deepEqual(asked, [])
  assert.match(checkOf(world, stranger, 'canary/validate'), /^action_required/)
})

test('a group in the merge queue is sent, because somebody with write access put it there', async () => {
  const { world, asked } = await aServedWorld()
  const pull = await aPull(world, { 'apps/b.yaml': map('b', 'new') })
  await queue(world, [pull])
  assert.deepEqual(asked, ['ConfigMap shop/b', 'ConfigMap shop/b'])
})

test('an API server that did not answer is asked again automatically, and one without the kind is not', async () => {
  let now: DryRunResult = { ok: false, failure: { code: 'unreachable', detail: 'ECONNREFUSED' } }
  const { world, asked } = await aServedWorld(() => now)
  const pull = await aPull(world, { 'apps/b.yaml': map('b', 'new') })
  assert.match(checkOf(world, pull, 'canary/validate'), /^action_required: The API server could not be reached/)
  await world.pass(14)
  assert.equal(asked.length, 1)
  await world.pass(2)
  assert.equal(asked.length, 2)
  now = { ok: true, remarks: [], gaps: [{ code: 'no-kind', object: 0, text: '' }] }
  await world.pass(60)
  assert.equal(asked.length, 3)
  assert.match(checkOf(world, pull, 'canary/validate'), /^action_required: The API server does not have the kind/)
  now = NO_VERDICT
  await says(world, 'alice', pull, '/canary retry')
  assert.match(checkOf(world, pull, 'canary/validate'), /^success/)
})

test('a group in the merge queue continues when the API server answers again', async () => {
  let now: DryRunResult = NO_VERDICT
  const { world } = await aServedWorld(() => now)
  const pull = await aPull(world, { 'apps/b.yaml': map('b', 'new') })
  now = { ok: false, failure: { code: 'timed-out', detail: '' } }
  const group = await queue(world, [pull])
  assert.match(group.gate(), /^action_required/)
  now = NO_VERDICT
  await world.pass(16)
  assert.match(group.gate(), /^success/)
})
