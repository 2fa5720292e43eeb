import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queueGroups } from '../../../src/flows/repository/queue-groups.ts'

const SHA = 'a'.repeat(40)

test('a group is a branch of the queue with a base and a commit; anything else there is none', () => {
  const group = (base: string): string => `refs/heads/gh-readonly-queue/${base}/pr-7-${SHA}`
  const refs = [
    group('main'),
    group('release/1'),
    `${group('main')}b`,
    `x${group('main')}`,
    `refs/heads/gh-readonly-queue/main/pr-x-${SHA}`,
    'refs/heads/gh-readonly-queue/main/pr-7-abc',
    `refs/heads/gh-readonly-queue/main/pr--${SHA}`,
    'refs/heads/main',
  ]
  const found = queueGroups(new Map(refs.map((ref) => [ref, 'head'])))
  assert.deepEqual(found, [
    { base: 'main', ref: group('main'), head: 'head' },
    { base: 'release/1', ref: group('release/1'), head: 'head' },
  ])
})
