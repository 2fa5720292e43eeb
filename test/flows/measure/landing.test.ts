/** What the history of a base branch tells of a share that cannot be read any more. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lastReadableShare } from '../../../src/flows/measure/landing.ts'
import type { Landing, Mirror } from '../../../src/ports/mirror.ts'
import { destinationRule, sample, virtualService } from '../../core/samples.ts'

/** A base branch by the canary's weight in each change, newest first; nothing where the route is not there. */
function mirrorOf(weights: readonly string[]): Pick<Mirror, 'landings' | 'read' | 'entries'> {
  const changes: Landing[] = weights.map((_, index) => ({ sha: String(index), time: 0 }))
  return {
    landings: async (_, __, limit) => changes.slice(0, limit),
    entries: async () => [],
    async read(sha, paths) {
      if (weights[Number(sha)] === '') return new Map()
      const route = virtualService(80, 20).replace(/weight: 20\b/, `weight: ${weights[Number(sha)] ?? ''}`)
      const files = new Map([
        ['app/vs.yaml', route],
        ['app/dr.yaml', destinationRule('v1', 'v2')],
      ])
      return new Map([...files].filter(([path]) => paths.includes(path)))
    },
  }
}

const UNREADABLE = '"5"'

for (const [name, weights, expected] of [
  ['the newest one that can be read counts', [UNREADABLE, '20', '10'], 20],
  ['however many changes came since', [...Array<string>(100).fill(UNREADABLE), '20'], 20],
  ['where none could ever be read there was none', Array<string>(100).fill(UNREADABLE), 0],
  ['where there are too many changes nobody can tell', Array<string>(3_000).fill(''), undefined],
] as const)
  test(`the last share before one that cannot be read: ${name}`, async () => {
    const context = { mirror: mirrorOf(weights) as Mirror }
    assert.equal(await lastReadableShare(context, 'head', { target: sample(95, 5) }), expected)
  })
