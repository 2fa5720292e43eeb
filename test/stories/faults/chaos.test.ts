import assert from 'node:assert/strict'
import { existsSync, rmSync } from 'node:fs'
import { suite, test, type TestContext } from 'node:test'
import type { FaultDraft, FaultRequest } from '../../../src/sandbox/wire/faults.ts'
import { leanRepository, LIVE_BY_STATUS, outcome, type PlayResult, playRollout, settlesAs, startFlux } from '../play.ts'
import { webhookStorms } from '../../soak/storms.ts'
import { drawn, drawnCount, SEED, tellSeed } from '../../drawn.ts'
import { hasPassed, type Scene, type Served, type Service, served } from '../process.ts'
import { randomFrom } from '../random.ts'
import { aScene } from '../world.ts'

/** The result of a rollout without faults. */
const undisturbed = new Map<string, PlayResult>()

for (const live of ['{ after: 0s }', LIVE_BY_STATUS]) {
  test(
    `without disturbances, a rollout that is live by ${live} makes each commit, pull request, comment and check once`,
    { timeout: 1_200_000 },
    async (t) => {
      const service = live === LIVE_BY_STATUS ? await sceneWithFlux(t) : await aScene(t, leanRepository())
      await playRollout(service)
      const found = outcome(service.box)
      await settlesAs(service, found)
      assert.deepEqual(
        found.pulls.map(({ branch, state, commits, comments }) => [branch, state, commits.length, comments]),
        [
          ['canary/production/api-service/0', 'merged', 1, ['perch[bot]: summary']],
          ['canary/production/api-service/finish', 'merged', 1, ['perch[bot]: summary']],
          ['canary/production/api-service/100', 'merged', 1, ['perch[bot]: summary']],
          [
            'api-v2',
            'merged',
            2,
            [
              'alice: /canary 50',
              'alice: /canary status',
              'perch[bot]: answer to /canary 50',
              'perch[bot]: answer to /canary status',
              'perch[bot]: summary',
            ],
          ],
        ],
      )
      const checks = found.pulls.flatMap((pull) => pull.checks)
      assert.deepEqual([...new Set(checks.map(String))], ['canary/gate success,canary/validate success'])
      assert.equal(found.main.length, 5)
      undisturbed.set(live, found)
    },
  )
}

const POST_COMMENT = /\/issues\/\d+\/comments$/

/** All effects of a rollout, in the order in which the service is killed after them. */
const EFFECTS: Readonly<Record<string, FaultDraft['match']>> = {
  'the first check is made': { method: 'POST', path: /\/check-runs$/ },
  'a check is concluded': { method: 'PATCH', path: /\/check-runs\/\d+$/ },
  'the 👀': { method: 'POST', path: /\/reactions$/ },
  'the commit of a command': { path: 'graphql:createCommitOnBranch' },
  'the summary comment': (asked) => isComment(asked, 'perch:summary'),
  'the answer to a command': (asked) => isComment(asked, 'perch:answer'),
  'the branch of a step is made': { method: 'POST', path: /\/git\/refs$/ },
  'the pull request of a step is opened': { method: 'POST', path: /\/pulls$/ },
  'the labels and the assignee': { method: 'PATCH', path: /\/issues\/\d+$/ },
  'the labels': { method: 'POST', path: /\/labels$/ },
  'the merge of a step': { method: 'PUT', path: /\/merge$/ },
}

function isComment({ method, path, body }: FaultRequest, marker: string): boolean {
  return method === 'POST' && POST_COMMENT.test(path) && JSON.stringify(body).includes(marker)
}

/**
 * The effects after which the service is killed. Some appear again later in the rollout: the commit of a step, and a check on its
 * head.
 */
const KILLS: readonly { readonly name: string; readonly skip: number }[] = [
  ...Object.keys(EFFECTS).map((name) => ({ name, skip: 0 })),
  { name: 'the commit of a command', skip: 1 },
  { name: 'the first check is made', skip: 5 },
]

async function killedAtRandom(t: TestContext): Promise<void> {
  const kills = drawnCount(2, 10)
  const random = randomFrom(SEED)
  const service = await served(t, { files: leanRepository() })
  const moments: string[] = []
  t.after(() => hasPassed(t) || console.error(`PERCH_TEST_SEED=${SEED}, killed around: ${moments.join(', ')}`))

  const arm = (): void => {
    if (service.kills() + 1 > kills) return
    const waitMs = Math.floor(random() * 60)
    service.box.faults.add({
      match: ({ who }) => who.includes('perch'),
      skip: Math.floor((random() * 160) / kills),
      kind: { delay: 0 },
      onStrike: ({ method, path, operations }) => {
        moments.push(`${waitMs} ms after ${method} ${operations.join() || path}`)
        setTimeout(() => {
          service.kill()
          void service.up().then(arm)
        }, waitMs)
      },
    })
  }
  arm()
  await playRollout(service)
  service.box.faults.clear()
  await settlesAs(service, undisturbed.get('{ after: 0s }'))
  t.diagnostic(`PERCH_TEST_SEED=${SEED}, ${service.kills()} kills`)
  assert.equal(service.kills(), kills)
}

async function killedAfterEffects(t: TestContext): Promise<void> {
  tellSeed(t)
  const service = await served(t, { files: leanRepository() })
  const kills = drawn('kills', KILLS, 3)
  // Labels are set alone only if the service ended between creating a pull request and labelling it.
  const isUnlabelled = kills.some(({ name }) => name === 'the pull request of a step is opened')
  const faults = kills.flatMap(({ name, skip }) => {
    if (name === 'the labels' && !isUnlabelled) return []
    const match = EFFECTS[name]
    if (match === undefined) return []
    const fault = service.box.faults.add({ match, skip, kind: 'lose-answer-after', onStrike: () => service.kill() })
    return [{ name: `${name}, number ${skip + 1}`, fault }]
  })
  await playRollout(service)
  await settlesAs(service, undisturbed.get('{ after: 0s }'))
  assert.deepEqual(
    faults.filter(({ fault }) => fault.struck() !== 1).map(({ name }) => name),
    [],
  )
}

async function forgetful(t: TestContext): Promise<void> {
  const service = await withFlux(t)
  const forget = async (): Promise<void> => {
    const { code } = await service.terminate()
    assert.equal(code, 0)
    rmSync(service.dataDir, { recursive: true })
    assert.equal(existsSync(service.dataDir), false)
    await service.start()
  }
  await playRollout(service, async (moment) => {
    if (moment !== 'opened') await forget()
  })
  await settlesAs(service, undisturbed.get(LIVE_BY_STATUS))
}

async function terminatedInACommit(t: TestContext): Promise<void> {
  const service = await served(t, { files: leanRepository() })
  let ended: ReturnType<Served['terminate']> | undefined
  service.box.faults.add({
    match: { path: 'graphql:createCommitOnBranch' },
    kind: { delay: 1_500 },
    onStrike: () => {
      ended = service.terminate()
      void ended.then(() => service.start())
    },
  })
  await playRollout(service)
  const end = await ended
  assert.equal(end?.code, 0)
  assert.ok((end?.ms ?? Infinity) < 30_000)
  await settlesAs(service, undisturbed.get('{ after: 0s }'))
}

/** What happens to the service's process during a rollout. */
const ENDS: Readonly<Record<string, (t: TestContext) => Promise<void>>> = {
  'a service that is killed at random moments brings the rollout to the same end': killedAtRandom,
  'a service that is killed right after effects of some kinds, of all with --full, has each effect once':
    killedAfterEffects,
  'a rollout goes on when the data folder is deleted between its steps': forgetful,
  'SIGTERM during a commit ends the service with 0, and the next one finishes': terminatedInACommit,
}

suite('a disturbed rollout', { concurrency: 3 }, () => {
  // One of them, or all with --full. In every run, the simulation also ends the process and deletes its memory.
  for (const [name, body] of drawn('ends', Object.entries(ENDS), 1)) test(name, { timeout: 1_200_000 }, body)

  // One of them, or all with --full. In every run, the simulation also loses, doubles and delays webhooks.
  for (const [name, storm] of drawn('storms', Object.entries(webhookStorms(SEED)), 1)) {
    test(`${name}: the rollout ends the same`, { timeout: 1_200_000 }, async (t) => {
      const scene = await sceneWithFlux(t)
      t.after(() => hasPassed(t) || console.error(`PERCH_TEST_SEED=${SEED}`))
      const calm = storm(scene)
      await playRollout(scene)
      await calm()
      await settlesAs(scene, undisturbed.get(LIVE_BY_STATUS))
    })
  }
})

/** A service that waits for Flux, and Flux. */
async function withFlux(t: TestContext): Promise<Service> {
  const service = await served(t, { files: leanRepository({ live: LIVE_BY_STATUS }) })
  t.after(startFlux(service))
  return service
}

/** The same in this process, where time is stepped. */
async function sceneWithFlux(t: TestContext): Promise<Scene> {
  const scene = await aScene(t, leanRepository({ live: LIVE_BY_STATUS }))
  t.after(startFlux(scene))
  return scene
}
