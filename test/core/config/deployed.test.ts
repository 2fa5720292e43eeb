import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isNamed, readBranches, wantsDashboard } from '../../../src/core/config/deployed.ts'

test('the config names deployed branches, and a mistake elsewhere does not change them', () => {
  const table: readonly [string | undefined, readonly string[] | 'unknown' | undefined][] = [
    [undefined, undefined],
    ['', undefined],
    ['requireSum100: true\n', undefined],
    ['branches: [main]\n', ['main']],
    ['branches: [main, "release/*"]\n', ['main', 'release/*']],
    ['branches: [main]\nservices: { web: { steps: [] } }\n', ['main']],
    ['branches: [main]\nbrnaches: [x]\n', ['main']],
    ['services: 3\n', undefined],
    ['branches: []\n', 'unknown'],
    ['branches: main\n', 'unknown'],
    ['branches: [3]\n', 'unknown'],
    ['branches: ["a b"]\n', 'unknown'],
    ['branches: [main\n', 'unknown'],
    ['- branches\n', 'unknown'],
  ]
  for (const [text, expected] of table) {
    const read = readBranches(text)
    assert.deepEqual(read.ok ? read.value : 'unknown', expected, text)
  }
})

test('the config may ask for a dashboard, which is unknown if it cannot be read', () => {
  const table: readonly [string | undefined, boolean | undefined][] = [
    [undefined, false],
    ['requireSum100: true\n', false],
    ['services: 3\n', false],
    ['dashboard: true\n', true],
    ['dashboard: false\n', false],
    ['# dashboard: true\n', false],
    ['dashboard: true\nservices: 3\n', undefined],
    ['dashboard: "yes"\n', undefined],
    ['dashboard: [\n', undefined],
  ]
  for (const [text, expected] of table) assert.equal(wantsDashboard(text), expected, text)
})

test('a star stands for any characters, and never for branches that Perch or the merge queue makes', () => {
  const table: readonly [readonly string[], string, boolean][] = [
    [['main'], 'main', true],
    [['main'], 'Main', false],
    [['main'], 'main2', false],
    [['release/*'], 'release/1.2', true],
    [['release/*'], 'release/eu/1', true],
    [['release/*'], 'release', false],
    [['release.*'], 'release-1', false],
    [['*'], 'canary/production/web/5', false],
    [['*'], 'perch/freeze/production', false],
    [['*'], 'gh-readonly-queue/main/pr-1-abc', false],
    [['canary/stable'], 'canary/stable', true],
  ]
  for (const [names, branch, expected] of table)
    assert.equal(isNamed(names, branch), expected, `${names.join()} ${branch}`)
})
