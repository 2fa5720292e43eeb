/** Twice the input may take twice as long, and not longer, even if somebody designs the input. */
import { test } from 'node:test'
import { assertLinear } from '../bench/inputs/growth.ts'
import { WORST } from '../bench/inputs/worst.ts'
import { drawn, tellSeed } from '../drawn.ts'

// A selection, or all with --full, because each takes a second or two.
for (const input of drawn('growth', WORST, 10))
  test(`the time for ${input.name} grows with its size, and not faster`, async (t) => {
    tellSeed(t)
    await assertLinear(input)
  })
