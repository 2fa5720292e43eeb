import assert from 'node:assert/strict'
import { test } from 'node:test'
import { watchEffects } from '../../src/entry/watch/watch-effects.ts'
import { memoryGitHub } from '../memory/github/github.ts'
import { portsOf } from '../memory/context.ts'
import { memoryMeter } from '../memory/meter.ts'
import { QUIET } from '../quiet-log.ts'

test('each effect is one line in the log, with how it ended', async () => {
  const lines: object[] = []
  const meter = memoryMeter()
  const state = memoryGitHub({ clock: { now: () => 0 }, files: { 'a.txt': 'a' } })
  const log = { ...QUIET, info: (facts: object) => void lines.push(facts) }
  const real = portsOf(state)
  const { pulls, branches } = watchEffects(
    {
      ...real,
      branches: { ...real.branches, commit: async () => ({ sha: 'c0ffee' }) },
      pulls: {
        ...real.pulls,
        open: async () => 'exists' as const,
        close: () => Promise.reject(new Error('GitHub is away')),
        merge: async () => 'refused' as const,
      },
    },
    { repo: state.repo, log, meter },
  )
  await branches.commit({ branch: 'x', expectedHead: '', headline: '', body: '', files: new Map() })
  await pulls.open({ head: 'x', base: 'main', title: '', body: '' })
  await assert.rejects(pulls.close(7), /away/)
  await pulls.merge(7, 'c0ffee')
  const repo = `${state.repo.owner}/${state.repo.name}`
  assert.deepEqual(
    lines.map((line) => ({ ...line, ms: 0 })),
    [
      { repo, effect: 'commit', branch: 'x', sha: 'c0ffee', result: 'done', ms: 0 },
      { repo, effect: 'open', branch: 'x', result: 'exists', ms: 0 },
      { repo, effect: 'close', pull: 7, result: 'failed', ms: 0 },
      { repo, effect: 'merge', pull: 7, result: 'refused', ms: 0 },
    ],
  )
  assert.deepEqual(meter.labelsOf('perch_effects_total'), [
    'commit done',
    'open exists',
    'close failed',
    'merge refused',
  ])
})
