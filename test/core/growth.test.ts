/** Twice as much may take twice as long, and no more, whatever somebody makes it of. */
import { test } from 'node:test'
import { assertLinear } from '../bench/inputs/growth.ts'
import { WORST } from '../bench/inputs/worst.ts'
import { drawn, tellSeed } from '../drawn.ts'

// Some of them, all with --full: each is measured for a second or two.
for (const input of drawn('growth', WORST, 10))
  test(`the time for ${input.name} grows with its size, and not faster`, async (t) => {
    tellSeed(t)
    await assertLinear(input)
  })
