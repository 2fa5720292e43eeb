import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { changedLines } from '../../src/entry/demo/log.ts'
import { needsKustomize } from '../tools.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Only ends a demo that hangs. Its normal duration depends on the load of the machine. */
const MAX_MS = 600_000

test('the demo plays both rollouts to their ends, as the README tells', needsKustomize, (t) => {
  const started = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/entry/cli.ts', 'demo', '--exit'], {
    cwd: root,
    encoding: 'utf8',
    timeout: MAX_MS,
  })
  const ms = performance.now() - started
  const output = stripVTControlCharacters(stdout)
  assert.equal(status, 0, `${output}\n${stderr}`)
  assert.equal(stderr, '')
  t.diagnostic(`it took ${Math.round(ms / 1000)} s`)
  const [, log = '', summary = ''] = /newest first\n([\s\S]*?)\n\n(.*)/.exec(output) ?? []
  const commits = log.split('\n').toReversed()

  // One commit per step, in order, with the weights before and after it.
  assert.deepEqual(
    commits.map((line) => line.slice(9).replace(/ +/g, ' ').trim()),
    [
      'Start acme/gitops',
      '100/0 → 95/5 Release api-service v2 as the canary (#1)',
      '95/5 → 75/25 Canary production/api-service v2: 5% → 25% (#2)',
      '75/25 → 50/50 Canary production/api-service v2: 25% → 50% (#3)',
      '50/50 → 0/100 Canary production/api-service v2: 50% → 100% (#4)',
      'Finish production/api-service: stable becomes v2 (#5)',
      '0/100 → 100/0 Finish production/api-service: all traffic on stable v2 (#6)',
      '100/0 → 95/5 Release api-service v3 as the canary (#7)',
      '95/5 → 75/25 Canary production/api-service v3: 5% → 25% (#8)',
      '75/25 → 100/0 Roll back production/api-service v3: 25% → 0% (#10)',
    ],
  )
  assert.match(
    summary,
    /^What rollout 1 changed on main: 6 commits, \+18 −21 lines: weights \+10 −10, annotations \+7 −10, subset labels \+1 −1, nothing else\.$/,
  )
  // The rollback waits for nothing, and the step of a canary that fails is closed without merging.
  assert.match(output, /#9 {2}Closed: the canary failed its analysis: success-rate was 91\.3% at /)
  assert.match(output, /#10 {2}✅ canary\/validate {2}✅ canary\/gate\n/)
  assertConversation(output)
})

/** The output of the demo for a story. */
function played(story: string): string {
  const words = ['src/entry/cli.ts', 'demo', '--exit', '--story', story]
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    cwd: root,
    encoding: 'utf8',
    timeout: MAX_MS,
  })
  const output = stripVTControlCharacters(stdout)
  assert.equal(status, 0, `${output}\n${stderr}`)
  return output
}

test(
  'the demo plays a promotion from staging to production, once staging is live and somebody approves',
  needsKustomize,
  () => {
    const output = played('promote')
    assert.match(output, /#2 {2}opens "Promote .*staging → production"/)
    assert.match(output, /#2 {2}.*⏳ canary\/gate \(Waiting for /)
    assert.match(output, /Promote .*staging → production \(#2\)\n/)
  },
)

test('the demo plays a switch of all traffic, and back', needsKustomize, () => {
  const output = played('switch')
  assert.match(output, /#1 {2}traffic blue → green, .*Waiting for approvals/)
  assert.match(output, /green → blue +Switch production\/api-service: green → blue \(#2\)\n/)
  assert.match(output, /blue → green +Release green to everybody \(#1\)\n/)
})

/** The README quotes the demo, without times, commit ids and wrapped lines. */
function assertConversation(output: string): void {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const quoted = (/```text\n([\s\S]*?)```/.exec(readme)?.[1] ?? '').split('\n').filter(Boolean)
  assert.ok(quoted.length >= 15, 'the README quotes the demo')
  const said = output.split('\n').map((line) => comparable(line.replace(/^ *[\d.]+s +/, '')))
  const missing = quoted.filter((line) => !said.includes(comparable(line)))
  assert.deepEqual(missing, [])
}

function comparable(line: string): string {
  return (
    line
      .replaceAll(/\b[0-9a-f]{7}\b/g, 'COMMIT')
      .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, 'TIME')
      // Titles of checks are plain text: no Markdown in them.
      .replaceAll('*', '')
      .replaceAll(/\d+ of \d+ points/g, 'POINTS')
      .replaceAll(/\s+/g, ' ')
      .trim()
  )
}

test('a line that is no weight, annotation or label is counted as such', () => {
  const before = { 'a.yaml': 'spec:\n  x: 1\n  weight: 5 # five\n', 'b.yaml': 'a\n' }
  const after = { 'a.yaml': 'spec:\n  x: 2\n  weight: 25 # five\n', 'c.yaml': '  annotations:\n' }
  assert.deepEqual(
    changedLines(before, after).map(({ sign, kind }) => `${sign} ${kind}`),
    ['− other lines', '− weights', '+ other lines', '+ weights', '− other lines', '+ annotations'],
  )
})
