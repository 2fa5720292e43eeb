import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryValidators } from '../../src/adapters/memory/validators.ts'
import { readiness } from '../../src/entry/readiness.ts'

const queue = { ready: async () => true }
const renderer = { tool: async () => 'kustomize v5.5.0' }

test('the service says what it renders and checks with, and is ready without what is optional', async () => {
  const validators = memoryValidators({ tools: { opa: 'opa 1.22.2' } })
  assert.deepEqual(await readiness({ queue, renderer, validators }), {
    ok: true,
    parts: {
      queue: 'ok',
      renderer: 'kustomize v5.5.0',
      opa: 'opa 1.22.2',
      yamllint: 'not installed (optional)',
      kubeconform: 'not installed (optional)',
      istioctl: 'not installed (optional)',
    },
  })
})

test('it is not ready where it cannot store or render', async () => {
  const validators = memoryValidators({ tools: { opa: 'opa 1.22.2' } })
  const nothing = { tool: async () => undefined }
  assert.equal((await readiness({ queue, renderer: nothing, validators })).ok, false)
  assert.equal((await readiness({ queue: { ready: async () => false }, renderer, validators })).ok, false)
})
