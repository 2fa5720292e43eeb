/** Twice as much may take twice as long, and no more, whatever somebody makes it of. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { growthOf } from '../bench/growth.ts'
import { WORST } from '../bench/worst.ts'

/** What is quadratic comes to four. Between lies what a cache of the processor that others use makes of two. */
const RATIO = 3

for (const input of WORST) {
  test(`the time for ${input.name} grows with its size, and not faster`, () => {
    const { ratio, ms } = growthOf(input, RATIO)
    assert.ok(ratio <= RATIO, `${ratio.toFixed(2)} times as long for twice as much, up to ${ms.toFixed(0)} ms`)
  })
}
