import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Config } from '../../../src/core/config/schema.ts'
import { disagreements, renderedShare } from '../../../src/core/diff/agree.ts'
import { parseRendered, type RenderedObject } from '../../../src/core/diff/objects.ts'
import { rowsOf } from '../../../src/core/diff/review.ts'
import { explainProblem } from '../../../src/core/message/problem/problem.ts'
import { type ResourceDiff, trafficObjects } from '../../../src/core/gate/review.ts'
import { destinationRule, targetOf, virtualService } from '../samples.ts'

/** The render of an environment compared with its files, and the traffic rows between two renders. */

const FILES = { config: Config.parse({}), targets: { before: [], after: [] } }
const target = targetOf({ 'app/vs.yaml': virtualService(75, 25), 'app/dr.yaml': destinationRule('v1', 'v2') })
const [environment = ''] = target.environments

function objectsIn(yaml: string): readonly RenderedObject[] {
  const parsed = parseRendered(yaml)
  return parsed.ok ? parsed.objects : []
}

function rows(before: string, after: string): readonly string[] {
  return rowsOf('production', { before: objectsIn(before), after: objectsIn(after) }, FILES).map((row) => {
    const say = (parts: typeof row.before): string =>
      parts === undefined ? 'nothing' : parts.map(({ name, share }) => `${name} ${share}`).join(' + ')
    return `${row.environment} ${row.route} ${row.rule}: ${say(row.before)} → ${say(row.after)}`
  })
}

test('a split that is added, changed or removed is a row, and an unchanged one is not', () => {
  const [old, now] = [virtualService(95, 5), virtualService(75, 25)]
  const single = now.slice(
    0,
    now.indexOf('        - destination:\n            host: api-service\n            subset: canary'),
  )
  const place = 'production VirtualService default/api-service'
  const rule = 'main'
  assert.deepEqual(rows(old, now), [`${place} ${rule}: stable 95 + canary 5 → stable 75 + canary 25`])
  assert.deepEqual(rows(single, now), [`${place} ${rule}: nothing → stable 75 + canary 25`])
  assert.deepEqual(rows(old, single), [`${place} ${rule}: stable 95 + canary 5 → nothing`])
  assert.deepEqual(rows(old, ''), [`${place} ${rule}: stable 95 + canary 5 → nothing`])
  assert.deepEqual(rows(old, `# a comment\n${old}`), [])
})

test('an environment that renders another share than its files say is a problem, and one without the route too', () => {
  const codes = (yaml: string): readonly string[] =>
    disagreements(environment, objectsIn(yaml), [target]).map(
      (problem) => `${problem.code}: ${explainProblem(problem).what}`,
    )
  assert.deepEqual(codes(virtualService(75, 25)), [])
  assert.equal(codes(virtualService(50, 50)).length, 1)
  assert.equal(codes(virtualService(75, 25).replace('name: api-service', 'name: other')).length, 1)
  assert.equal(codes('').length, 1)
  assert.deepEqual(disagreements('elsewhere', objectsIn(virtualService(50, 50)), [target]), [])
})

test('a share that is not rendered is undefined, and is not taken from a route of another name or namespace', () => {
  const share = (yaml: string): unknown => renderedShare(environment, objectsIn(yaml), target)
  assert.equal(share(virtualService(75, 25)), 25)
  assert.equal(share(virtualService(0, 100)), 100)
  assert.equal(share(''), undefined)
  assert.equal(share(virtualService(75, 25).replace('name: api-service', 'name: other')), undefined)
  assert.equal(
    share(virtualService(75, 25).replace('name: api-service', 'name: api-service\n  namespace: other')),
    undefined,
  )
  assert.equal(share('a: [b'), undefined)
})

test('what a review changes of traffic are objects that send requests, else the routes of its rows', () => {
  const resource = (kind: string): ResourceDiff => ({
    title: `${kind} default/web`,
    kind,
    namespace: 'default',
    name: 'web',
    change: 'changed',
    traffic: [],
    patch: '',
    added: 1,
    removed: 1,
    unshown: 0,
  })
  const objects = (...kinds: readonly string[]): readonly string[] =>
    trafficObjects({
      diffs: [
        {
          environment: 'production',
          state: 'changed',
          unknownBefore: undefined,
          resources: kinds.map(resource),
          hidden: 0,
        },
      ],
      rows: [{ environment: 'production', route: 'VirtualService default/shop', rule: 'main', before: [], after: [] }],
    })
  assert.deepEqual(objects('ConfigMap', 'VirtualService', 'Deployment'), ['VirtualService default/web'])
  assert.deepEqual(objects('ConfigMap'), ['VirtualService default/shop'])
  assert.deepEqual(objects(), ['VirtualService default/shop'])
})
