/**
 * The findings in the manifests of test/findings, compared with those of the real istioctl in the same files. A file begins with
 * its findings, as if one pull request brought it (`# finds: grade CODE Kind/name`). If istioctl's findings differ, they follow,
 * with the reason.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import * as z from 'zod'
import { openSchemas } from '../../../src/adapters/schemas/schemas.ts'
import { parseRendered } from '../../../src/core/diff/objects.ts'
import { Config } from '../../../src/core/config/schema.ts'
import { findingsIn } from '../../../src/core/finding/find.ts'
import type { Finding } from '../../../src/core/finding/finding.ts'
import { FINDING_CODES } from '../../../src/core/finding/catalogue.ts'
import { gradeFindings } from '../../../src/core/finding/grading.ts'
import { locator } from '../../../src/core/finding/locate.ts'
import { misfitFindings, type Wants } from '../../../src/core/finding/misfit.ts'
import type { Path } from '../../../src/core/manifest/data.ts'
import { layoutOf } from '../../../src/core/layer/layout.ts'
import { explainProblem } from '../../../src/core/message/problem/problem.ts'
import { findingProblems } from '../../../src/core/problem/findings.ts'

const FILES = globSync('test/findings/*.yaml').sort()

function said(text: string, key: string): readonly string[] {
  return [...text.matchAll(new RegExp(`^# ${key}: (.+)$`, 'gm'))].map(([, value = '']) => value)
}

function objectsOf(text: string) {
  const parsed = parseRendered(text)
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return parsed.objects
}

const schemas = openSchemas()

/** For files without a kustomization, in which places are found by the content. */
function locatorOf(texts: ReadonlyMap<string, string>) {
  return locator({ environment: '', layout: layoutOf([], texts), files: [...texts.keys()], texts, home: undefined })
}

async function found(text: string): Promise<readonly string[]> {
  const after = objectsOf(text)
  const found = findingsIn(after, { misfits: await schemas.misfits(after) })
  const graded = grade({ before: [], after }, { before: [], after: found })
  return [
    ...new Set(graded.map(({ detail, object, grade }) => `${grade} ${detail.code} ${object.kind}/${object.name}`)),
  ].sort()
}

type Objects = ReturnType<typeof objectsOf>

/** The grades of findings with only this config. */
function grade(
  objects: { readonly before: Objects; readonly after: Objects },
  findings: { readonly before: readonly Finding[]; readonly after: readonly Finding[] },
  config: object = {},
): readonly Finding[] {
  return gradeFindings(findings, { objects, config: Config.parse(config), isRaised: () => false, isOwned: () => false })
}

for (const file of FILES) {
  const text = readFileSync(file, 'utf8')
  test(`findings: ${basename(file, '.yaml')}`, async () => {
    assert.deepEqual(await found(text), [...said(text, 'finds')].sort())
  })
}

test('every code is found in one of the files', () => {
  const codes = new Set(
    FILES.flatMap((file) => said(readFileSync(file, 'utf8'), 'finds')).map((line) => line.split(' ')[1]),
  )
  // Findings about the delivery of an environment are in a story, and findings about a change are in order.test.ts.
  for (const code of FINDING_CODES)
    if (code !== 'not-synced' && code !== 'use-before-definition') assert.ok(codes.has(code), code)
})

test('a finding has its place, what is wrong and what to do', () => {
  const file = 'test/findings/dead-rule-by-the-root.yaml'
  const text = readFileSync(file, 'utf8')
  const [finding] = findingsIn(objectsOf(text))
  assert.ok(finding)
  const place = locatorOf(new Map([[file, text]]))(finding)
  const [problem] = findingProblems([{ environment: 'production', finding, place }])
  assert.ok(problem)
  assert.equal(text.split('\n')[problem.line - 1]?.trim(), '- name: main')
  assert.match(
    explainProblem(problem).what,
    /^IST0130: `VirtualService shop\/web` in `production` has the split `main`, which no request reaches: `all` matches/,
  )
  assert.match(explainProblem(problem).next, /Move it up, or remove it/)
})

test('a finding in an object that kustomize has renamed is found in the file that it comes from', () => {
  const rendered = readFileSync('test/findings/dead-rule-by-the-root.yaml', 'utf8').replaceAll(
    'name: web',
    'name: blue-web-2',
  )
  const source = readFileSync('test/findings/dead-rule-by-the-root.yaml', 'utf8')
  const [finding] = findingsIn(objectsOf(rendered)).filter(({ detail }) => detail.code === 'IST0130')
  assert.ok(finding)
  const texts = new Map([['base/vs.yaml', source]])
  const place = locatorOf(texts)(finding)
  assert.equal(source.split('\n')[(place?.line ?? 0) - 1]?.trim(), '- name: main')
})

test('of several rules that take the requests of a split, the first is named, for each of its conditions', () => {
  const route = (...rules: readonly string[]): string =>
    `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web }\nspec: { hosts: [web], http: [${rules.join(', ')}] }\n`
  const to = (name: string, prefixes: readonly string[], ...shares: readonly number[]): string => {
    const match = prefixes.map((prefix) => `{ uri: { prefix: ${prefix} } }`).join(', ')
    const destinations = shares.map(
      (share, index) => `{ destination: { host: web, subset: v${index} }, weight: ${share} }`,
    )
    return `{ name: ${name}, match: [${match}], route: [${destinations.join(', ')}] }`
  }
  const split = to('main', ['/b', '/a'], 90, 10)
  const before = (...rules: readonly string[]): unknown =>
    findingsIn(objectsOf(route(...rules, split))).flatMap(({ detail }) =>
      detail.code === 'IST0130' ? [`${detail.rule} ${detail.before}`] : [],
    )
  assert.deepEqual(before(to('one', ['/a', '/b'], 100), to('two', ['/'], 100)), ['main one'])
  assert.deepEqual(before(to('one', ['/b'], 100), to('two', ['/'], 100)), ['main one'])
  assert.deepEqual(before(to('one', ['/a'], 100), to('two', ['/a'], 100)), [])
})

test('a finding at one place in several environments is reported once for all of them', () => {
  const [finding] = findingsIn(objectsOf(readFileSync('test/findings/dead-rule-by-the-root.yaml', 'utf8')))
  assert.ok(finding)
  const place = { file: 'base/vs.yaml', line: 12 }
  const of = (environment: string, namespace: string) => ({
    environment,
    finding: { ...finding, object: { ...finding.object, namespace } },
    place,
  })
  const [one, ...others] = findingProblems([of('staging', 'shop'), of('production', 'shop')]).map(explainProblem)
  assert.deepEqual(others, [])
  assert.match(one?.what ?? '', /^IST0130: `VirtualService shop\/web` in `staging`, `production` has the split/)
  const apart = findingProblems([of('staging', 'a'), of('production', 'b')])
  assert.deepEqual(
    apart.map(explainProblem).map(({ what }) => what.slice(0, 54)),
    ['IST0130: `VirtualService web` in `staging`, `productio'],
  )
  const elsewhere = findingProblems([of('staging', 'a'), { ...of('production', 'a'), place: { ...place, line: 40 } }])
  assert.equal(elsewhere.length, 2)
})

test('each of a thousand findings has its own place', () => {
  const one = readFileSync('test/findings/weight-negative.yaml', 'utf8').split('---\n').at(-1) ?? ''
  const text = Array.from({ length: 1_000 }, (_, index) => one.replace('name: web,', `name: web-${index},`)).join(
    '---\n',
  )
  const findings = findingsIn(objectsOf(text)).filter(({ detail }) => detail.code === 'IST0106')
  assert.equal(findings.length, 1_000)
  const placeOf = locatorOf(new Map([['all.yaml', text]]))
  const lines = findings.map((finding) => placeOf(finding)?.line)
  assert.equal(new Set(lines).size, 1_000, 'also where one name begins with another')
})

test('two thousand correct services have no findings', () => {
  const own = readFileSync('test/findings/nothing-wrong.yaml', 'utf8').split('---\n').slice(1).join('---\n')
  const one = objectsOf(own)
  const all = Array.from({ length: 2_000 }, (_, index) => {
    const renamed: typeof one = JSON.parse(JSON.stringify(one).replaceAll(/"(web(?:-v\d)?)"/g, `"$1x${index}"`))
    return renamed
  }).flat()
  assert.deepEqual(findingsIn(all), [])
})

/** A route of two hosts whose canary has no replicas. */
const OFF = readFileSync('test/findings/canary-with-no-replicas.yaml', 'utf8')

/** `grade code` of each finding for a change of one text into another. */
function change(before: string, after: string, config: object = {}): readonly string[] {
  const objects = { before: objectsOf(before), after: objectsOf(after) }
  const findings = { before: findingsIn(objects.before), after: findingsIn(objects.after) }
  return grade(objects, findings, config).map(({ detail, grade }) => `${grade} ${detail.code}`)
}

function shared(text: string, stable: number, canary: number): string {
  return text.replace('weight: 90', `weight: ${stable}`).replace('weight: 10', `weight: ${canary}`)
}

test('an old finding is a note, unless the change raises this canary into it', () => {
  assert.deepEqual(change('', OFF), ['error no-pods'])
  assert.deepEqual(change(OFF, OFF), ['note no-pods'])
  assert.deepEqual(change(OFF, shared(OFF, 75, 25)), ['error no-pods'])
  assert.deepEqual(change(OFF, shared(OFF, 95, 5)), ['note no-pods'], 'a rollback is never held back')
})

test('a route of a rollout that a change leaves one wrong destination is red', () => {
  const after = OFF.replace(/ +- \{destination: \{host: web, subset: stable\}.*\n/, '')
  assert.notEqual(after, OFF)
  assert.deepEqual(change(OFF.replace('replicas: 0', 'replicas: 1'), after), ['error no-pods'])
})

test('weights that somebody changes on a route of a controller are overwritten, which is a warning', () => {
  const written = shared(readFileSync('test/findings/argo-rollouts-writes-too.yaml', 'utf8'), 90, 10)
  assert.deepEqual(change('', written), ['note two-writers'])
  assert.deepEqual(change(written, shared(written, 75, 25)), ['warning two-writers'])
  assert.deepEqual(change(written, shared(written, 75, 25), { findings: { 'two-writers': 'error' } }), [
    'error two-writers',
  ])
  assert.deepEqual(change(written, shared(written, 95, 5)), ['note two-writers'], 'lowered')
  assert.deepEqual(change(written, written), [], 'other changes are none that it overwrites')
  // If there are several routes of one kind and namespace, each is compared with itself.
  const other =
    written.slice(written.indexOf('---\napiVersion: networking.istio.io/v1\nkind: VirtualService')).split('---\n')[1] ??
    ''
  const both = `${other.replaceAll('name: web', 'name: api')}---\n${written.replace(/^(?:#.*\n)*/, '')}`
  assert.deepEqual(change(both, both), [])
  assert.deepEqual(change(both, both.replace(/weight: 90/, 'weight: 80')), [])
})

test('a controller that is brought to a route of Perch is red', () => {
  const written = readFileSync('test/findings/argo-rollouts-writes-too.yaml', 'utf8').replace(
    'kind: VirtualService\nmetadata: {',
    'kind: VirtualService\nmetadata: {annotations: {perch.dev/canary-percentage: "10"}, ',
  )
  const before = written.slice(0, written.indexOf('---\napiVersion: argoproj.io'))
  assert.deepEqual(change(before, written), ['error two-writers'])
})

test('the config decides the grade of a finding that a pull request brings', () => {
  for (const grade of ['error', 'warning', 'note'])
    assert.deepEqual(change('', OFF, { findings: { 'no-pods': grade } }), [`${grade} no-pods`])
  assert.deepEqual(change('', OFF, { findings: { 'no-pods': 'off' } }), [])
  assert.deepEqual(change(OFF, OFF, { findings: { 'no-pods': 'error' } }), ['note no-pods'])
  const written = readFileSync('test/findings/argo-rollouts-writes-too.yaml', 'utf8')
  assert.deepEqual(change('', written, { findings: { 'two-writers': 'error' } }), ['error two-writers'])
})

test('what an object says not to be told is a note while a pull request says so, and silent from then on', () => {
  const ignored = OFF.replace(
    'kind: VirtualService\nmetadata: {',
    'kind: VirtualService\nmetadata: {annotations: {gitops.example.com/ignore: "no-pods"}, ',
  )
  const config = { annotationPrefix: 'gitops.example.com' }
  assert.notEqual(ignored, OFF)
  assert.deepEqual(change(OFF, shared(ignored, 75, 25), config), ['note no-pods'])
  assert.deepEqual(change(ignored, shared(ignored, 75, 25), config), [])
  assert.deepEqual(change(ignored, shared(ignored, 75, 25)), ['error no-pods'], 'another prefix is not ours')
  // Perch's own prefix always counts, whatever prefix the config has. So does istioctl's own key.
  for (const key of ['perch.dev/ignore', 'galley.istio.io/analyze-suppress']) {
    const own = ignored.replace('gitops.example.com/ignore', key)
    assert.deepEqual(change(own, shared(own, 75, 25), config), [], key)
  }
  for (const codes of ['*', ' no-pods ', 'IST0101, no-pods']) {
    const own = ignored.replace('"no-pods"', JSON.stringify(codes))
    assert.deepEqual(change(own, shared(own, 75, 25), config), [], codes)
  }
})

test('other deployments to the namespace may provide missing objects', () => {
  const lacking = objectsOf(readFileSync('test/findings/chart-for-another-namespace.yaml', 'utf8'))
  const codes = (outsiders: readonly string[]): readonly string[] =>
    findingsIn(lacking, { outsiders: new Set(outsiders) }).map(({ detail }) => detail.code)
  assert.deepEqual(codes([]), ['IST0101'])
  assert.deepEqual(codes(['tools']), ['IST0101'])
  assert.deepEqual(codes(['shop']), [])
  assert.deepEqual(codes(['*']), [])
})

test('a field that is much like another, or belongs elsewhere, is a slip, and one of a later version is none', () => {
  const object = objectsOf(
    'apiVersion: x/v1\nkind: Thing\nmetadata: { name: a }\nspec: { wieght: 1, items: [{ a: "${x}" }] }\n',
  )[0]
  assert.ok(object !== undefined)
  const field = (path: Path, fields: readonly string[], elsewhere: readonly Path[] = []) =>
    misfitFindings({ object, of: 'Thing 1', path, code: 'field', fields, elsewhere }).map(({ grade, detail }) => ({
      grade,
      ...detail,
    }))
  const slip = { grade: 'warning', code: 'wrong-field', at: 'spec.wieght', of: 'Thing 1' }
  assert.deepEqual(field(['spec', 'wieght'], ['name', 'weight']), [{ ...slip, near: 'weight' }])
  assert.deepEqual(field(['spec', 'wieght'], ['Weight', 'x']), [{ ...slip, near: 'Weight' }])
  assert.deepEqual(field(['spec', 'wieght'], ['name']), [])
  assert.deepEqual(field(['spec', 'wieght'], []), [])
  assert.deepEqual(field(['spec', 'wieght'], [], [['spec', 'a b', 0, 'wieght'], ['x']]), [
    { ...slip, place: 'spec["a b"][0].wieght' },
  ])
  // A short name may have fewer typing mistakes than a long one.
  for (const [name, fields, isNear] of [
    ['ab', ['ac'], false],
    ['abc', ['abd'], true],
    ['abcde', ['abxye'], false],
    ['abcdef', ['abxyef'], true],
    ['abcdefghi', ['abxyzfghi'], false],
  ] as const)
    assert.equal(field(['spec', name], fields).length === 1, isNear, name)
})

test('what a schema refuses is an error, a word that it does not know a warning, and what is filled in later nothing', () => {
  const object = objectsOf(
    'apiVersion: x/v1\nkind: Thing\nmetadata: { name: a }\nspec: { n: 1, v: "${x}", s: "ENC[AES256_GCM,data:x,type:int]", items: [{ a: "${x}" }, { a: 1 }] }\n',
  )[0]
  assert.ok(object !== undefined)
  const value = (path: Path, wants: Wants) =>
    misfitFindings({ object, of: 'Thing 1', path, code: 'value', wants }).map(({ grade, detail }) => ({
      grade,
      ...detail,
    }))
  const type = { what: 'type', type: 'text', is: 'number' } as const
  assert.deepEqual(value(['spec', 'n'], type), [
    { grade: 'error', code: 'schema', at: 'spec.n', of: 'Thing 1', wants: type },
  ])
  const words = { what: 'one-of', values: ['a'] } as const
  assert.deepEqual(value(['spec', 'n'], words), [
    { grade: 'warning', code: 'schema', at: 'spec.n', of: 'Thing 1', wants: words },
  ])
  for (const path of [
    ['spec', 'v'],
    ['spec', 's'],
    ['spec', 'items', 0, 'a'],
    ['spec', 'items', 0],
    ['spec', 'items'],
    ['spec'],
    ['spec', '${y}'],
  ])
    assert.deepEqual(value(path, type), [], path.join('.'))
  for (const path of [['spec', 'items', 1, 'a'], ['spec', 'none'], ['metadata']])
    assert.equal(value(path, type).length, 1, path.join('.'))
})

const Message = z.object({ code: z.string(), level: z.string(), origin: z.string().default('') })

/** The codes that `findings` covers. Others (for example about sidecar injection) do not concern traffic. */
const OURS = new Set<string>(FINDING_CODES)

function istioctl(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/bin', join(homedir(), 'go/bin')]
  return folders.map((folder) => join(folder, 'istioctl')).find((path) => existsSync(path))
}

const tool = istioctl()
const skip = tool === undefined ? 'optional: istioctl is not installed' : false

test('istioctl finds the same in the same files, or the file says why not', { skip }, () => {
  for (const file of FILES) {
    const text = readFileSync(file, 'utf8')
    const args = [
      'analyze',
      '--use-kube=false',
      '--all-namespaces',
      '--output',
      'json',
      '--failure-threshold',
      'Error',
      file,
    ]
    const done = spawnSync(tool ?? '', args, { encoding: 'utf8', env: { HOME: '/nonexistent', PATH: '' } })
    const answer = /^\[(?:\]|$)[\s\S]*/m.exec(done.stdout)?.[0]
    const messages = z.array(Message).parse(answer === undefined ? [] : JSON.parse(answer))
    const theirs = messages
      .filter(({ code }) => OURS.has(code))
      .map(
        ({ code, origin }) =>
          `${code} ${origin.split(' ')[0]}/${(origin.split(' ')[1] ?? '').split('/').at(-1)?.split('.')[0]}`,
      )
    const expected =
      said(text, 'istioctl').length > 0
        ? said(text, 'istioctl')
        : said(text, 'finds').map((line) => line.replace(/^\w+ /, ''))
    const wanted = expected.filter((line) => line !== 'nothing' && line !== 'unreadable')
    assert.equal(/Error\(s\) adding files/.test(done.stdout + done.stderr), expected.includes('unreadable'), file)
    assert.deepEqual([...new Set(theirs)].sort(), [...wanted].sort(), `${file}\n${done.stdout}${done.stderr}`)
    if (said(text, 'istioctl').length > 0) assert.equal(said(text, 'because').length, 1, file)
  }
})
