/** `perch set`, `status`, `diff` and `validate` on a folder of files and on a repository. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reviewCheckout, reviewFolder } from '../../src/flows/checkout/checkout-review.ts'
import { setInCheckout, statusOfCheckout } from '../../src/flows/checkout/checkout.ts'
import type { ShareWish } from '../../src/core/rollout/intend.ts'
import { type Checkout, WORK_TREE } from '../../src/ports/checkout.ts'
import { gitObjects } from '../memory/git.ts'
import { worktreeOf } from '../layouts/repository.ts'
import { memoryValidators } from '../memory/validators.ts'
import { repositoryFiles, routeFile, shareIn, withShare } from '../simulate/repository.ts'

const CONFIG = {
  steps: [5, 25, 100],
  bakeMinutes: 10,
  live: 'timer',
  isOrdered: false,
  autoMerge: 'never',
  approvals: 0,
} as const
const FILES = repositoryFiles({ services: ['web'], environments: ['staging', 'production'], config: CONFIG })
const ROUTE = routeFile('production', 'web')
const never = async (): Promise<never> => assert.fail('nothing to build')
const programs = {
  renderer: { render: never, tool: async () => undefined },
  validators: memoryValidators(),
  schemas: { misfits: async () => [] },
}

function folder(files: Readonly<Record<string, string>> = FILES) {
  const texts = new Map(Object.entries(files))
  return { texts, worktree: worktreeOf(texts) }
}

function set(percent: number, more: Partial<ShareWish> = {}): ShareWish {
  return { service: undefined, environment: undefined, ...more, kind: 'share', percent }
}

test('a share is set in the files of one environment, and the changes are reported', async () => {
  const { texts, worktree } = folder()
  const done = await setInCheckout({ worktree, ...programs }, set(5, { environment: 'production' }))
  assert.ok(done.ok)
  const { from, to, files, proof } = done.value
  assert.deepEqual([from, to, [...files.keys()], proof?.changed], [0, 5, [ROUTE], ['production']])
  assert.deepEqual(files.get(ROUTE), { before: FILES[ROUTE], after: texts.get(ROUTE) })
  assert.deepEqual([shareIn(texts.get(ROUTE)), shareIn(texts.get(routeFile('staging', 'web')))], [5, 0])
  const again = await setInCheckout({ worktree, ...programs }, set(5, { environment: 'production' }))
  assert.ok(again.ok)
  assert.deepEqual([again.value.from, again.value.files.size], [5, 0])
})

test('a share for all environments is set in all of them, and without a name Perch asks', async () => {
  const { texts, worktree } = folder()
  const unclear = await setInCheckout({ worktree, ...programs }, set(5))
  assert.deepEqual(unclear.ok ? unclear : unclear.error.code, 'ambiguous')
  const all = await setInCheckout({ worktree, ...programs }, set(5, { environment: 'all' }))
  assert.ok(all.ok)
  assert.deepEqual([...(all.value.proof?.changed ?? [])].toSorted(), ['production', 'staging'])
  assert.deepEqual([...all.value.files.keys()].toSorted(), [ROUTE, routeFile('staging', 'web')])
  assert.deepEqual(all.value.target.environments, ['production', 'staging'])
  assert.equal(shareIn(texts.get(routeFile('staging', 'web'))), 5)
})

test('if the config cannot be read, or the weights cannot be written, nothing is written', async () => {
  const broken = folder({ ...FILES, '.github/canary.yml': 'environment: {}\n' })
  const refused = await setInCheckout({ worktree: broken.worktree, ...programs }, set(5))
  assert.deepEqual(refused.ok ? refused : refused.error.code, 'unreadable')
  const status = await statusOfCheckout({ worktree: broken.worktree, ...programs })
  assert.equal(status.ok, false)
  const odd = folder({ ...FILES, [ROUTE]: (FILES[ROUTE] ?? '').replace('weight: 100', 'weight: "100"') })
  const unwritten = await setInCheckout({ worktree: odd.worktree, ...programs }, set(5, { environment: 'production' }))
  assert.deepEqual(
    [unwritten.ok, odd.texts.get(ROUTE)],
    [false, (FILES[ROUTE] ?? '').replace('weight: 100', 'weight: "100"')],
  )
})

test('the status of a folder shows the state of each rollout in its files', async () => {
  const { worktree } = folder({ ...FILES, [ROUTE]: withShare(FILES[ROUTE] ?? '', 25) })
  const status = await statusOfCheckout({ worktree, ...programs })
  assert.ok(status.ok)
  assert.deepEqual(
    status.value.standings.map(({ target, share, phase }) => `${target.environment} ${share} ${phase}`).toSorted(),
    ['production 25 by-hand', 'staging 0 idle'],
  )
})

/** A repository with a commit on `main`, one on `change`, and its work tree. */
function repository(work: Readonly<Record<string, string>> = FILES, first: Readonly<Record<string, string>> = FILES) {
  const objects = gitObjects()
  const commit = (files: Readonly<Record<string, string>>, parents: readonly string[]): string =>
    objects.commit({
      files: new Map(Object.entries(files)),
      parents,
      message: 'x',
      author: 'a',
      isVerified: false,
      time: 0,
    }).sha
  const main = commit(first, [])
  const change = commit({ ...FILES, [ROUTE]: withShare(FILES[ROUTE] ?? '', 5) }, [main])
  const ahead = commit({ ...FILES, 'README.md': '# Ahead\n' }, [main])
  const rival = commit({ ...FILES, [ROUTE]: withShare(FILES[ROUTE] ?? '', 7) }, [main])
  const names: Readonly<Record<string, string>> = { HEAD: main, main, change, ahead, rival }
  const filesAt = (treeish: string): ReadonlyMap<string, string> =>
    treeish === WORK_TREE
      ? new Map(Object.entries(work))
      : (objects.files(treeish) ?? assert.fail(`no tree ${treeish}`))
  const checkout: Checkout = {
    entries: async (treeish) => [...filesAt(treeish).keys()].map((path) => ({ path, type: 'file' })),
    read: async (treeish, paths) => new Map([...filesAt(treeish)].filter(([path]) => paths.includes(path))),
    changed: async (from, to) => {
      const [before, after] = [filesAt(from), filesAt(to)]
      return [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path))
    },
    merge: async (base, head) => objects.merge(base, head),
    resolve: async (name) => names[name],
  }
  return { checkout, names }
}

const touched = { environment: undefined, scope: 'touched' } as const

test('two names, two dots, three dots and the work tree are compared like in git diff', async () => {
  const { checkout, names } = repository({ ...FILES, [ROUTE]: withShare(FILES[ROUTE] ?? '', 9) })
  const rows = async (...refs: readonly string[]) => {
    const found = await reviewCheckout({ checkout, ...programs }, { refs, ...touched })
    assert.ok(found.ok)
    const { base, head, environments, review } = found.value
    const shares = review.rows.map(({ after }) => (after ?? []).map(({ share }) => share).join('/'))
    return { base, head, environments, shares }
  }
  const { main, change, ahead } = names
  const up = { environments: ['production'], shares: ['95/5'] }
  assert.deepEqual(await rows('main', 'change'), { base: main, head: change, ...up })
  assert.deepEqual(await rows('main..change'), { base: main, head: change, ...up })
  assert.deepEqual(await rows('..change'), { base: main, head: change, ...up })
  assert.deepEqual(await rows('ahead...change'), { base: ahead, head: change, ...up })
  assert.deepEqual(await rows('change..'), {
    base: change,
    head: main,
    environments: ['production'],
    shares: ['100/0'],
  })
  assert.deepEqual(await rows(), { base: main, head: undefined, environments: ['production'], shares: ['91/9'] })
  assert.deepEqual(await rows('change'), {
    base: change,
    head: undefined,
    environments: ['production'],
    shares: ['91/9'],
  })
})

test('a first config that is not committed yet is said to count only after that', async () => {
  const chart = { 'charts/web/Chart.yaml': 'name: web\n', 'charts/web/templates/vs.yaml': 'kind: {{ .Values.kind }}\n' }
  const config = { '.github/canary.yml': 'environments: { prod: { helm: { chart: charts/web } } }\n' }
  const refused = async (work: Readonly<Record<string, string>>) => {
    const { checkout } = repository(work, chart)
    const found = await reviewCheckout(
      { checkout, ...programs },
      { refs: [], scope: 'touched', environment: undefined },
    )
    return found.ok ? found : found.error
  }
  assert.deepEqual(await refused({ ...chart, ...config }), { code: 'nothing-found', hasNewConfig: true })
  assert.deepEqual(await refused(chart), { code: 'nothing-found' })
})

test('a name without a commit, a merge with conflicts and a missing environment are reported', async () => {
  const { checkout } = repository()
  const code = async (refs: readonly string[], environment?: string) => {
    const found = await reviewCheckout({ checkout, ...programs }, { refs, scope: 'touched', environment })
    return found.ok ? 'ok' : found.error.code
  }
  assert.equal(await code(['nowhere']), 'no-such-commit')
  assert.notEqual(await code(['rival...change']), 'ok')
  assert.equal(await code(['rival..change']), 'ok')
  assert.equal(await code(['main', 'change'], 'prod'), 'no-environment')
  assert.equal(await code(['main', 'change'], 'staging'), 'ok')
})

test('one environment alone, and all of them, can be looked at', async () => {
  const { checkout } = repository()
  const looked = async (environment: string | undefined, scope: 'all' | 'touched') => {
    const found = await reviewCheckout({ checkout, ...programs }, { refs: ['main', 'change'], scope, environment })
    assert.ok(found.ok)
    return found.value.environments
  }
  assert.deepEqual(await looked('staging', 'touched'), [])
  assert.deepEqual(await looked(undefined, 'all'), ['production', 'staging'])
  assert.deepEqual(await looked('staging', 'all'), ['staging'])
})

test('before the first commit everything in the work tree is new, and its config counts', async () => {
  const config = 'environments: { prod: { path: apps/production } }\n'
  const { checkout } = repository({ ...FILES, '.github/canary.yml': config })
  const found = await reviewCheckout(
    { checkout: { ...checkout, resolve: async () => undefined }, ...programs },
    { refs: [], ...touched },
  )
  assert.ok(found.ok)
  const { base, head, environments, review } = found.value
  assert.deepEqual({ base, head, environments }, { base: undefined, head: undefined, environments: ['prod'] })
  assert.deepEqual(review.problems, [])
})

test('in a folder without a repository everything is new, and a broken config is reported', async () => {
  const good = await reviewFolder({ worktree: folder().worktree, ...programs }, { environment: undefined })
  assert.ok(good.ok)
  assert.deepEqual([good.value.environments, good.value.base], [['production', 'staging'], undefined])
  const broken = folder({ ...FILES, '.github/canary.yml': 'environment: {}\n' })
  const told = await reviewFolder({ worktree: broken.worktree, ...programs }, { environment: undefined })
  assert.ok(told.ok)
  assert.ok(told.value.review.problems.some(({ file }) => file === '.github/canary.yml'))
})

test('a folder without an environment is told that nothing was found, unless a problem may be the reason', async () => {
  const looked = async (files: Readonly<Record<string, string>>) => {
    const found = await reviewFolder({ worktree: folder(files).worktree, ...programs }, { environment: undefined })
    return found.ok ? found.value.review.problems.map(({ code, file }) => `${code} ${file}`) : found.error.code
  }
  assert.equal(await looked({ 'README.md': '# Shop\n' }), 'nothing-found')
  assert.deepEqual(await looked({ '.github/canary.yml': 'validators: [yamllint]\n' }), [
    'yamllint-missing .github/canary.yml',
  ])
})

test('the status of a folder mentions a route in a chart that nothing releases', async () => {
  const { worktree } = folder({
    ...FILES,
    'chart/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
    'chart/templates/route.yaml':
      'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: {{ .Release.Name }} }\nspec: { http: [{ route: [] }] }\n',
  })
  const status = await statusOfCheckout({ worktree, ...programs })
  assert.ok(status.ok)
  assert.deepEqual(
    status.value.snapshot.problems.map(({ code, file }) => `${code} ${file}`),
    ['template chart/templates/route.yaml'],
  )
})
