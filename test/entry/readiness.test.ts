import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readiness } from '../../src/entry/readiness.ts'

const queue = { ready: async () => true }
const backlogMs = async () => 60_000
const walls = async () => ({ isConfined: true, isOffline: true })
const tools = async () => ({ renderer: 'kustomize v5.5.0', validators: new Map([['opa', 'opa 1.22.2']] as const) })

test('the service shows its tools for rendering and checking, and is ready without optional ones', async () => {
  assert.deepEqual(await readiness({ queue, backlogMs, tools, walls }), {
    ok: true,
    parts: {
      queue: 'ok',
      backlog: 'ok',
      renderer: 'kustomize v5.5.0',
      helm: 'not installed (optional)',
      opa: 'opa 1.22.2',
      yamllint: 'not installed (optional)',
      kubeconform: 'not installed (optional)',
      'kubectl-validate': 'not installed (optional)',
      istioctl: 'not installed (optional)',
      'dry-run': 'no usable DRY_RUN_KUBECONFIG (optional)',
      files: 'hidden from programs',
      network: 'hidden from programs',
    },
  })
})

test('it is not ready where it cannot store or render', async () => {
  const nothing = async () => ({ validators: new Map() })
  assert.equal((await readiness({ queue, backlogMs, tools: nothing, walls })).ok, false)
  assert.equal((await readiness({ queue: { ready: async () => false }, backlogMs, tools, walls })).ok, false)
})

test('it shows which sandbox restrictions are missing, and is still ready', async () => {
  const none = async () => ({ isConfined: false, isOffline: false })
  const { ok, parts } = await readiness({ queue, backlogMs, tools, walls: none })
  assert.equal(ok, true)
  assert.equal(parts['files'], 'programs can read them: install bubblewrap')
  assert.equal(parts['network'], 'programs can reach it: allow namespaces')
})

test('it shows that work waits for more than a minute, and is still ready, because the other replicas have the same queue', async () => {
  const said = async (ms: number | undefined): Promise<string> => {
    const { ok, parts } = await readiness({ queue, backlogMs: async () => ms, tools, walls })
    return `${ok} ${parts['backlog']}`
  }
  assert.equal(await said(73_400), 'true late: the oldest job has waited for 73 s')
  assert.equal(await said(undefined), 'true unknown')
})
