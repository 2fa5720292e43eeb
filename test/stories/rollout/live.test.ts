/** How Perch learns that a step is live, from every accepted source, and how it treats others. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { reportKey } from '../../../src/entry/edge/report-key.ts'
import { aStory, checksOn, gitops, type Story, type StoryOptions } from '../world.ts'

const REPORT_SECRET = 'a secret of reports, long enough to be one'

interface Waiting {
  readonly story: Story
  readonly step: number
  /** `gitops-1`. */
  readonly name: string
  readonly main: () => string
  /** Waits until the gate of the step has this conclusion with these words. */
  readonly gate: (conclusion: string, words?: RegExp) => Promise<void>
}

/** A rollout at 5%, with an open step to 25% that waits for `live`. */
async function aWaitingStep(
  live: string,
  { bake = '0.3s', ...options }: StoryOptions & { readonly bake?: string } = {},
): Promise<Waiting> {
  const config = `environments:
  production: { path: overlays/production, live: ${live} }
services:
  api-service: { steps: [5, 25, 100], bake: ${bake} }
`
  const story = await aStory({ files: gitops(config, [95, 5]), ...options })
  story.person('alice').push('main', { 'README.md': '# Another\n' })
  const step = await story.until('the step', () =>
    story
      .repository()
      .pulls('open')
      .find(({ head }) => head.ref === 'canary/production/api-service/25'),
  )
  const gate: Waiting['gate'] = async (conclusion, words = /./) => {
    await story.until(`gate ${conclusion} ${words.source}`, () => {
      const { sha } = story.repository().pull(step.number).head
      const run = story
        .repository()
        .checkRuns(sha)
        .find((one) => one.name === 'canary/gate')
      return checksOn(story.repository(), sha).gate === conclusion && words.test(run?.summary ?? '')
    })
  }
  await gate('action_required', /\*\*live\*\*/)
  const name = story.repository().fullName.split('/')[1] ?? ''
  return { story, step: step.number, name, main: () => story.repository().branch('main') ?? '', gate }
}

/** Another App's writes over REST. */
function anApp(
  story: Story,
  slug: string,
  permissions: Readonly<Record<string, 'write'>>,
): (path: string, body: object) => Promise<number> {
  const app = story.box.addApp({ slug, permissions: { metadata: 'read', contents: 'read', ...permissions } })
  return async (path, body) => {
    const answer = await fetch(`${story.box.url}/api/v3/repos/${story.repository().fullName}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${app.installation.token()}` },
      body: JSON.stringify(body),
    })
    assert.equal(answer.status, 201, await answer.clone().text())
    const { id } = Object(await answer.json())
    return Number(id)
  }
}

test('a check run of the named App makes a step live, and one of another App does not', async () => {
  const { story, main, gate } = await aWaitingStep('{ check: "argocd/*", by: argo }')
  const argo = anApp(story, 'argo', { checks: 'write' })
  const impostor = anApp(story, 'impostor', { checks: 'write' })
  const run = { name: 'argocd/api-service', head_sha: main() }
  await impostor('/check-runs', { ...run, conclusion: 'success' })
  await gate(
    'action_required',
    /Reports by `impostor\[bot\]` do not count, because the config asks for reports by `argo`/,
  )
  await argo('/check-runs', { ...run, status: 'in_progress' })
  await argo('/check-runs', { ...run, conclusion: 'success' })
  await gate('success', /according to the check run \[`argocd\/api-service`/)
  await argo('/check-runs', { ...run, conclusion: 'timed_out', output: { title: 'Not healthy', summary: 'x' } })
  await gate('failure', /the check run \[`argocd\/api-service`\]\(http[^)]+\) failed: Not healthy/)
})

test('a deployment makes a step live, and keeps its result after a newer one replaces it', async () => {
  const { story, main, gate } = await aWaitingStep('{ deployment: eu }')
  const alice = story.person('alice')
  alice.deploy({ ref: main(), environment: 'us', state: 'success' })
  const id = alice.deploy({ ref: main(), environment: 'eu', state: 'in_progress' })
  alice.setDeploymentStatus(id, { state: 'success' })
  await gate('success', /according to the deployment to `eu`/)
  alice.setDeploymentStatus(id, { state: 'inactive' })
  alice.setDeploymentStatus(id, { state: 'failure', description: 'no quota' })
  await gate('failure', /the deployment to `eu` failed: no quota/)
  alice.setDeploymentStatus(id, { state: 'success' })
  await gate('success')
})

const WITH_REPORTS: StoryOptions = { env: { reportSecret: REPORT_SECRET } }

interface FluxEvent {
  readonly commit: string
  readonly severity?: string
  readonly at?: number
  readonly cluster?: string
}

/** The request of Flux's notification-controller. Resolves to the status of the answer. */
async function tellAsFlux({ story, name }: Waiting, event: FluxEvent, keyOf = `acme/${name}`): Promise<number> {
  const { commit, severity = 'info', at = story.clock.now(), cluster } = event
  const body = JSON.stringify({
    involvedObject: { kind: 'Kustomization', namespace: 'flux-system', name: 'apps', uid: '7d0cdc51' },
    severity,
    timestamp: new Date(at).toISOString().replace(/\.\d+Z$/, 'Z'),
    message: 'something happened',
    reason: severity === 'info' ? 'ReconciliationSucceeded' : 'HealthCheckFailed',
    metadata: { revision: `main@sha1:${commit}`, ...(cluster === undefined ? {} : { cluster }) },
    reportingController: 'kustomize-controller',
  })
  const signature = createHmac('sha256', reportKey(REPORT_SECRET, keyOf)).update(body).digest('hex')
  const headers = { 'content-type': 'application/json', 'x-signature': `sha256=${signature}` }
  const answer = await fetch(`${story.service}/api/reports/flux/acme/${name}`, { method: 'POST', headers, body })
  await answer.text()
  return answer.status
}

test('a report from Flux to Perch is kept on the commit and makes a step live, and only with the repository’s key', async () => {
  const waiting = await aWaitingStep('{ report: "kustomization/flux-system/apps" }', WITH_REPORTS)
  const { story, main, gate } = waiting
  const kept = () =>
    story
      .repository()
      .checkRuns(main())
      .filter(({ name }) => name.startsWith('live/'))
      .map(({ name, conclusion, title }) => `${name} ${String(conclusion)} ${String(title)}`)
  const began = story.clock.now()
  assert.equal(await tellAsFlux(waiting, { commit: main() }, 'acme/other'), 401)
  // A missing commit, and a report of another cluster, change nothing.
  assert.equal(await tellAsFlux(waiting, { commit: 'f'.repeat(40) }), 202)
  assert.equal(await tellAsFlux(waiting, { commit: main(), cluster: 'us' }), 202)
  await story.until('the other cluster’s report', () => kept().length === 1)
  await gate('action_required', /waits for a successful report `kustomization\/flux-system\/apps`/)
  const told = { commit: main(), at: began }
  assert.deepEqual([await tellAsFlux(waiting, told), await tellAsFlux(waiting, told)], [202, 202])
  await gate('success', /according to the report \[`kustomization\/flux-system\/apps`/)
  assert.deepEqual(kept().toSorted(), [
    'live/kustomization/flux-system/apps success ReconciliationSucceeded',
    'live/kustomization/flux-system/apps/us success ReconciliationSucceeded',
  ])
  assert.equal(await tellAsFlux(waiting, { commit: main(), severity: 'error', at: began + 2_000 }), 202)
  await gate('failure', /the report \[`kustomization\/flux-system\/apps`\]\(http[^)]+\) failed: HealthCheckFailed/)
  // A replay of an earlier state does not undo it.
  assert.equal(await tellAsFlux(waiting, { commit: main(), at: began + 1_000 }), 202)
  await story.pass(1_500)
  await gate('failure')
  assert.equal(kept().length, 2)
  // Perch's own check runs come back as webhooks, and cause no new look.
  const mark = story.box.requests.mark()
  await story.pass(2_500)
  assert.deepEqual(story.box.requestsSince(mark, 'perch').records, [])
})

test('a report from Argo CD to Perch makes a step live', async () => {
  const { story, name, main, gate } = await aWaitingStep('{ report: "argocd/api", by: perch }', WITH_REPORTS)
  const tell = async (health: string, repo = name): Promise<number> => {
    const at = new Date(story.clock.now()).toISOString()
    const body = JSON.stringify({ app: 'api', commit: main(), phase: 'Succeeded', health, at })
    const authorization = `Bearer ${reportKey(REPORT_SECRET, `acme/${repo}`)}`
    const headers = { 'content-type': 'application/json', authorization }
    return (await fetch(`${story.service}/api/reports/argocd/acme/${repo}`, { method: 'POST', headers, body })).status
  }
  // A repository on which Perch is not installed, or that does not exist.
  assert.equal(await tell('Healthy', 'nowhere'), 202)
  assert.equal(await tell('Progressing'), 202)
  assert.equal(await tell('Healthy'), 202)
  await gate('success', /according to the report \[`argocd\/api`/)
  await story.pass(1_100)
  assert.equal(await tell('Degraded'), 202)
  await gate('failure', /the report \[`argocd\/api`\]\(http[^)]+\) failed: Succeeded, Degraded/)
})
