import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { formatDuration } from '../../../src/core/config/duration.ts'
import { knownBefore, readConfigOnce } from '../../../src/core/config/known-texts.ts'
import { configJsonSchema } from '../../../src/core/config/json-schema.ts'
import { readConfig } from '../../../src/core/config/read.ts'

const EXAMPLE = `environments:
  staging:    { path: overlays/staging }
  production: { path: overlays/production, after: staging, approvals: 1,
                live: { status: "kustomization/istio-config/*" } }
services:
  api-service:
    route: { kind: VirtualService, name: api-service, namespace: default, rules: [main] }
    stable: stable
    canary: canary
    steps: [5, 25, 50, 100]
    bake: 30m
    analysis: { provider: prometheus, checks: [{ metric: success-rate, min: 99 }, { metric: latency-p99, max: 500 }] }
    onFailure: rollback
    autoMerge: never
annotationPrefix: gitops.example.com
`

test('the contract’s example is valid, and no file at all is the default', () => {
  const config = readConfig(EXAMPLE)
  assert.ok(config.ok, JSON.stringify(config))
  assert.equal(config.value.services['api-service']?.bake, 30 * 60_000)
  assert.ok(readConfig(undefined).ok)
  assert.ok(readConfig('').ok)
  assert.ok(readConfig('# nothing yet\n').ok)
})

test('every mistake is named with its line, all at once', () => {
  const config = readConfig('services:\n  web:\n    bake: soon\n    steps: [5, 5]\nenvironment: {}\n')
  assert.ok(!config.ok)
  assert.deepEqual(
    config.error.map(({ line, path }) => `${line} ${path}`).sort(),
    ['3 services.web.bake', '4 services.web.steps', '5 environment'].sort(),
  )
})

test('an environment after a missing one is a mistake', () => {
  const config = readConfig('environments:\n  production: { path: a, after: staging }\n')
  assert.ok(!config.ok && config.error[0]?.path === 'environments.production.after')
})

test('YAML that cannot be read is one problem, not a crash', () => {
  for (const text of ['a: [', 'a: 1\na: 2\n', '[]', 'a: &x [*x]', '{{ x }}']) {
    const config = readConfig(text)
    assert.ok(!config.ok, text)
  }
})

test('a config of a mebibyte is read, and a longer one is refused unread', () => {
  const text = (length: number): string => `services: {}\n${'#'.repeat(length - 13)}`
  assert.ok(readConfig(text(1024 * 1024)).ok)
  const found = readConfig(text(1024 * 1024 + 1))
  assert.ok(!found.ok)
  assert.deepEqual(
    found.error.map(({ line, message }) => [line, message]),
    [[1, 'the file is longer than 1 MiB']],
  )
})

test('the published JSON Schema is the one that the code makes, and it accepts the contract’s example', () => {
  const published: unknown = JSON.parse(readFileSync('docs/canary.schema.json', 'utf8'))
  assert.deepEqual(published, configJsonSchema(), 'run npm run docs')
  const validate = new Ajv2020({ strict: false }).compile(configJsonSchema())
  assert.ok(validate(parse(EXAMPLE)), JSON.stringify(validate.errors))
  assert.ok(!validate(parse('servcies: {}')))
})

test('a time is a year at most, because one far beyond that has no date', () => {
  const problems = (bake: string): readonly string[] => {
    const config = readConfig(`services:\n  web:\n    bake: ${bake}\n`)
    return config.ok ? [] : config.error.map(({ line, message }) => `${line} ${message}`)
  }
  assert.deepEqual(problems('365d'), [])
  for (const bake of ['366d', `${'9'.repeat(400)}s`]) assert.deepEqual(problems(bake), ['3 must be at most 365d'])
  assert.match(problems('soon').join(), /must be a number and a unit/)
})

test('durations are said as people say them', () => {
  assert.deepEqual([900, 45_000, 90_000, 3_600_000, 5_400_000].map(formatDuration), [
    '1 s',
    '45 s',
    '2 min',
    '1 h',
    '1 h 30 min',
  ])
})

test('waves name environments of the file, each once', () => {
  const environments = 'environments: { eu-1: { path: a }, eu-2: { path: b } }\n'
  const waves = (written: string, before = environments) =>
    readConfig(`${before}services:\n  web:\n    waves: ${written}\n`)
  assert.ok(waves('[[eu-1], [eu-2]]').ok)
  assert.ok(waves('[[eu-1, eu-2]]').ok, 'one wave moves in lockstep')
  assert.ok(waves('[[found-1], [found-2]]', '').ok, 'environments that Perch finds have names too')
  const problems = (written: string) => {
    const read = waves(written)
    return read.ok ? [] : read.error.map(({ line, path, message }) => `${line} ${path}: ${message}`)
  }
  assert.deepEqual(problems('[[eu-1], [eu-2, eu-1]]'), [
    '4 services.web.waves.1.1: names eu-1 a second time: each environment is in one wave',
  ])
  assert.deepEqual(problems('[[eu-1], [us-1]]'), [
    '4 services.web.waves.1.0: names us-1, which this file does not list as an environment',
  ])
  assert.ok(waves('[]').ok, 'no waves, whatever an ApplicationSet says')
  for (const written of ['[[]]', '[eu-1]', '[[""]]']) assert.ok(!waves(written).ok, written)
})

test('no wave has the name of an environment or another wave, because branches have these names', () => {
  const problems = (written: string, before = '') => {
    const read = readConfig(`${before}services:\n  web:\n    waves: ${written}\n`)
    return read.ok ? [] : read.error.map(({ path, message }) => `${path}: ${message}`)
  }
  const words = (place: number, name: string) =>
    `services.web.waves.${place}: is called ${name}, as an environment or another wave is: list its environments in another order`
  assert.deepEqual(problems('[[a, b], [a+b]]'), [words(0, 'a+b')])
  assert.deepEqual(problems('[[a, b+c], [a+b, c]]'), [words(1, 'a+b+c')])
  assert.deepEqual(problems('[[b, a], [a+b]]'), [])
  const listed = 'environments: { a: { path: a }, b: { path: b }, a+b: { path: c } }\n'
  assert.deepEqual(problems('[[a, b]]', listed), [words(0, 'a+b')])
})

test('a look reads nothing twice, even if nothing is kept for the next one', () => {
  const offered: string[] = []
  const forgetful = { get: () => undefined, set: (key: string) => offered.push(key) }
  const own = knownBefore({ ...knownBefore(), configs: forgetful })
  const first = readConfigOnce(own, EXAMPLE)
  assert.equal(readConfigOnce(own, EXAMPLE), first)
  assert.deepEqual(offered, ['.github/canary.yml'])
  const kept = knownBefore()
  const read = readConfigOnce(knownBefore(kept), EXAMPLE)
  assert.equal(readConfigOnce(knownBefore(kept), EXAMPLE), read)
  assert.notEqual(read, first)
})
