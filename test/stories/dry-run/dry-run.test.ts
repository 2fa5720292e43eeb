/** A pull request that an API server would refuse: kubectl-validate says so without a server, and a dry run asks a real one. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { needsApiServer } from '../../adapters/policy/dry-run/api-server.ts'
import { dryRunServer, VIRTUAL_SERVICE_CRD } from '../../adapters/policy/dry-run/dry-run-server.ts'
import { needsTool } from '../../adapters/policy/tools.ts'
import { aStory, FAST, gitops, type Story, VS } from '../world.ts'

const folder = mkdtempSync(join(tmpdir(), 'perch-dry-run-story-'))
const kubeconfig = join(folder, 'kubeconfig')

after(() => rmSync(folder, { recursive: true }))

/** The finished check of a commit. */
async function validated(story: Story, sha: string): Promise<{ readonly conclusion: string; readonly said: string }> {
  return story.until('canary/validate', () => {
    const runs = story.repository().checkRuns(sha)
    const run = runs.find(({ name, conclusion }) => name === 'canary/validate' && conclusion !== null)
    if (run === undefined) return undefined
    const lines = (run.annotations ?? []).map(({ path, start_line: line }) => `${path}:${line}`)
    return { conclusion: run.conclusion ?? '', said: `${run.summary ?? ''}\n${lines.join('\n')}` }
  })
}

function withTimeout(text: string, timeout: string): string {
  return text.replace('    - name: main\n', `    - name: main\n      timeout: ${timeout}\n`)
}

function lineOf(text: string): string {
  return `${VS}:${text.split('\n').findIndex((line) => line.includes('timeout:')) + 1}`
}

test(
  'a timeout that breaks a rule of the CRD is red on its line without any cluster, and green when it is corrected',
  needsTool('kubectl-validate'),
  async () => {
    const config = `${FAST}validators: [{ name: kubectl-validate, crds: crds, ignore: [DestinationRule] }]\n`
    const story = await aStory({ files: { ...gitops(config), 'crds/virtual-service.yaml': VIRTUAL_SERVICE_CRD } })
    const [alice, text] = [story.person('alice'), story.repository().file(VS) ?? '']
    const bad = withTimeout(text, '0s')
    const pull = alice.openPullRequest({ branch: 'timeout', title: 'Time out', files: { [VS]: bad } })
    const red = await validated(story, pull.head.sha)
    assert.equal(red.conclusion, 'failure', red.said)
    assert.match(red.said, /`VirtualService api-service` in `production`.*must be a valid duration greater than 1ms/)
    assert.ok(red.said.includes(lineOf(bad)), red.said)
    const green = await validated(story, alice.push('timeout', { [VS]: withTimeout(text, '1s') }))
    assert.equal(green.conclusion, 'success', green.said)
    assert.match(green.said, /Checked with `kubectl-validate/)
  },
)

test(
  'an API server refuses a pull request in a dry run and accepts its correction, writes nothing, and while it is away the check waits',
  needsApiServer,
  async () => {
    const shared = await dryRunServer()
    writeFileSync(kubeconfig, shared.kubeconfig())
    const config = `${FAST}validators: [{ name: dry-run, ignore: [DestinationRule] }]\n`
    const story = await aStory({ files: gitops(config), env: { dryRunKubeconfig: kubeconfig } })
    const [alice, text] = [story.person('alice'), story.repository().file(VS) ?? '']
    const bad = withTimeout(text, '0s')
    const pull = alice.openPullRequest({ branch: 'timeout', title: 'Time out', files: { [VS]: bad } })
    const red = await validated(story, pull.head.sha)
    assert.equal(red.conclusion, 'failure', red.said)
    assert.match(red.said, /The API server would refuse `VirtualService api-service` in `production`/)
    assert.match(red.said, /must be a valid duration greater than 1ms/)
    assert.ok(red.said.includes(lineOf(bad)), red.said)
    const green = await validated(story, alice.push('timeout', { [VS]: withTimeout(text, '1s') }))
    assert.equal(green.conclusion, 'success', green.said)
    assert.deepEqual(await shared.server.keys('/registry/networking.istio.io/virtualservices/default/api-service'), [])

    writeFileSync(kubeconfig, shared.kubeconfig({ cluster: { server: 'https://127.0.0.1:1' } }))
    const waiting = await validated(story, alice.push('timeout', { [VS]: withTimeout(text, '2s') }))
    assert.equal(waiting.conclusion, 'action_required', waiting.said)
    writeFileSync(kubeconfig, shared.kubeconfig())
    alice.comment(pull.number, '/canary retry')
    const { sha } = story.repository().pull(pull.number).head
    await story.until('a verdict', () =>
      story
        .repository()
        .checkRuns(sha)
        .find(({ name, conclusion }) => name === 'canary/validate' && conclusion === 'success'),
    )
  },
)
