/** What sets and lifts a stop, and what a second try of the same command finds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freeze, hold, resume, stopsAmong, unfreeze } from '../../../src/flows/stop/stops.ts'
import { READABLE_BELOW } from '../../../src/ports/mirror.ts'
import { targetOf, virtualService } from '../../core/samples.ts'
import { memoryContext } from '../../memory/context.ts'
import { memoryGitHub } from '../../memory/github/github.ts'
import { memoryQueue } from '../../memory/jobs.ts'
import { memoryMemo } from '../../memory/memo.ts'
import { memoryPerson } from '../../memory/github/person.ts'

const START = Date.UTC(2026, 0, 5, 9)
const HOUR = 3_600_000

const WEB = {
  ...targetOf({ 'production/web.yaml': virtualService(95, 5) }),
  environment: 'production',
  environments: ['production'],
  service: 'web',
}
const API = { ...WEB, service: 'api' }

function aRepository() {
  let now = START
  const clock = { now: () => now }
  const state = memoryGitHub({ clock, files: { 'README.md': '# Shop\n' } })
  const told: string[] = []
  const context = memoryContext(state, { jobs: memoryQueue({ clock }), memo: memoryMemo(), clock })
  const ask = { ...context.ask, notify: async (news: object) => void told.push(JSON.stringify(news)) }
  const notifier = { ...context.notifier, destinations: () => ['team'] }
  const stops = (): readonly string[] =>
    [...state.refs.keys()].filter((ref) => ref.startsWith('refs/heads/perch/')).map((ref) => ref.slice(17))
  const asked = (cause: string, by = 'alice') => ({ login: by, cause, at: now })
  return { context: { ...context, ask, notifier }, state, told, stops, asked, pass: (ms: number) => (now += ms) }
}

test('a hold is new for the command that made it, however often that is tried, and old for every other one', async () => {
  const { context, stops, asked, pass } = aRepository()
  assert.deepEqual(await hold(context, [], { ...asked('c1'), reason: undefined }), {
    code: 'refused',
    refusal: { code: 'no-rollout' },
  })
  const held = (isNew: boolean, ...names: readonly string[]) => ({ code: 'held', names, isNew })
  assert.deepEqual(await hold(context, [WEB], { ...asked('c1'), reason: 'slow' }), held(true, 'production/web'))
  pass(5_000)
  assert.deepEqual(await hold(context, [WEB], { ...asked('c1'), reason: 'slow' }), held(true, 'production/web'))
  assert.deepEqual(await hold(context, [WEB], { ...asked('c2'), reason: 'odd' }), held(false, 'production/web'))
  const both = await hold(context, [WEB, API], { ...asked('c3'), reason: 'odd' })
  assert.deepEqual(both, held(true, 'production/web', 'production/api'))
  const again = await hold(context, [API, WEB], { ...asked('c3'), reason: 'odd' })
  assert.deepEqual(again, held(true, 'production/api', 'production/web'))
  assert.deepEqual(stops(), ['hold/production/web', 'hold/production/api'])
})

test('a hold on rollouts of controllers says that their controllers ask Perch', async () => {
  const { context, asked } = aRepository()
  const owned = { ...WEB, owner: {} as never }
  const of = async (targets: readonly (typeof WEB)[], cause: string) => {
    const outcome = await hold(context, targets, { ...asked(cause), reason: undefined })
    return 'isAsked' in outcome ? outcome.isAsked : undefined
  }
  assert.deepEqual(
    [await of([owned], 'a'), await of([owned, API], 'b'), await of([API], 'c')],
    [true, undefined, undefined],
  )
})

test('a resume lifts a hold, and a second try of it gets the same answer', async () => {
  const { context, stops, asked, pass, state } = aRepository()
  const before = asked('c0')
  await hold(context, [WEB], { ...asked('c1'), reason: undefined })
  pass(1_500)
  const command = asked('c2', 'bob')
  const resumed = { code: 'resumed', names: ['production/web'] }
  const nothing = { code: 'refused', refusal: { code: 'nothing-held', names: ['production/web'] } }
  assert.deepEqual(await resume(context, [API, WEB], command), resumed)
  assert.deepEqual(stops(), [])
  pass(60_000)
  assert.deepEqual(await resume(context, [WEB], command), resumed)
  assert.deepEqual(await resume(context, [API, WEB], command), resumed)
  assert.deepEqual(await resume(context, [WEB], before), resumed)
  assert.deepEqual(await resume(context, [WEB], asked('c3')), nothing)
  assert.deepEqual(await resume(context, [], asked('c3')), { code: 'refused', refusal: { code: 'no-rollout' } })
  // A stop that a person deletes was not lifted by this command.
  await hold(context, [API], { ...asked('c4'), reason: undefined })
  const later = asked('c5')
  pass(2_000)
  memoryPerson(state, 'bob', 'write').deleteBranch('perch/hold/production/api')
  assert.deepEqual((await resume(context, [API], later)).code, 'refused')
})

test('a resume lifts the abort of what a controller moves, and no other abort', async () => {
  const { context, state, stops, asked } = aRepository()
  const sha = state.refs.get('refs/heads/main') ?? ''
  state.refs.set('refs/heads/perch/abort/production/web', sha)
  assert.equal((await resume(context, [WEB], asked('c1'))).code, 'refused')
  const owned = { ...WEB, owner: {} as never }
  assert.deepEqual(await resume(context, [owned], asked('c1')), { code: 'resumed', names: ['production/web'] })
  assert.deepEqual(stops(), [])
})

test('a freeze needs an existing environment and an end in the future, and is reported once', async () => {
  const { context, told, stops, asked, pass } = aRepository()
  const environments = [{ name: 'production' }, { name: 'staging' }]
  const frozen = (cause: string, wanted: Partial<Parameters<typeof freeze>[1]> = {}) => {
    const command = {
      name: 'freeze',
      environment: 'production',
      until: undefined,
      reason: undefined,
      ...wanted,
    } as const
    return freeze(context, command, { ...asked(cause), environments })
  }
  assert.deepEqual(await frozen('c1', { environment: 'test' }), {
    code: 'refused',
    refusal: { code: 'no-environment', asked: 'test', known: ['production', 'staging'] },
  })
  assert.deepEqual(await frozen('c1', { until: { at: START } }), {
    code: 'refused',
    refusal: { code: 'in-the-past', until: START },
  })
  assert.deepEqual([told, stops()], [[], []])
  const stop = { kind: 'freeze', by: 'alice', reason: 'sale', until: START + HOUR, cause: 'c1' }
  const wanted = { until: { afterMs: HOUR }, reason: 'sale' } as const
  const first = { code: 'frozen', environment: 'production', stop, isNew: true }
  assert.deepEqual(await frozen('c1', wanted), first)
  const news = { event: 'frozen', environment: 'production', by: 'alice', reason: 'sale', until: START + HOUR }
  assert.deepEqual(
    told.map((one) => JSON.parse(one)),
    [{ base: 'main', news, at: START }],
  )
  const other = await frozen('c2')
  assert.deepEqual(other, { ...first, stop, isNew: false })
  assert.deepEqual(told.length, 1)
  assert.equal((await frozen('c1', wanted)).code === 'frozen' && stops().length, 1)
  // One that is over gives way to a new one.
  pass(HOUR)
  assert.deepEqual(await frozen('c3'), {
    ...first,
    stop: { kind: 'freeze', by: 'alice', reason: undefined, until: undefined, cause: 'c3' },
  })
  assert.deepEqual(JSON.parse(told.at(-1) ?? ''), {
    base: 'main',
    news: { event: 'frozen', environment: 'production', by: 'alice' },
    at: START + HOUR,
  })
})

test('an unfreeze lifts the freeze of an environment, even of one that no longer exists, and is recognized as done', async () => {
  const { context, state, stops, asked, pass } = aRepository()
  assert.deepEqual(await unfreeze(context, 'gone', asked('c1')), {
    code: 'refused',
    refusal: { code: 'not-frozen', environment: 'gone' },
  })
  state.refs.set('refs/heads/perch/freeze/gone', state.refs.get('refs/heads/main') ?? '')
  const command = asked('c1')
  assert.deepEqual(await unfreeze(context, 'gone', command), { code: 'unfrozen', environment: 'gone' })
  assert.deepEqual(stops(), [])
  pass(5_000)
  assert.deepEqual(await unfreeze(context, 'gone', command), { code: 'unfrozen', environment: 'gone' })
  assert.equal((await unfreeze(context, 'gone', asked('c2'))).code, 'refused')
})

test('stops that are too many to read still count, and other branches of Perch do not', async () => {
  const { context } = aRepository()
  await hold(context, [WEB], { login: 'alice', cause: 'c', at: START, reason: 'slow' })
  const read = await context.mirror.fetch(['refs/heads/perch/*'])
  const sha = read.get('refs/heads/perch/hold/production/web') ?? assert.fail()
  const others = Array.from(
    { length: READABLE_BELOW },
    (_, index) => [`refs/heads/perch/freeze/e${index}`, sha] as const,
  )
  const refs = new Map([
    ...others,
    ['refs/heads/perch/hold/production/web', sha],
    ['refs/heads/perch/init', sha],
    ['refs/heads/main', sha],
  ])
  const stops = await stopsAmong(context, refs)
  assert.equal(stops.size, READABLE_BELOW + 1)
  assert.equal(stops.get('perch/freeze/e0')?.by, 'alice')
  assert.deepEqual(stops.get(`perch/freeze/e${READABLE_BELOW - 1}`)?.reason, 'slow')
  assert.equal(stops.get('perch/hold/production/web')?.by, undefined)
  assert.equal(stops.get('perch/hold/production/web')?.kind, 'hold')
})
