/** When a base branch got the commit of a step, by GitHub's record of the branch. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BranchMove } from '../../../src/core/command/head-age.ts'
import { landedAt } from '../../../src/core/gate/step-history.ts'

/** Moves of a branch, oldest first: `a>b` is a push, `a!b` a force-push, each a minute after the last. */
function record(...words: readonly string[]): readonly BranchMove[] {
  const moves = words.map((word, index): BranchMove => {
    const [before = '', after = ''] = word.split(/[>!]/)
    return { kind: word.includes('!') ? 'force-push' : 'push', before, after, at: index + 1, isOurs: false }
  })
  return moves.toReversed()
}

test('a step landed with the move that brought its commit, alone or with others', () => {
  const line = ['d', 'c', 'b', 'a']
  const moves = record('a>b', 'b>d')
  assert.deepEqual(landedAt(moves, line, { sha: 'd' }), { at: 2, isReset: false })
  assert.deepEqual(landedAt(moves, line, { sha: 'c' }), { at: 2, isReset: false })
  assert.deepEqual(landedAt(moves, line, { sha: 'b' }), { at: 1, isReset: false })
})

test('a branch that is moved back gets its old commits at that moment, and keeps that time when it moves on', () => {
  assert.deepEqual(landedAt(record('a>b', 'b>c', 'c!b'), ['b', 'a'], { sha: 'b' }), { at: 3, isReset: true })
  assert.deepEqual(landedAt(record('a>b', 'b>c', 'c!b', 'b>d'), ['d', 'b', 'a'], { sha: 'b' }), {
    at: 3,
    isReset: true,
  })
  const again = record('a>b', 'b>c', 'c!b', 'b>c')
  assert.deepEqual(landedAt(again, ['c', 'b', 'a'], { sha: 'c' }), { at: 4, isReset: false }, 'undone')
})

test('a record that does not go back to the commit tells nothing, and one without the current head is not up to date', () => {
  assert.equal(landedAt(record('b>c'), ['c', 'b', 'a'], { sha: 'a' }), undefined)
  assert.equal(landedAt(record('a>b'), ['c', 'b', 'a'], { sha: 'b' }), 'unknown')
  assert.equal(landedAt([], ['c', 'b', 'a'], { sha: 'b' }), 'unknown')
  // The branch has moved on since its head was read.
  assert.deepEqual(landedAt(record('a>b', 'b>c', 'c!a'), ['c', 'b', 'a'], { sha: 'c' }), { at: 2, isReset: false })
})
