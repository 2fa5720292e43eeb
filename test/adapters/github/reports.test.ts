import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GitHubUnavailable } from '../../../src/adapters/github/client/client.ts'
import { askIn } from '../../../src/flows/tasks/ask.ts'
import { recordReport } from '../../../src/flows/measure/record-report.ts'
import { jobOf } from '../../../src/flows/tasks/tasks.ts'
import type { Report } from '../../../src/core/report/report.ts'
import { memoryMemo } from '../../memory/memo.ts'
import { rememberWaiting } from '../../../src/flows/memory/pull-memory.ts'
import type { Job } from '../../../src/ports/jobs.ts'
import { aCheckRun, aGitHub, anApp, grantToken, PLACE, REPO, SHA } from './github-api.ts'

const NAME = 'kustomization/flux-system/apps'
const FIND = `${REPO}/commits/${SHA}/check-runs?check_name=live%2Fkustomization%2Fflux-system%2Fapps&app_id=7`
const AT = Date.UTC(2026, 2, 1, 10)

function aRecord(fields: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return aCheckRun({ name: `live/${NAME}`, external_id: String(AT), completed_at: '2026-03-01T10:00:05Z', ...fields })
}

test('the latest run of Perch stores the report of a name on a commit, and its external id has the time', async () => {
  const table: [string, readonly unknown[], unknown][] = [
    ['none', [], 'none'],
    ['another App’s of the same name', [aRecord({ app: { id: 8, slug: 'x' } })], 'none'],
    ['ours', [aRecord()], { id: 40, kept: { state: 'success', since: AT + 5_000, heardAt: AT } }],
    [
      'of two the newer',
      [aRecord({ id: 41, conclusion: 'failure' }), aRecord({ id: 42, conclusion: 'success' })],
      { id: 42, kept: { state: 'success', since: AT + 5_000, heardAt: AT } },
    ],
    [
      'an odd one',
      [aRecord({ external_id: null, conclusion: 'neutral' })],
      { id: 40, kept: { state: undefined, since: AT + 5_000, heardAt: AT + 5_000 } },
    ],
  ]
  for (const [why, check_runs, expected] of table) {
    const world = await aGitHub()
    world.api.get(FIND).reply(200, { total_count: check_runs.length, check_runs })
    assert.deepEqual(await world.reports.find(SHA, NAME), expected, why)
  }
})

test('a commit that GitHub does not have has no reports, and a truncated answer is not an empty list', async () => {
  for (const status of [404, 422]) {
    const world = await aGitHub()
    world.api.get(FIND).reply(status, { message: `No commit found for SHA: ${SHA}` })
    assert.equal(await world.reports.find(SHA, NAME), 'no-commit')
  }
  const world = await aGitHub()
  world.api.get(FIND).reply(200, '')
  await assert.rejects(world.reports.find(SHA, NAME), GitHubUnavailable)
  world.api.get(FIND).reply(502, 'bad gateway')
  await assert.rejects(world.reports.find(SHA, NAME), GitHubUnavailable)
})

const REPORT: Report = {
  name: NAME,
  commit: SHA,
  state: 'success',
  at: AT,
  reason: 'ReconciliationSucceeded',
  teller: 'x',
}

interface Recorder {
  readonly jobs: Job[]
  readonly said: string[]
  readonly run: (report: Report, receivedAt: number) => Promise<void>
}

/** The flow with the real adapter. One pull request waits. */
async function aContext(world: Awaited<ReturnType<typeof aGitHub>>): Promise<Recorder> {
  const jobs: Job[] = []
  const said: string[] = []
  const memo = memoryMemo()
  const say = (_: object, words: string): void => void said.push(words)
  await rememberWaiting({ memo, repo: PLACE.repo }, 3, [`report:${NAME}`])
  const why = { code: 'delivered', delivery: 'told' } as const
  const log = { debug: say, info: say, warn: say, error: say }
  const context = {
    ...PLACE,
    memo,
    log,
    reports: world.reports,
    ask: askIn(PLACE, { enqueue: async (...more) => void jobs.push(...more) }),
  }
  return { jobs, said, run: (report, receivedAt) => recordReport(context, { report, receivedAt, why }) }
}

test('the first report creates a check run on its commit, and wakes those who wait for it', async () => {
  const world = await aGitHub()
  const context = await aContext(world)
  world.api.get(FIND).reply(200, { check_runs: [] })
  world.api.post(`${REPO}/check-runs`).reply(201, aCheckRun())
  await context.run(REPORT, AT + 5_400)
  const [, made] = world.asked()
  const { output, ...fields } = Object(made?.body)
  assert.deepEqual(fields, {
    head_sha: SHA,
    name: `live/${NAME}`,
    external_id: String(AT),
    status: 'completed',
    conclusion: 'success',
    // By Perch's clock, and not by the cluster's.
    completed_at: '2026-03-01T10:00:05Z',
  })
  assert.equal(output.title, 'ReconciliationSucceeded')
  assert.deepEqual(context.jobs, [
    jobOf({ type: 'review', ...PLACE, pull: 3, why: { code: 'signal', delivery: 'told', commit: SHA } }),
  ])
})

test('a later failure replaces the report, and a replay of an earlier one changes nothing', async () => {
  const world = await aGitHub()
  const context = await aContext(world)
  world.api.get(FIND).reply(200, { check_runs: [aRecord()] })
  world.api.patch(`${REPO}/check-runs/40`).reply(200, {})
  await context.run({ ...REPORT, state: 'failure', at: AT + 60_000 }, AT + 61_000)
  const changed = Object(world.asked()[1]?.body)
  assert.deepEqual(
    [changed.conclusion, changed.external_id, changed.completed_at],
    ['failure', String(AT + 60_000), '2026-03-01T10:01:01Z'],
  )
  assert.equal(context.jobs.length, 1)
  const failed = aRecord({ conclusion: 'failure', external_id: String(AT + 60_000) })
  world.api.get(FIND).reply(200, { check_runs: [failed] })
  await context.run(REPORT, AT + 120_000)
  assert.equal(world.asked().length, 3)
  assert.equal(context.jobs.length, 1)
})

test('a repeated success keeps its start time, and wakes nobody', async () => {
  const world = await aGitHub()
  const context = await aContext(world)
  world.api.get(FIND).reply(200, { check_runs: [aRecord()] })
  world.api.patch(`${REPO}/check-runs/40`).reply(200, {})
  await context.run({ ...REPORT, at: AT + 3_600_000 }, AT + 3_601_000)
  const changed = Object(world.asked()[1]?.body)
  assert.deepEqual([changed.completed_at, changed.external_id], ['2026-03-01T10:00:05Z', String(AT + 3_600_000)])
  assert.deepEqual(context.jobs, [])
})

test('if the answer to a report is lost, a retry stores it only once', async () => {
  const world = await aGitHub()
  const context = await aContext(world)
  world.api.get(FIND).reply(200, { check_runs: [] })
  world.api.post(`${REPO}/check-runs`).reply(502, 'bad gateway')
  await assert.rejects(context.run(REPORT, AT + 5_400), GitHubUnavailable)
  world.api.get(FIND).reply(200, { check_runs: [aRecord()] })
  await context.run(REPORT, AT + 5_400)
  assert.deepEqual(
    world.asked().map(({ method }) => method),
    ['GET', 'POST', 'GET'],
  )
})

test('a report of a commit that is not there is dropped with a line in the log', async () => {
  const world = await aGitHub()
  const context = await aContext(world)
  world.api.get(FIND).reply(422, {})
  await context.run(REPORT, AT)
  assert.deepEqual(context.said, ['ignored a report: the repository has no such commit'])
  assert.deepEqual(context.jobs, [])
})

test('a repository is found by name where Perch is installed, and is none where it is not', async () => {
  const found = async (script: (api: ReturnType<typeof anApp>['api']) => void): Promise<unknown> => {
    const { access, api } = anApp()
    grantToken(api)
    script(api)
    return access.placeOf('Acme', 'GitOps')
  }
  const installation = '/repos/Acme/GitOps/installation'
  const repo = { id: 1, name: 'gitops', owner: { login: 'acme' }, default_branch: 'main' }
  assert.deepEqual(
    await found((api) => {
      api.get(installation).reply(200, { id: 5, suspended_at: null })
      api.get('/repos/Acme/GitOps').reply(200, repo)
    }),
    { ...PLACE, isArchived: false, isFork: false },
  )
  assert.equal(await found((api) => api.get(installation).reply(404, {})), undefined)
  assert.equal(
    await found((api) => api.get(installation).reply(200, { id: 5, suspended_at: '2026-01-01T00:00:00Z' })),
    undefined,
  )
  assert.equal(
    await found((api) => {
      api.get(installation).reply(200, { id: 5 })
      api.get('/repos/Acme/GitOps').reply(404, {})
    }),
    undefined,
  )
  await assert.rejects(found((api) => api.get(installation).reply(503, {})))
})
