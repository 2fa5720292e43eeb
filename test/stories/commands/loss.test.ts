/** Commands when Perch loses its whole memory. */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { command, leanRepository, LIVE_BY_STATUS } from '../play.ts'
import { eventually, served } from '../process.ts'

/** A rollout at 25% that waits for its step to 50%. */
async function servedWithStep(t: TestContext) {
  const files = leanRepository({ live: LIVE_BY_STATUS, autoMerge: 'never', weights: [75, 25] })
  const service = await served(t, { files })
  const repo = service.box.repository()
  const step = await eventually('the step', () =>
    repo.pulls('open').find(({ head }) => head.ref === 'canary/production/api-service/50'),
  )
  return { service, repo, step }
}

test(
  'after the answers and the data folder are deleted, no command is carried out again, and the answers come back',
  { timeout: 300_000 },
  async (t) => {
    const { service, repo, step } = await servedWithStep(t)
    await command(service, step.number, '/canary hold')
    await command(service, step.number, '/canary resume')
    const answers = (): readonly { readonly id: number; readonly body: string }[] =>
      repo.comments(step.number).filter(({ body }) => body.includes('perch:answer'))
    const before = answers().map(({ body }) => body)
    for (const { id } of answers()) service.box.person('bob').deleteComment(id)

    await service.terminate()
    rmSync(service.dataDir, { recursive: true })
    await service.start()
    await eventually('the answers', () => answers().length === 2)
    assert.deepEqual(
      answers().map(({ body }) => body),
      before,
    )
    // A little more than two sweeps.
    await sleep(2_500)
    assert.equal(answers().length, 2)
    const stops = repo.branches().filter((name) => name.startsWith('perch/'))
    assert.deepEqual(stops, [])
  },
)

test(
  'a button pressed while Perch is down counts once, even if its data folder and its answer are deleted',
  { timeout: 300_000 },
  async (t) => {
    const { service, repo, step } = await servedWithStep(t)
    const gate = await eventually('its gate', () =>
      repo.checkRuns(step.head.sha).find(({ name, actions }) => name === 'canary/gate' && (actions ?? []).length > 0),
    )
    const forget = async (meanwhile: () => void): Promise<void> => {
      await service.terminate()
      meanwhile()
      rmSync(service.dataDir, { recursive: true })
      await service.start()
    }
    const answers = (): readonly { readonly id: number; readonly body: string }[] =>
      repo.comments(step.number).filter(({ body }) => body.startsWith('<!-- perch:button:'))
    const bob = service.box.person('bob')
    const stop = 'perch/hold/production/api-service'

    await forget(() => service.box.person('alice').pressButton(gate.id, 'hold'))
    const [answer] = await eventually('the answer', () => answers().length > 0 && answers())
    assert.match(answer?.body ?? '', /⏸️ Held: `production\/api-service`/)
    assert.ok(repo.branch(stop))

    await forget(() => {
      bob.deleteComment(answer?.id ?? 0)
      bob.deleteBranch(stop)
    })
    const [again] = await eventually('the answer again', () => answers().length > 0 && answers())
    assert.equal(again?.body, answer?.body)
    // A little more than two sweeps.
    await sleep(2_500)
    assert.equal(answers().length, 1)
    assert.equal(repo.branch(stop), undefined)
  },
)
