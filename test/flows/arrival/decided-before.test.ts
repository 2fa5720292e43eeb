/** Whether a person has taken over the rollout of a pull request from automation. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Comment, Permission } from '../../../src/core/rollout/facts.ts'
import { isForPeople } from '../../../src/flows/arrival/decided-before.ts'
import { pullRequest, targetOf, virtualService } from '../../core/samples.ts'

const TARGET = { ...targetOf({ 'production/route.yaml': virtualService(100, 0) }), aliases: ['api'] }
const ROLES: Readonly<Record<string, Permission>> = { alice: 'write', reader: 'read' }

function comment(body: string, login = 'alice', own: Partial<Comment> = {}): Comment {
  return { id: 1, author: { login, isBot: false }, body, createdAt: 0, isEdited: false, isOurs: false, ...own }
}

function isTaken(...comments: readonly Comment[]): Promise<boolean> {
  const context = {
    conversation: { of: async () => comments },
    people: { permission: async (login: string) => ROLES[login] ?? 'none' },
  }
  return isForPeople(context as never, pullRequest(3, 'update'), TARGET)
}

test('each command that sets the share takes the rollout over, by whatever name it calls it', async () => {
  for (const line of [
    '/canary 0',
    '/canary 5 api-service',
    `/canary 5 api --env ${TARGET.environment}`,
    '/canary 5 --env all',
    '/canary next',
    '/canary promote',
  ])
    assert.equal(await isTaken(comment(line)), true, line)
})

test('another command, another rollout, and somebody without write access take nothing over', async () => {
  assert.equal(await isTaken(), false)
  for (const line of [
    'Nice.',
    '/canary status',
    '/canary hold',
    '/canary 500',
    '/canary 5 web',
    '/canary 5 --env staging',
  ])
    assert.equal(await isTaken(comment(line)), false, line)
  assert.equal(await isTaken(comment('/canary 5', 'reader')), false)
  assert.equal(await isTaken(comment('/canary 5', 'alice', { isOurs: true })), false)
  assert.equal(await isTaken(comment('/canary 5', 'alice', { author: { login: 'alice', isBot: true } })), false)
  assert.equal(await isTaken(comment('/canary 5', 'reader'), comment('/canary 5')), true)
})
