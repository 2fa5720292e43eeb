/**
 * What is found in the manifests of test/findings, and what the real istioctl says about the same files. A file begins
 * with what is found in it (`# finds: CODE Kind/name`) and, where istioctl says something else, with that and why.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { openSchemas } from '../../../src/adapters/schemas/schemas.ts'
import { parseRendered } from '../../../src/core/diff/objects.ts'
import { findingsIn, sortFindings } from '../../../src/core/finding/find.ts'
import { type Finding, SEVERITIES } from '../../../src/core/finding/finding.ts'
import { locator } from '../../../src/core/finding/locate.ts'
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

/** In files that no kustomization is read of: the place is searched for by what the files say. */
function locatorOf(texts: ReadonlyMap<string, string>) {
  return locator({ environment: '', layout: layoutOf([], texts), files: [...texts.keys()], texts, home: undefined })
}

async function foundIn(text: string): Promise<readonly Finding[]> {
  const objects = objectsOf(text)
  return findingsIn(objects, { misfits: await schemas.misfits(objects) })
}

async function found(text: string): Promise<readonly string[]> {
  const all = (await foundIn(text)).map(({ detail, object }) => `${detail.code} ${object.kind}/${object.name}`)
  return [...new Set(all)].sort()
}

for (const file of FILES) {
  const text = readFileSync(file, 'utf8')
  test(`findings: ${basename(file, '.yaml')}`, async () => {
    assert.deepEqual(await found(text), [...said(text, 'finds')].sort())
  })
}

test('every code is found in one of the files', () => {
  const codes = new Set(
    FILES.flatMap((file) => said(readFileSync(file, 'utf8'), 'finds')).map((line) => line.split(' ')[0]),
  )
  // What only the delivery of an environment brings is in a story.
  for (const code of Object.keys(SEVERITIES)) if (code !== 'not-synced') assert.ok(codes.has(code), code)
})

test('a finding says its place, what is wrong and what to do', () => {
  const file = 'test/findings/dead-rule.yaml'
  const text = readFileSync(file, 'utf8')
  const [finding] = findingsIn(objectsOf(text))
  assert.ok(finding)
  const place = locatorOf(new Map([[file, text]]))(finding)
  const [problem] = findingProblems([{ environment: 'production', finding, place }])
  assert.ok(problem)
  assert.equal(text.split('\n')[problem.line - 1]?.trim(), '- name: late')
  assert.match(
    explainProblem(problem).what,
    /^IST0130: `VirtualService shop\/web` in `production` has the rule `late` that no request reaches: `main`/,
  )
  assert.match(explainProblem(problem).next, /Move it up, or remove it/)
})

test('a finding in an object that kustomize has renamed is found in the file that it comes from', () => {
  const rendered = readFileSync('test/findings/dead-rule.yaml', 'utf8').replaceAll('name: web', 'name: blue-web-2')
  const source = readFileSync('test/findings/dead-rule.yaml', 'utf8')
  const [finding] = findingsIn(objectsOf(rendered)).filter(({ detail }) => detail.code === 'IST0130')
  assert.ok(finding)
  const texts = new Map([['base/vs.yaml', source]])
  const place = locatorOf(texts)(finding)
  assert.equal(source.split('\n')[(place?.line ?? 0) - 1]?.trim(), '- name: late')
})

test('what is found in one place for several environments is said once, for all of them', () => {
  const [finding] = findingsIn(objectsOf(readFileSync('test/findings/dead-rule.yaml', 'utf8')))
  assert.ok(finding)
  const place = { file: 'base/vs.yaml', line: 12 }
  const of = (environment: string, namespace: string) => ({
    environment,
    finding: { ...finding, object: { ...finding.object, namespace } },
    place,
  })
  const [one, ...others] = findingProblems([of('staging', 'shop'), of('production', 'shop')]).map(explainProblem)
  assert.deepEqual(others, [])
  assert.match(one?.what ?? '', /^IST0130: `VirtualService shop\/web` in `staging`, `production` has the rule/)
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

test('of two thousand services with nothing wrong, nothing is found', () => {
  const own = readFileSync('test/findings/nothing-wrong.yaml', 'utf8').split('---\n').slice(1).join('---\n')
  const one = objectsOf(own)
  const all = Array.from({ length: 2_000 }, (_, index) => {
    const renamed: typeof one = JSON.parse(JSON.stringify(one).replaceAll(/"(web(?:-v\d)?)"/g, `"$1x${index}"`))
    return renamed
  }).flat()
  assert.deepEqual(findingsIn(all), [])
})

test('what was there before is a note, unless the change raises that very canary into it', () => {
  const old = findingsIn(objectsOf(readFileSync('test/findings/canary-with-no-replicas.yaml', 'utf8')))
  const dead = findingsIn(objectsOf(readFileSync('test/findings/dead-rule.yaml', 'utf8')))
  const codes = (findings: typeof old): readonly string[] => findings.map(({ detail }) => detail.code)
  assert.deepEqual(codes(sortFindings([], old, () => false).brought), ['no-pods'])
  assert.deepEqual(codes(sortFindings(old, old, () => false).notes), ['no-pods'])
  assert.deepEqual(codes(sortFindings(old, old, () => true).brought), ['no-pods'])
  assert.deepEqual(codes(sortFindings(dead, dead, () => true).notes), ['IST0130'])
})

const Message = z.object({ code: z.string(), level: z.string(), origin: z.string().default('') })

/** Those that `findings` speaks of; others (sidecar injection, say) are not about traffic. */
const OURS = new Set(Object.keys(SEVERITIES))

function istioctl(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/bin', join(homedir(), 'go/bin')]
  return folders.map((folder) => join(folder, 'istioctl')).find((path) => existsSync(path))
}

const tool = istioctl()
const skip = tool === undefined ? 'optional: istioctl is not installed' : false

test('istioctl finds the same in the same files, or it is said why not', { skip }, () => {
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
    const expected = said(text, 'istioctl').length > 0 ? said(text, 'istioctl') : said(text, 'finds')
    const wanted = expected.filter((line) => line !== 'nothing' && line !== 'unreadable')
    assert.equal(/Error\(s\) adding files/.test(done.stdout + done.stderr), expected.includes('unreadable'), file)
    assert.deepEqual([...new Set(theirs)].sort(), [...wanted].sort(), `${file}\n${done.stdout}${done.stderr}`)
    if (said(text, 'istioctl').length > 0) assert.equal(said(text, 'because').length, 1, file)
  }
})
