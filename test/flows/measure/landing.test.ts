/** What the history of a base branch tells about a share that can no longer be read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { standingOf } from '../../../src/core/rollout/standing.ts'
import { historyOf, lastReadableShare } from '../../../src/flows/measure/landing.ts'
import type { Landing, Mirror } from '../../../src/ports/mirror.ts'
import { destinationRule, sample, targetOf, virtualService } from '../../core/samples.ts'
import { memoryMemo } from '../../memory/memo.ts'

/** A base branch with the canary's weight in each change, newest first. Undefined if the route does not exist. */
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
    const renderer = { render: async () => assert.fail('nothing to build'), tool: async () => undefined }
    const context = { mirror: mirrorOf(weights) as Mirror, renderer }
    assert.equal(await lastReadableShare(context, 'head', { target: sample(95, 5) }), expected)
  })

test('a step begins when the files alone determine it, not while a transformer overrides its weights', async () => {
  const files = {
    'app/kustomization.yaml': 'resources: [vs.yaml, dr.yaml]\n',
    'app/vs.yaml': virtualService(75, 25),
    'app/dr.yaml': destinationRule('v1', 'v2'),
  }
  const late = `apiVersion: builtin
kind: PatchTransformer
metadata: {name: late}
target: {kind: VirtualService}
patch: '[{"op": "replace", "path": "/spec/http/1/route/1/weight", "value": 0}]'
`
  const hidden = {
    ...files,
    'app/kustomization.yaml': 'resources: [vs.yaml, dr.yaml]\ntransformers: [late.yaml]\n',
    'app/late.yaml': late,
  }
  const commits: Record<string, Readonly<Record<string, string>>> = { freed: files, hidden, first: hidden }
  const mirror: Pick<Mirror, 'landings' | 'read'> = {
    landings: async () => Object.keys(commits).map((sha, age) => ({ sha, time: 1_000 - age })),
    read: async (sha, paths) => new Map(Object.entries(commits[sha] ?? {}).filter(([path]) => paths.includes(path))),
  }
  const context = {
    mirror: mirror as Mirror,
    memo: memoryMemo(),
    clock: { now: () => 1_000 },
    repo: { owner: 'acme', name: 'gitops' },
  } as Parameters<typeof historyOf>[0]
  const history = await historyOf(context, { ref: 'main', sha: 'freed' }, standingOf(targetOf(files)))
  assert.equal(history?.landing.sha, 'freed')
})

test('if something outside of the files sets the weights, the share is unknown', () => {
  const target = targetOf({
    'app/kustomization.yaml': 'resources: [vs.yaml]\ntransformers: [late.yaml]\n',
    'app/vs.yaml': virtualService(75, 25),
    'app/late.yaml':
      'apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: late}\ntarget: {kind: VirtualService}\npatch: "[]"\n',
  })
  assert.deepEqual([standingOf(target).phase, standingOf(target).share], ['unreadable', 'unknown'])
})
