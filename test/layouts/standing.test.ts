/** What was wrong in a folder before a pull request: it does not keep others from merging. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRenderer } from '../../src/adapters/kustomize/renderer.ts'
import { openSchemas } from '../../src/adapters/schemas/schemas.ts'
import { compareTrees } from '../../src/flows/judgement/judge-merge.ts'
import { memoryValidators } from '../memory/validators.ts'
import { command, DR, linesChanged, VS as IDLE, worktreeOf } from './repository.ts'

const QUIET = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const context = {
  renderer: openRenderer({ log: QUIET, path: process.env['PATH'] ?? '' }),
  schemas: openSchemas(),
  validators: memoryValidators(),
}

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

/** What is said of a change of some files. */
async function reviewed(before: Files, after: Files): Promise<readonly (readonly string[])[]> {
  const all = { before, after: { ...before, ...after } }
  const side = (name: string) => worktreeOf(new Map(Object.entries(name === 'before' ? all.before : all.after)))
  const mirror = {
    entries: (name: string) => side(name).entries(),
    read: (name: string, paths: readonly string[]) => side(name).read(name, paths),
  }
  const trees = { base: 'before', head: 'after', changed: Object.keys(after) }
  const { review } = await compareTrees({ ...context, mirror }, trees)
  return [review.problems, review.notes].map((found) =>
    found.map(({ code, file = '', line }) => `${code} ${file}:${line}`),
  )
}

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
  test(`a folder holds ${what}: other files are judged and changed as ever`, async () => {
    const before = { ...WEB, ...more }
    const raised = { 'k8s/web.yaml': VS.replace('weight: 90', 'weight: 75').replace('weight: 10', 'weight: 25') }
    assert.deepEqual(await reviewed(before, raised), [[], notes])
    const files = new Map(Object.entries(before))
    await command(files, '/canary 25')
    const changed = linesChanged(new Map(Object.entries(before)), files).filter(
      (line) => !/annotations|perch/.test(line),
    )
    const weights = ['-          weight: 90', '+          weight: 75', '-          weight: 10', '+          weight: 25']
    assert.deepEqual(changed, ['k8s/web.yaml', ...weights])
  })
}

test('a pull request that brings or makes such a file is red', async () => {
  assert.deepEqual(await reviewed(WEB, { 'k8s/other.yaml': BROKEN }), [['unparsable k8s/other.yaml:5'], []])
  const good = { ...WEB, 'k8s/other.yaml': CONFIG_MAP }
  assert.deepEqual(await reviewed(good, { 'k8s/other.yaml': BROKEN }), [['unparsable k8s/other.yaml:5'], []])
  const half = VS.replace('  http:', ' http:')
  const [[first = ''] = []] = await reviewed(WEB, { 'k8s/web.yaml': half })
  assert.match(first, /^not-yaml k8s\/web\.yaml/)
})
