import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask } from './commanding.ts'
import { aStory, checksOn, DR, FAST, gitops, type Story, sweeps, VS, weightsIn } from '../world.ts'

const CONFIG_ONLY_PRODUCTION = FAST.replace(/ {2}staging:.*\n/, '')

function open(story: Story, branch: string, files: Readonly<Record<string, string>> = {}): number {
  const touch = { [VS]: `${story.repository().file(VS) ?? ''}# ${branch}\n` }
  return story.person('alice').openPullRequest({ branch, title: branch, files: { ...touch, ...files } }).number
}

test('what people get wrong: each gets one answer that says why and what to do, and nothing is committed', async () => {
  const story = await aStory()

  const pull = open(story, 'mistakes')
  const head = story.repository().branch('mistakes')
  const table: [string, string, RegExp][] = [
    ['mallory', '/canary 5', /`mallory` cannot do this: it needs \*\*write\*\* access .* you have read/],
    ['alice', '/canary 250', /`250` is not a percentage from 0 to 100/],
    ['alice', '/canary', /\| `\/canary <percent> \[service\] \[--env <name>\] \[@<sha>\]` \|/],
    ['mallory', '/canary help', /\| Command \| Does \| Needs \|/],
    ['alice', '/canary statsu', /Unknown command `statsu`\. Did you mean `\/canary status`\?/],
    ['alice', '/canray 5', /Did you mean `\/canary 5`\?/],
    [
      'alice',
      '/canary 5 billing',
      /There is no service `billing` .* Known here: `production\/api-service`, `staging\/api-service`/,
    ],
    ['alice', '/canary 5 --env moon', /in environment `moon`/],
    ['alice', '/canary 5 @0123456', /names commit `0123456`, but the head is/],
    ['alice', '/canary abort', /No rollout of this pull request has canary traffic/],
    ['mallory', '/canary status', /No rollout belongs to this pull request/],
  ]
  for (const [who, text, expected] of table) assert.match(await ask(story, who, text, pull), expected, text)
  assert.equal(story.repository().branch('mistakes'), head)
})

test('a command without an environment is asked back where the pull request does not tell', async () => {
  const story = await aStory()
  const pull = story
    .person('alice')
    .openPullRequest({ branch: 'readme', title: 'readme', files: { 'README.md': 'x\n' } }).number
  assert.match(
    await ask(story, 'alice', '/canary 5', pull),
    /More than one rollout fits\. Say which:\n- `api-service --env production`\n- `api-service --env staging`/,
  )
  assert.match(await ask(story, 'alice', '/canary 5 --env staging', pull), /0% → \*\*5%\*\*/)
  const files = story.repository().files('readme')
  assert.equal(weightsIn(files[VS] ?? ''), '100/0')
  assert.equal(weightsIn(files[VS.replace('production', 'staging')] ?? ''), '95/5')
})

test('a pull request from a fork, and a closed one, are told why not', async () => {
  const story = await aStory({ files: gitops(CONFIG_ONLY_PRODUCTION) })
  const { until } = story
  const fork = story
    .person('alice')
    .openPullRequest({ branch: 'f', title: 'f', files: { 'README.md': 'y\n' }, fromFork: true })
  assert.match(await ask(story, 'alice', '/canary 5', fork.number), /comes from a fork.*Push the branch here/)
  await until('checks on the fork’s head', () => checksOn(story.repository(), fork.head.sha).gate === 'success')
  const pull = open(story, 'closed')
  story.person('alice').close(pull)
  assert.match(await ask(story, 'alice', '/canary 5', pull), /was closed without merging\. Reopen it/)
})

test('YAML that does not parse: one answer with file and line, and a red check', async () => {
  const story = await aStory()
  const broken = 'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: api-service\nspec: [\n'
  const { until } = story
  const pull = story.person('alice').openPullRequest({ branch: 'broken', title: 'broken', files: { [VS]: broken } })
  await until(
    'red checks',
    () =>
      checksOn(story.repository(), pull.head.sha).validate === 'failure' &&
      checksOn(story.repository(), pull.head.sha).gate === 'failure',
  )
  const [annotation] =
    story
      .repository()
      .checkRuns(pull.head.sha)
      .find(({ name }) => name === 'canary/validate')?.annotations ?? []
  assert.equal(annotation?.path, VS)
  assert.match(
    await ask(story, 'alice', '/canary 5 --env production', pull.number),
    /not valid YAML.*virtual-service\.yaml:\d+/,
  )
})

test('a kustomization that does not build: nothing is committed, one answer says so, and the checks are red', async () => {
  const story = await aStory()
  const { until } = story
  const broken =
    'resources:\n  - ../../base\n  - applications/api-service/virtual-service.yaml\n  - applications/api-service/destination-rule.yaml\npatches:\n  - patch: |\n      apiVersion: v1\n      kind: Service\n      metadata: {name: not-there}\n'
  const pull = story.person('alice').openPullRequest({
    branch: 'unbuilt',
    title: 'unbuilt',
    files: { 'overlays/production/kustomization.yaml': broken },
  })
  await until('red checks', () => checksOn(story.repository(), pull.head.sha).validate === 'failure')
  assert.match(
    await ask(story, 'alice', '/canary 5', pull.number),
    /Nothing was committed\. Environment `production` does not build/,
  )
  assert.equal(story.repository().branch('unbuilt'), pull.head.sha)
})

test('a remote base is refused before kustomize runs, with the line', async () => {
  const story = await aStory()
  const { until } = story
  const remote =
    'resources:\n  - https://169.254.169.254/latest/meta-data\n  - applications/api-service/virtual-service.yaml\n'
  const pull = story
    .person('alice')
    .openPullRequest({ branch: 'remote', title: 'remote', files: { 'overlays/production/kustomization.yaml': remote } })
  await until('a red check', () => checksOn(story.repository(), pull.head.sha).validate === 'failure')
  const run = story
    .repository()
    .checkRuns(pull.head.sha)
    .find(({ name }) => name === 'canary/validate')
  assert.deepEqual(
    run?.annotations.map(({ path, start_line }) => `${path}:${start_line}`),
    ['overlays/production/kustomization.yaml:2'],
  )
})

test('a config that is not valid: red with its line where it is changed, and no command is carried out where it is', async () => {
  const story = await aStory()
  const { until } = story
  const pull = story
    .person('alice')
    .openPullRequest({ branch: 'config', title: 'config', files: { '.github/canary.yml': 'servcies: {}\n' } })
  await until('a red check', () => checksOn(story.repository(), pull.head.sha).validate === 'failure')
  const run = story
    .repository()
    .checkRuns(pull.head.sha)
    .find(({ name }) => name === 'canary/validate')
  assert.match(run?.summary ?? '', /The config is not valid at `servcies`.*canary\.yml:1/)
  story.person('olga').merge(pull.number)
  const next = open(story, 'after')
  assert.match(await ask(story, 'alice', '/canary 5', next), /The config is not valid/)
})

test('a pull request cannot make itself pass by bringing its own config', async () => {
  const story = await aStory({ files: gitops(FAST, [95, 5]) })
  const { until } = story
  const own =
    'services: {api-service: {bake: 0s}}\nenvironments: {production: {path: overlays/production, live: {after: 0s}}}\n'
  const text = (story.repository().file(VS) ?? '')
    .replace('weight: 95', 'weight: 0')
    .replace('weight: 5', 'weight: 100')
  const pull = story
    .person('alice')
    .openPullRequest({ branch: 'sneaky', title: 'sneaky', files: { '.github/canary.yml': own, [VS]: text } })
  await until('a gate that waits', () => checksOn(story.repository(), pull.head.sha).gate === 'action_required')
})

test('nobody gets around the gate by taking the stable entry away, or by swapping the canary’s version under traffic', async () => {
  const story = await aStory({ files: gitops(FAST, [95, 5]) })
  const text = story.repository().file(VS) ?? ''
  const alone = text.replace(/ {8}- destination:\n {12}host: api-service\n {12}subset: stable\n {10}weight: 95.*\n/, '')
  assert.notEqual(alone, text)
  const gone = story.person('alice').openPullRequest({ branch: 'gone', title: 'gone', files: { [VS]: alone } })
  await story.until('a gate that is not green', () =>
    ['action_required', 'failure'].includes(checksOn(story.repository(), gone.head.sha).gate),
  )
  const swapped = (story.repository().file(DR) ?? '').replace('version: v2', 'version: v3')
  const swap = story.person('alice').openPullRequest({ branch: 'swap', title: 'swap', files: { [DR]: swapped } })
  await story.until('a blocked gate', () => checksOn(story.repository(), swap.head.sha).gate === 'failure')
})

test('comments that are no commands make no noise, and an edited one is left alone', async () => {
  const story = await aStory()

  const pull = open(story, 'quiet')
  for (const text of ['> /canary 100', '```\n/canary 100\n```', 'looks good', '<!-- /canary 100 -->', '/assign @bob'])
    story.person('alice').comment(pull, text)
  story.person('alice').comment(pull, '/canary status')
  await story.until('the one answer', () =>
    story
      .repository()
      .comments(pull)
      .some(({ body }) => body.includes('perch:answer')),
  )
  await story.box.idle()
  assert.equal(
    story
      .repository()
      .comments(pull)
      .filter(({ author }) => author === 'perch[bot]').length,
    1,
  )
  assert.equal(story.weights('quiet'), '100/0')
})

test('abort on a step closes it and opens the rollback, which has nothing to wait for; the merged rollback ends the rollout', async () => {
  const story = await aStory({ files: gitops(FAST, [95, 5]) })
  const { until, weights } = story
  const alice = story.person('alice')
  alice.push('main', { 'README.md': 'moved\n' })
  const step = await until('the step', () =>
    story
      .repository()
      .pulls('open')
      .find(({ head }) => head.ref === 'canary/production/api-service/25'),
  )
  const answer = await ask(story, 'alice', '/canary abort errors @everyone #1', step.number)
  assert.match(answer, /Closed #\d+\. Merge #\d+ to send all traffic back/)
  const rollback = await until('the rollback', () =>
    story
      .repository()
      .pulls('open')
      .find(({ head }) => head.ref === 'canary/production/api-service/0'),
  )
  await until('its gate', () => checksOn(story.repository(), rollback.head.sha).gate === 'success')
  await until('its labels', () => story.repository().pull(rollback.number).labels.includes('canary:rollback'))
  assert.doesNotMatch(story.repository().pull(rollback.number).body, /@everyone/)
  assert.equal(weights(rollback.head.ref), '100/0')
  alice.merge(rollback.number)
  await story.box.idle()
  await until('the end', () => weights() === '100/0')
  assert.equal(
    story
      .repository()
      .pulls('open')
      .filter(({ author }) => author === 'perch[bot]')
      .filter(({ head }) => head.ref.includes('production')).length,
    0,
  )
})

test('a step that a person closes stays closed until somebody says next', async () => {
  const story = await aStory({ files: gitops(FAST, [95, 5]), env: { reconcileSeconds: 2 } })
  const { until } = story
  const alice = story.person('alice')
  alice.push('main', { [VS]: `${story.repository().file(VS) ?? ''}\n` })
  const isStep = ({ head }: { head: { ref: string } }): boolean => head.ref === 'canary/production/api-service/25'
  const step = await until('the step', () => story.repository().pulls('open').find(isStep))
  alice.close(step.number)
  await sweeps(story)
  assert.equal(story.repository().pulls('open').some(isStep), false)
  const merged = open(story, 'another')
  alice.merge(merged)
  assert.match(
    await ask(story, 'alice', '/canary next --env production', merged),
    /✅ #\d+: Canary production\/api-service v2: 5% → 25%/,
  )
  await until('a new step', () => story.repository().pulls('open').some(isStep))
})

test('on a merged pull request a percent opens a step pull request, and an older step gives way', async () => {
  const story = await aStory({ files: gitops(FAST, [95, 5]) })
  const { until } = story
  const alice = story.person('alice')
  const pull = open(story, 'merged')
  alice.merge(pull)
  const old = await until('the plan’s step', () =>
    story
      .repository()
      .pulls('open')
      .find(({ head }) => head.ref === 'canary/production/api-service/25'),
  )
  assert.match(
    await ask(story, 'alice', '/canary 10 --env production', pull),
    /✅ #\d+: Canary production\/api-service v2: 5% → 10%/,
  )
  await until('the older one closed', () => story.repository().pull(old.number).state === 'closed')
  assert.equal(story.weights('canary/production/api-service/10'), '90/10')
})

test('where the files do not say how versions are set, the finish is told about once', async () => {
  const files = gitops(FAST, [0, 100])
  const { [DR]: _gone, ...others } = files
  const kustomization = 'resources:\n  - ../../base\n  - applications/api-service/virtual-service.yaml\n'
  const origin = (others[VS] ?? '').replace(
    'canary-version: ""',
    'canary-version: "v2"\n    gitops.example.com/pr: "1"',
  )
  const story = await aStory({
    files: { ...others, [VS]: origin, 'overlays/production/kustomization.yaml': kustomization },
    env: { reconcileSeconds: 2 },
  })
  const { until } = story
  const pull = story.person('alice').openPullRequest({ branch: 'one', title: 'one', files: { 'README.md': 'z\n' } })
  story.person('alice').merge(pull.number)
  await until('the notice', () =>
    story
      .repository()
      .comments(1)
      .some(({ body }) => body.includes('cannot go on by itself')),
  )
  await sweeps(story)
  assert.equal(
    story
      .repository()
      .comments(1)
      .filter(({ body }) => body.includes('cannot go on by itself')).length,
    1,
  )
})

test('Perch merges by itself where the config says so, and only then', async () => {
  const config = FAST.replace('bake: 0.3s', 'bake: 0.3s\n    autoMerge: always').replace(
    '{ status: "kustomization/apps/*" }',
    '{ after: 0s }',
  )
  const story = await aStory({ files: gitops(config) })
  const { until, weights } = story
  const alice = story.person('alice')
  const pull = open(story, 'auto')
  await ask(story, 'alice', '/canary 5', pull)
  await until('green', () => checksOn(story.repository(), story.repository().branch('auto') ?? '').gate === 'success')
  assert.equal(story.repository().pull(pull).state, 'open')
  alice.merge(pull, { method: 'squash' })
  await until(
    'the whole rollout',
    () =>
      weights() === '100/0' &&
      (story.repository().file(DR) ?? '').includes('name: stable\n      labels:\n        version: v2'),
    180_000,
  )
  const steps = story
    .repository()
    .pulls('merged')
    .filter(({ author }) => author === 'perch[bot]')
  assert.deepEqual(
    steps.map(({ mergedBy }) => mergedBy),
    steps.map(() => 'perch[bot]'),
  )
})
