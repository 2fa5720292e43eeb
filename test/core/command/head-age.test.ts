import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BranchMove, headAge, isSeen } from '../../../src/core/command/head-age.ts'

const [ZERO, A, B, C, D] = ['0', 'a', 'b', 'c', 'd'].map((digit) => digit.repeat(40)) as [
  string,
  string,
  string,
  string,
  string,
]

function moved(kind: BranchMove['kind'], before: string, after: string, at: number, isOurs = false): BranchMove {
  return { kind, before, after, at, isOurs }
}

const CREATED = moved('created', ZERO, A, 1_000)
const comment = { createdAt: 5_000 }
const pull = { createdAt: 2_000 }

test('a comment counts for the head that GitHub showed before it', () => {
  const table: readonly (readonly [string, readonly BranchMove[], string, string])[] = [
    ['nothing was pushed since the branch was made', [CREATED], A, 'seen'],
    ['a push before', [moved('push', A, B, 4_000), CREATED], B, 'seen'],
    ['a push in the same second', [moved('push', A, B, 5_000), CREATED], B, 'later'],
    ['a push after', [moved('push', A, B, 6_000), CREATED], B, 'later'],
    ['a force-push back to what was there', [moved('force-push', B, A, 6_000), CREATED], A, 'later'],
    ['a command’s commit on what was there', [moved('push', A, B, 6_000, true), CREATED], B, 'seen'],
    ['two of them', [moved('push', B, C, 7_000, true), moved('push', A, B, 6_000, true), CREATED], C, 'seen'],
    [
      'a command’s commit on somebody’s push',
      [moved('push', B, C, 7_000, true), moved('push', A, B, 6_000), CREATED],
      C,
      'later',
    ],
    ['a step that Perch made again', [moved('force-push', A, B, 6_000, true), CREATED], B, 'later'],
    ['a branch that was made anew', [moved('created', ZERO, D, 6_000), moved('deleted', A, ZERO, 5_500)], D, 'later'],
    ['a list that does not have the newest push', [CREATED], B, 'unknown'],
    ['a list with a gap', [moved('push', B, C, 6_000, true), CREATED], C, 'unknown'],
    ['an empty list', [], A, 'unknown'],
  ]
  for (const [what, moves, head, expected] of table)
    assert.equal(headAge(moves, head, { comment, pull }), expected, what)
})

test('a pull request and its comment may come within the second in which the branch was made', () => {
  const created = moved('created', ZERO, A, 5_000)
  assert.equal(headAge([created], A, { comment, pull: { createdAt: 5_000 } }), 'seen')
})

test('memory proves that a head was there only where it is older than the comment', () => {
  assert.equal(isSeen({ sha: A, at: 4_000 }, A, comment), true)
  assert.equal(isSeen({ sha: A, at: 5_000 }, A, comment), false)
  assert.equal(isSeen({ sha: A, at: 4_000 }, B, comment), false)
  assert.equal(isSeen(undefined, A, comment), false)
})
