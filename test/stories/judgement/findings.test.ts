/** Whether a merge would have the effect that it seems to have. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aStory, checksOn, gitops, type Story, VS } from '../world.ts'

interface Validated {
  readonly conclusion: string
  readonly summary: string
  readonly annotations: readonly {
    readonly path: string
    readonly start_line: number
    readonly annotation_level: string
  }[]
}

async function validated(story: Story, sha: string): Promise<Validated> {
  return story.until('canary/validate', () => {
    if (!/success|failure/.test(checksOn(story.repository(), sha).gate)) return undefined
    const run = story
      .repository()
      .checkRuns(sha)
      .find(({ name }) => name === 'canary/validate')
    const annotations = (run?.annotations ?? []).map(({ path, start_line, annotation_level }) => {
      return { path, start_line, annotation_level }
    })
    return { conclusion: run?.conclusion ?? '', summary: run?.summary ?? '', annotations }
  })
}

/** A rule for everybody before the split. */
function deadIn(text: string): string {
  const all = '    - name: all\n      route: [{ destination: { host: api-service, subset: stable } }]\n'
  return text.replace('  http:\n', `  http:\n${all}`)
}

test('a pull request that takes all requests from a split is red with the code, the file and the line', async () => {
  const story = await aStory()
  const text = deadIn(story.repository().file(VS) ?? '')
  const pull = story.person('alice').openPullRequest({ branch: 'all', title: 'all', files: { [VS]: text } })
  const { conclusion, summary, annotations } = await validated(story, pull.head.sha)
  assert.equal(conclusion, 'failure')
  assert.match(
    summary,
    /⛔ IST0130: `VirtualService api-service` in `production` has the split `main` that no request reaches: `all` takes them before/,
  )
  const line = text.split('\n').indexOf('    - name: main') + 1
  assert.deepEqual(annotations, [{ path: VS, start_line: line, annotation_level: 'failure' }])
})

test('what was wrong before is a note, and green', async () => {
  const files = gitops()
  files[VS] = deadIn(files[VS] ?? '')
  const story = await aStory({ files })
  const text = story.repository().file(VS) ?? ''
  const pull = story.person('alice').openPullRequest({ branch: 'x', title: 'x', files: { [VS]: `${text}# x\n` } })
  const { conclusion, summary, annotations } = await validated(story, pull.head.sha)
  assert.equal(conclusion, 'success')
  assert.match(summary, /\*\*Worth knowing\*\*[\s\S]*ℹ️ IST0130/)
  assert.equal(annotations[0]?.annotation_level, 'notice')
})

const DEPLOYMENTS = ['v1', 'v2']
  .map(
    (version) =>
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: api-${version} }\nspec:\n  replicas: ${version === 'v1' ? 3 : 0}\n  selector: { matchLabels: { app: api-service, version: ${version} } }\n  template:\n    metadata: { labels: { app: api-service, version: ${version} } }\n`,
  )
  .join('---\n')

test('a raise to a canary without replicas is red, although they were 0 before', async () => {
  const files = gitops(undefined, [95, 5])
  files['base/kustomization.yaml'] = 'resources:\n  - service.yaml\n  - deployments.yaml\n'
  files['base/deployments.yaml'] = DEPLOYMENTS
  const story = await aStory({ files })
  const text = (story.repository().file(VS) ?? '')
    .replace('weight: 95 ', 'weight: 75 ')
    .replace('weight: 5\n', 'weight: 25\n')
  const pull = story.person('alice').openPullRequest({ branch: 'up', title: 'up', files: { [VS]: text } })
  const { conclusion, summary } = await validated(story, pull.head.sha)
  assert.equal(conclusion, 'failure')
  assert.match(
    summary,
    /no-pods: .*`api-service canary`, whose workload has 0 replicas: those requests are answered 503.*Bring its pods up first/,
  )
  const back = (story.repository().file(VS) ?? '')
    .replace('weight: 95 ', 'weight: 100 ')
    .replace('weight: 5\n', 'weight: 0\n')
  const down = story.person('alice').openPullRequest({ branch: 'down', title: 'down', files: { [VS]: back } })
  assert.equal((await validated(story, down.head.sha)).conclusion, 'success', 'lowering is not held back')
})

const APPLICATION = (ignore: string): string => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: production, namespace: argocd }
spec:
  source: { repoURL: "https://github.com/acme/REPOSITORY.git", path: overlays/production }
  syncPolicy: { automated: {}, syncOptions: [RespectIgnoreDifferences=true] }
${ignore}`

test('weights that Argo CD is told to ignore are an error for who raises them', async () => {
  const files = gitops()
  files['apps/production.yaml'] = APPLICATION(
    '  ignoreDifferences:\n    - { group: networking.istio.io, kind: VirtualService, jqPathExpressions: [".spec.http[].route[].weight"] }\n',
  ).replace('https://github.com/acme/REPOSITORY.git', '{{ here }}')
  const story = await aStory({ files })
  const text = (story.repository().file(VS) ?? '')
    .replace('weight: 100 ', 'weight: 95 ')
    .replace('weight: 0\n', 'weight: 5\n')
  const pull = story.person('alice').openPullRequest({ branch: 'up', title: 'up', files: { [VS]: text } })
  const { conclusion, summary } = await validated(story, pull.head.sha)
  assert.equal(conclusion, 'failure')
  assert.match(
    summary,
    /weights-ignored: .*`Application argocd\/production` says to leave them as they are in the cluster/,
  )
})
