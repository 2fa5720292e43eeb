/** Another App takes over a repository, with another key and without the first one's memory. */
import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pino } from 'pino'
import { startService } from '../../../src/entry/service.ts'
import { leanRepository, LIVE_BY_STATUS, VS } from '../play.ts'
import { openStage, passing, type Stage, waiting } from '../stage.ts'
import { threadFor } from '../thread.ts'
import { ROLES } from '../process.ts'
import { weightsIn } from '../world.ts'

/** The same sandbox with the service of another App, after the first one was uninstalled. */
async function takenOver(stage: Stage): Promise<Stage> {
  await stage.service.stop()
  stage.box.installation.remove()
  const app = stage.box.addApp({ slug: 'perch-two' })
  const env = {
    ...stage.env,
    appId: app.appId,
    privateKey: app.privateKey,
    dataDir: mkdtempSync(join(tmpdir(), 'perch-story-')),
    reconcileSeconds: 3600,
  }
  const log = pino({ level: process.env['PERCH_TEST_LOG'] ?? 'silent' })
  const service = await startService(env, log, { clock: stage.clock, code: threadFor(stage.box.folder) })
  const close = async (): Promise<void> => {
    await service.stop()
    await stage.box.close()
  }
  return { ...stage, env, service, close }
}

test("another App continues a rollout: nothing is done twice, a hold still holds, and the open step counts as a person's pull request", async (t) => {
  const first = await openStage({})
  const { box } = first
  box.createRepository({
    name: 'gitops',
    files: leanRepository({ live: LIVE_BY_STATUS, autoMerge: 'never' }),
    roles: ROLES,
  })
  const repo = box.repository()
  const alice = box.person('alice')
  const until = waiting(first, true)
  const pull = alice.openPullRequest({ branch: 'note', title: 'Release v2', files: { 'note.md': 'v2\n' } })
  const ask = async (number: number, text: string, stage = first): Promise<void> => {
    const { id } = alice.comment(number, text)
    // Only the first App gets webhooks. The second one finds out by its sweeps.
    if (stage !== first) stage.clock.step(stage.env.reconcileSeconds * 1_000)
    await waiting(stage, true)(text, () =>
      repo.comments(number).some(({ body }) => body.includes(`perch:answer:${id} `)),
    )
  }
  await ask(pull.number, '/canary 25')
  alice.merge(pull.number, { method: 'squash' })
  const step = await until('a step', () => repo.pulls('open').find(({ head }) => head.ref.endsWith('/50')))
  await ask(step.number, '/canary hold')

  const second = await takenOver(first)
  t.after(() => second.close())
  await passing(second, true)(1_000)
  const said = (number: number): readonly string[] =>
    repo.comments(number).flatMap(({ author, body }) => (author === 'perch-two[bot]' ? [body.slice(0, 20)] : []))
  assert.deepEqual(
    said(pull.number),
    ['<!-- perch:notice:pro'.slice(0, 20)],
    'it says that the branch of the step is taken',
  )
  assert.deepEqual(said(step.number), ['<!-- perch:summary -'], 'no command is answered twice')
  const gate = repo.checkRuns(step.head.sha).find(({ app, name }) => app === 'perch-two' && name === 'canary/gate')
  assert.equal(gate?.conclusion, 'action_required')
  assert.match(gate.summary ?? '', /\*\*hold\*\* .*held by `alice`/)

  // A person closes the old step, so that the new App can open its own, and the rollout continues from there.
  alice.close(step.number)
  alice.deleteBranch(step.head.ref)
  await ask(step.number, '/canary resume', second)
  await ask(pull.number, '/canary next', second)
  const next = repo.pulls('open').find(({ author }) => author === 'perch-two[bot]')
  assert.equal(next?.title, 'Canary production/api-service v1: 25% → 50%')
  assert.equal(weightsIn(repo.file(VS) ?? ''), '75/25')
})
