import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aCheckRun, aGitHub, REPO, SHA } from './github-api.ts'

test('a record of commands is a check run of its own, which only the same App is believed to have made', async () => {
  const world = await aGitHub()
  const path = `${REPO}/commits/${SHA}/check-runs?app_id=7&filter=all&check_name=perch%2Fcommand%2F71&per_page=100&page=1`
  const ours = aCheckRun({ name: 'perch/command/71', output: { title: 't', summary: 's', text: 'The answer' } })
  world.api.get(path).reply(200, { total_count: 0, check_runs: [] })
  world.api.get(path).reply(200, { total_count: 1, check_runs: [{ ...ours, app: { id: 8 } }] })
  world.api.get(path).reply(200, { total_count: 1, check_runs: [ours] })
  assert.equal(await world.records.find(SHA, '71'), undefined)
  assert.equal(await world.records.find(SHA, '71'), undefined)
  assert.deepEqual(await world.records.find(SHA, '71'), { answer: 'The answer' })

  let sent: unknown
  world.api
    .post(`${REPO}/check-runs`, (body) => {
      sent = body
      return true
    })
    .reply(201, ours)
  await world.records.write(SHA, { cause: '71', title: 't', summary: 's', answer: undefined })
  assert.deepEqual(sent, {
    head_sha: SHA,
    name: 'perch/command/71',
    external_id: '71',
    status: 'completed',
    conclusion: 'success',
    output: { title: 't', summary: 's' },
  })
})
