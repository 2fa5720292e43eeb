/** Twice as much may take twice as long, and no more, whatever somebody makes it of. */
import { test } from 'node:test'
import { assertLinear } from '../bench/work/growth.ts'
import { WORST } from '../bench/work/worst.ts'

for (const input of WORST)
  test(`the time for ${input.name} grows with its size, and not faster`, () => assertLinear(input))
