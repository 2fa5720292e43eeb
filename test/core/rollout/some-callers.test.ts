/** A split behind a match on headers, so that only some callers reach the canary. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statusText } from '../../../src/core/message/command-line/terminal.ts'
import { filesFor } from '../../../src/core/rollout/move.ts'
import { moveAfter, standingOf } from '../../../src/core/rollout/standing.ts'
import { destinationRule, targetOf } from '../samples.ts'

function route(match: string, rules = ''): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: api-service
  annotations: {perch.dev/canary-percentage: "100"}
spec:
  hosts: [api-service]
  http:
    - name: beta
      match: [${match}]
      route:
        - {destination: {host: api-service, subset: stable}, weight: 0}
        - {destination: {host: api-service, subset: canary}, weight: 100}
${rules}    - route: [{destination: {host: api-service, subset: stable}}]
`
}

function finish(vs: string): string {
  const target = targetOf({ 'app/vs.yaml': vs, 'app/dr.yaml': destinationRule('v1', 'v2') })
  const move = moveAfter(standingOf(target))
  assert.equal(move?.kind, 'finish-version')
  const files = filesFor([{ target, move }], undefined)
  return files.ok ? [...files.value.files.keys()].join() : files.error.code
}

test('a version that only some callers have used does not become the stable one for everybody', () => {
  assert.equal(finish(route('{headers: {x-beta: {exact: "true"}}}')), 'some-callers')
  assert.equal(finish(route('{queryParams: {beta: {exact: "1"}}}')), 'some-callers')
})

test('a version that all callers of a path have used does', () => {
  assert.equal(finish(route('{uri: {prefix: /}}')), 'app/dr.yaml')
})

test('next to a rule for everybody, a rule for some callers holds nothing up', () => {
  const everybody = `    - name: main
      route:
        - {destination: {host: api-service, subset: stable}, weight: 0}
        - {destination: {host: api-service, subset: canary}, weight: 100}
`
  assert.equal(finish(route('{headers: {x-beta: {exact: "true"}}}', everybody)), 'app/dr.yaml')
})

test('the status says that the share is one of some callers', () => {
  const target = targetOf({ 'app/vs.yaml': route('{headers: {x-beta: {exact: "true"}}}') })
  assert.match(statusText([standingOf(target)]), /Rule beta \(line 9\) is only for some callers/)
})

test('the status says no share where no name says which destination is the canary', () => {
  const named = route('{uri: {prefix: /}}')
  const versions = named.replaceAll('subset: stable', 'subset: v1').replaceAll('subset: canary', 'subset: v2')
  const text = statusText([standingOf(targetOf({ 'app/vs.yaml': versions }))])
  assert.match(text, /canary unknown/)
  assert.match(text, /Perch cannot tell which destination is stable and which is the canary\. Name them in/)
  assert.doesNotMatch(statusText([standingOf(targetOf({ 'app/vs.yaml': named }))]), /unknown|cannot tell/)
  // It may be the canary, and it may be a Service for both versions.
  const half = named.replaceAll('subset: canary', 'subset: api')
  assert.match(statusText([standingOf(targetOf({ 'app/vs.yaml': half }))]), /canary unknown/)
})
