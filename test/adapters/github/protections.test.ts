import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aGitHub, REPO } from './github-api.ts'

const BRANCH = `${REPO}/branches/main`
const RULES = `${REPO}/rules/branches/main?per_page=100&page=1`

function classic(checks: readonly object[], more: object = {}): object {
  const required_status_checks = { enforcement_level: 'everyone', contexts: [], checks, ...more }
  return { name: 'main', protected: true, protection: { enabled: true, required_status_checks } }
}

test('the checks that classic protection requires, and of which App; whether it is strict GitHub does not tell us', async () => {
  const world = await aGitHub()
  const checks = [
    { context: 'canary/gate', app_id: 7 },
    { context: 'canary/validate', app_id: null },
  ]
  world.api.get(BRANCH).reply(200, classic(checks, { enforcement_level: 'non_admins' }))
  world.api.get(RULES).reply(200, [])
  assert.deepEqual(await world.protections.of('main'), {
    checks: [
      { name: 'canary/gate', isOurs: true },
      { name: 'canary/validate', isOurs: false },
    ],
    isUpToDate: undefined,
    hasQueue: false,
    sparesAdmins: true,
  })
})

test('the checks that rulesets require, whether they want branches up to date, and a merge queue', async () => {
  const world = await aGitHub()
  const ruled = (strict: boolean): object => ({
    type: 'required_status_checks',
    ruleset_id: 42,
    parameters: {
      strict_required_status_checks_policy: strict,
      required_status_checks: [{ context: 'canary/gate', integration_id: 7 }],
    },
  })
  const branch = { name: 'main', protected: true, protection: { enabled: false } }
  world.api.get(BRANCH).times(2).reply(200, branch)
  world.api.get(RULES).reply(200, [ruled(true), { type: 'merge_queue', parameters: { merge_method: 'SQUASH' } }])
  const checks = [{ name: 'canary/gate', isOurs: true }]
  assert.deepEqual(await world.protections.of('main'), {
    checks,
    isUpToDate: true,
    hasQueue: true,
    sparesAdmins: false,
  })
  world.api.get(RULES).reply(200, [ruled(false), { type: 'deletion' }])
  assert.deepEqual(await world.protections.of('main'), {
    checks,
    isUpToDate: false,
    hasQueue: false,
    sparesAdmins: false,
  })
})

test('a branch that is not there, or that GitHub does not show, is unknown and not unprotected', async () => {
  const world = await aGitHub()
  world.api.get(BRANCH).reply(404, { message: 'Branch not found' })
  assert.equal(await world.protections.of('main'), undefined)
  world.api.get(BRANCH).reply(403, { message: 'Resource not accessible by integration' })
  assert.equal(await world.protections.of('main'), undefined)
  for (const [status, message] of [
    [403, 'Upgrade to GitHub Pro or make this repository public to enable this feature.'],
    [404, 'Not Found'],
  ] as const) {
    world.api.get(BRANCH).reply(200, classic([]))
    world.api.get(RULES).reply(status, { message })
    assert.equal(await world.protections.of('main'), undefined)
  }
})
