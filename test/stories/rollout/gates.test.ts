/** What holds a raise back because somebody said so: holds, freezes, windows, order, approvals, and another pull request. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RepositoryView } from '../../../src/sandbox/read.ts'
import { ask } from '../commands/commanding.ts'
import { aStory, checksOn, FAST, gitops, type Story, VS, weightsIn } from '../world.ts'

const STAGING = VS.replace('production', 'staging')

function open(story: Story, branch: string, path = VS): number {
  const touch = { [path]: `${story.repository().file(path) ?? ''}# ${branch}\n` }
  return story.person('alice').openPullRequest({ branch, title: branch, files: touch }).number
}

function gateOf(story: Story, pull: number): { readonly conclusion: string; readonly summary: string } {
  const head = story.repository().pull(pull).head.sha
  return { conclusion: checksOn(story.repository(), head).gate, summary: summaryOf(story, head) }
}

function summaryOf(story: Story, sha: string): string {
  return gateRun(story, sha)?.summary ?? ''
}

function gateRun(story: Story, sha: string): ReturnType<RepositoryView['checkRuns']>[number] | undefined {
  return story
    .repository()
    .checkRuns(sha)
    .find(({ name }) => name === 'canary/gate')
}

/** Waits until the gate of a pull request's head concludes so, and says what is expected. */
async function gate(story: Story, pull: number, conclusion: string, words = /./): Promise<void> {
  await story.until(`gate ${conclusion} ${words.source}`, () => {
    const found = gateOf(story, pull)
    return found.conclusion === conclusion && words.test(found.summary)
  })
}

test('a held rollout is not raised until somebody resumes it, and can be lowered meanwhile', async () => {
  const story = await aStory()
  const pull = open(story, 'v2')
  assert.match(await ask(story, 'alice', '/canary 5', pull), /0% → \*\*5%\*\*/)
  await gate(story, pull, 'success')
  assert.match(await ask(story, 'mallory', '/canary hold', pull), /needs \*\*write\*\* access/)
  assert.match(await ask(story, 'alice', '/canary hold wait for @bob', pull), /⏸️ Held: `production\/api-service`/)
  await gate(story, pull, 'action_required', /held by `alice`: wait for @\u200Bbob\. `\/canary resume` lets it go on/)
  assert.ok(story.repository().branch('perch/hold/production/api-service'))
  assert.match(await ask(story, 'alice', '/canary hold', pull), /Already held/)
  assert.match(await ask(story, 'alice', '/canary 0', pull), /0%/)
  await gate(story, pull, 'success')
  assert.match(await ask(story, 'alice', '/canary 5', pull), /5%/)
  await gate(story, pull, 'action_required', /held/)
  assert.match(await ask(story, 'alice', '/canary resume', pull), /▶️ Resumed: `production\/api-service`/)
  await gate(story, pull, 'success')
  assert.equal(story.repository().branch('perch/hold/production/api-service'), undefined)
  assert.match(await ask(story, 'alice', '/canary resume', pull), /Nothing is held|Resumed/)
})

test('a hold on the step pull request marks it with a label, and a deleted branch lifts it', async () => {
  const story = await aStory()
  const pull = open(story, 'v2')
  await ask(story, 'alice', '/canary 5', pull)
  await gate(story, pull, 'success')
  story.person('alice').merge(pull)
  const step = await story.until('the step', () =>
    story
      .repository()
      .pulls('open')
      .find(({ head }) => head.ref === 'canary/production/api-service/25'),
  )
  assert.match(await ask(story, 'alice', '/canary hold', pull), /⏸️ Held/)
  await gate(story, step.number, 'action_required', /held by `alice`/)
  await story.until('the label', () => story.repository().pull(step.number).labels.includes('canary:hold'))
  story.person('alice').deleteBranch('perch/hold/production/api-service')
  await story.until('no label', () => !story.repository().pull(step.number).labels.includes('canary:hold'))
  assert.doesNotMatch(gateOf(story, step.number).summary, /held/)
})

test('a frozen environment takes no raises until it is thawed, others go on', async () => {
  const story = await aStory()
  const pull = open(story, 'v2')
  await ask(story, 'alice', '/canary 5', pull)
  await gate(story, pull, 'success')
  assert.match(await ask(story, 'alice', '/freeze production', pull), /needs \*\*maintain\*\* access/)
  assert.match(
    await ask(story, 'olga', '/freeze moon', pull),
    /no environment `moon` here\. Known here: `production`, `staging`/,
  )
  assert.match(await ask(story, 'olga', '/freeze production --until 2020-01-01', pull), /is in the past/)
  assert.match(await ask(story, 'olga', '/freeze production --until soon', pull), /`soon` is not a time/)
  const said = await ask(story, 'olga', '/freeze production --until 2h release week', pull)
  assert.match(said, /❄️ `production` is frozen until \d{4}-.* UTC/)
  await gate(story, pull, 'action_required', /the environment is frozen by `olga` until .* UTC: release week\./)
  const other = open(story, 'v2-staging', STAGING)
  await ask(story, 'alice', '/canary 5 --env staging', other)
  await gate(story, other, 'success')
  assert.match(await ask(story, 'olga', '/freeze production', pull), /is already frozen by `olga`/)
  assert.match(await ask(story, 'olga', '/unfreeze production', pull), /can go on/)
  await gate(story, pull, 'success')
  assert.match(await ask(story, 'olga', '/unfreeze production', pull), /is not frozen by a command|can go on/)
})

test('a freeze that runs out lets the pull request go on by itself', async () => {
  const story = await aStory()
  const pull = open(story, 'v2')
  await ask(story, 'alice', '/canary 5', pull)
  await ask(story, 'olga', '/freeze production --until 15s', pull)
  await gate(story, pull, 'action_required', /frozen by `olga`/)
  await gate(story, pull, 'success')
})

test('a freeze of the config that begins while a green pull request waits closes its gate by itself', async () => {
  const story = await aStory()
  const { clock } = story
  const begins = Math.ceil(clock.now() / 60_000) * 60_000 + 60_000
  const minute = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ')
  const frozen = `frozen: [{ from: "${minute(begins)}", until: "${minute(begins + 86_400_000)}" }]`
  const config = FAST.replace('path: overlays/production,', `$& ${frozen},`)
  story.person('alice').push('main', { '.github/canary.yml': config }, 'Freeze')
  const pull = open(story, 'v2')
  await ask(story, 'alice', '/canary 5', pull)
  await gate(story, pull, 'success')
  await gate(story, pull, 'action_required', /allows no raises in `production` until /)
  assert.ok(clock.now() >= begins, 'not before')
})

test('a maintainer passes a closed gate for one commit, on the record', async () => {
  const story = await aStory()
  const pull = open(story, 'v2')
  await ask(story, 'alice', '/canary 5', pull)
  await gate(story, pull, 'success')
  assert.match(await ask(story, 'olga', '/canary override hold urgent', pull), /No gate of this pull request is closed/)
  await ask(story, 'alice', '/canary hold', pull)
  await gate(story, pull, 'action_required', /held/)
  assert.match(await ask(story, 'alice', '/canary override hold urgent', pull), /needs \*\*maintain\*\*/)
  assert.match(
    await ask(story, 'olga', '/canary override bake urgent', pull),
    /`bake` does not hold .* These gates do: `hold`/,
  )
  assert.match(await ask(story, 'olga', '/canary override weather urgent', pull), /`weather` is not a gate/)
  assert.match(await ask(story, 'olga', '/canary override hold', pull), /is incomplete\. Usage/)
  const said = await ask(story, 'olga', '/canary override hold the fix --> is in <!-- it -->', pull)
  assert.match(said, /\*\*hold\*\* is passed for [0-9a-f]{7} and no other commit, by `olga`/)
  await gate(story, pull, 'success', /✅ \*\*hold\*\* .* passed by `olga` for this commit/)
  // It holds when the check is run again, and not for the next commit.
  await ask(story, 'alice', '/canary retry', pull)
  await gate(story, pull, 'success', /passed by `olga`/)
  story.person('alice').push('v2', { 'README.md': 'more\n' })
  await gate(story, pull, 'action_required', /held/)
})

test('nobody but Perch can write the record of an override', async () => {
  const story = await aStory()
  const pull = open(story, 'v2')
  await ask(story, 'alice', '/canary 5', pull)
  await ask(story, 'alice', '/canary hold', pull)
  await gate(story, pull, 'action_required', /held/)
  const head = story.repository().pull(pull).head.sha
  const record = `<!-- perch:override:hold:${head}:olga:why -->`
  story.person('alice').comment(pull, `<!-- perch:answer:1 -->\n\n${record}`)
  const answer = story
    .repository()
    .comments(pull)
    .find(({ body }) => body.includes('Held:'))
  assert.ok(answer)
  story.person('alice').editComment(answer.id, `${answer.body}\n\n${record}`)
  await ask(story, 'alice', '/canary retry', pull)
  await gate(story, pull, 'action_required', /held/)
})

const ORDERED = FAST.replace('path: overlays/production,', 'path: overlays/production, after: staging,')

test('production waits until staging has done the step', async () => {
  const story = await aStory({ files: gitops(ORDERED) })
  const production = open(story, 'v2')
  await ask(story, 'alice', '/canary 5', production)
  await gate(
    story,
    production,
    'action_required',
    /\*\*order\*\* .*`staging` must do this step first, and is at 0%: it must reach 5%/,
  )
  const staging = open(story, 'v2-staging', STAGING)
  await ask(story, 'alice', '/canary 5 --env staging', staging)
  await gate(story, staging, 'success')
  story.person('alice').merge(staging)
  await gate(story, production, 'success', /`staging` has done this step/)
})

test('a raise waits for as many approvals of its head as the config asks for, of people who may write', async () => {
  const config = FAST.replace('path: overlays/production,', 'path: overlays/production, approvals: 1,')
  const story = await aStory({ files: gitops(config), env: { reconcileSeconds: 1 } })
  const pull = open(story, 'v2')
  await ask(story, 'alice', '/canary 5', pull)
  await gate(story, pull, 'action_required', /needs 1 more approval .*\(0 of 1\)/)
  story.person('mallory').review(pull, 'APPROVE')
  await ask(story, 'alice', '/canary retry', pull)
  await gate(story, pull, 'action_required', /needs 1 more approval .*\(0 of 1\)/)
  story.person('olga').review(pull, 'APPROVE')
  await gate(story, pull, 'success', /approved .*\(1 of 1\)/)
})

test('the second pull request that moves a route waits for the first, and says for which', async () => {
  const story = await aStory()
  const first = open(story, 'v2')
  const second = open(story, 'v2-again')
  await ask(story, 'alice', '/canary 10', second)
  await gate(story, second, 'success')
  await ask(story, 'alice', '/canary 5', first)
  await gate(story, first, 'success')
  await gate(story, second, 'action_required', new RegExp(`#${first} is older and moves the same route`))
  story.person('alice').close(first)
  await gate(story, second, 'success')
})

test('a window in the config freezes an environment, and says until when', async () => {
  const config = FAST.replace(
    'path: overlays/production,',
    'path: overlays/production, frozen: [{ from: "2020-01-01", until: "2099-01-01", reason: "the long winter" }],',
  )
  const story = await aStory({ files: gitops(config) })
  const pull = open(story, 'v2')
  await ask(story, 'alice', '/canary 5', pull)
  await gate(
    story,
    pull,
    'action_required',
    /allows no raises in `production` until 2099-01-01 00:00:00 UTC.*the long winter/,
  )
})

test('why, diff, plan and promote', async () => {
  const story = await aStory()
  const pull = open(story, 'v2')
  assert.match(await ask(story, 'mallory', '/canary why', pull), /Nothing holds this pull request back/)
  await ask(story, 'alice', '/canary 5', pull)
  await ask(story, 'alice', '/canary hold', pull)
  assert.match(await ask(story, 'mallory', '/canary why', pull), /⏳ \*\*hold\*\* .* → `\/canary resume`/)
  assert.match(await ask(story, 'mallory', '/canary diff', pull), /VirtualService api-service[\s\S]*-.*weight: 100/)
  assert.match(
    await ask(story, 'alice', '/canary plan', pull),
    /The plan of `production\/api-service` is 5% → 25% → 100%/,
  )
  assert.match(
    await ask(story, 'alice', '/canary plan [50,25]', pull),
    /`\[50,25\]` is not a plan\. Write rising percentages/,
  )
  assert.match(await ask(story, 'alice', '/canary promote', pull), /0% → \*\*100%\*\*/)
  assert.equal(weightsIn(story.repository().file(VS, 'v2') ?? ''), '0/100')
})

test('a plan that is replaced on a pull request is what the steps after it follow, also when the step is planned again', async () => {
  const story = await aStory({
    files: gitops(FAST.replace('status: "kustomization/apps/*"', 'after: 0s')),
  })
  const pull = open(story, 'v2')
  await ask(story, 'alice', '/canary 5', pull)
  assert.match(await ask(story, 'mallory', '/canary plan 10,100', pull), /needs \*\*write\*\* access/)
  assert.match(
    await ask(story, 'alice', '/canary plan [10, 50, 100]', pull),
    /when this pull request merges, the plan of `production\/api-service` becomes 10% → 50% → 100%\./,
  )
  assert.match(await ask(story, 'alice', '/canary plan [10,50,100]', pull), /is 10% → 50% → 100% already/)
  assert.match(story.repository().file(VS, 'v2') ?? '', /gitops\.example\.com\/steps: "?10,50,100"?/)
  await gate(story, pull, 'success')
  story.person('alice').merge(pull)
  const stepTo = (share: number): Promise<{ number: number; body: string }> =>
    story.until(`a step to ${share}`, () =>
      story
        .repository()
        .pulls('open')
        .find(({ head }) => head.ref === `canary/production/api-service/${share}`),
    )
  const step = await stepTo(10)
  assert.match(
    await ask(story, 'alice', '/canary plan 10,20,100', pull),
    new RegExp(`on the open step, #${step.number}`),
  )
  assert.match(await ask(story, 'alice', '/canary plan 10,20,100', step.number), /becomes 10% → 20% → 100%\./)
  // Somebody edits the weights on the base branch: the step is made again on top of that, with the plan it brings.
  const edited = (story.repository().file(VS) ?? '')
    .replace('weight: 95', 'weight: 96')
    .replace(/weight: 5$/m, 'weight: 4')
  story.person('alice').push('main', { [VS]: edited })
  await story.until('a commit on the new base', () => {
    const [commit] = story.repository().log('canary/production/api-service/10')
    return commit?.parents[0] === story.repository().branch('main')
  })
  await gate(story, step.number, 'success')
  assert.match(story.repository().file(VS, 'canary/production/api-service/10') ?? '', /steps: "?10,20,100"?/)
  story.person('alice').merge(step.number)
  await stepTo(20)
})

/** The conclusion of both checks on a commit of the merge queue. */
async function groupEnds(story: Story, sha: string): Promise<string> {
  return story.until('both checks of the group', () => {
    const { validate, gate: own } = checksOn(story.repository(), sha)
    return validate !== '-' && own !== '-' && own !== 'in_progress' && `${validate} ${own}`
  })
}

test('a merge group gets both checks, of the change that it would make as a whole', async () => {
  const story = await aStory({
    files: gitops(FAST.replace('status: "kustomization/apps/*"', 'after: 0s')),
  })
  const { repository } = story
  const alice = story.person('alice')
  const readme = alice.openPullRequest({ branch: 'readme', title: 'readme', files: { 'README.md': 'x\n' } }).number
  const first = open(story, 'v2')
  await ask(story, 'alice', '/canary 5', first)
  await gate(story, first, 'success')
  const quiet = alice.enqueue(readme)
  assert.equal(await groupEnds(story, quiet.sha), 'success success')
  quiet.remove()
  const raised = alice.enqueue(readme, first)
  assert.equal(await groupEnds(story, raised.sha), 'success success')
  raised.merge()
  assert.equal(weightsIn(repository().file(VS) ?? ''), '95/5')
})

test('two steps of one rollout never merge together in a merge group', async () => {
  const story = await aStory({
    files: gitops(FAST.replace('status: "kustomization/apps/*"', 'after: 0s')),
  })
  const alice = story.person('alice')
  const text = story.repository().file(VS) ?? ''
  const at = (percent: number): string =>
    text.replace(/weight: 100 /, `weight: ${100 - percent} `).replace(/weight: 0\n/, `weight: ${percent}\n`)
  const first = alice.openPullRequest({ branch: 'five', title: 'five', files: { [VS]: at(5) } }).number
  // On top of the first, as people stack them: so they do not conflict.
  alice.forcePush('twenty', story.repository().branch('five') ?? '')
  const second = alice.openPullRequest({ branch: 'twenty', title: 'twenty', files: { [VS]: at(20) } }).number
  await gate(story, first, 'success')
  await gate(story, second, 'action_required', /is older and moves the same route/)
  const both = alice.enqueue(first, second)
  assert.equal(await groupEnds(story, both.sha), 'success failure')
  assert.match(
    summaryOf(story, both.sha),
    new RegExp(`#${first} and #${second} both raise it and would merge together`),
  )
})

test('in a merge group an override counts for what its own pull request does, and for nobody else’s', async () => {
  const story = await aStory({
    files: gitops(FAST.replace('status: "kustomization/apps/*"', 'after: 0s')),
  })
  const alice = story.person('alice')
  const raise = (path: string, branch: string): number => {
    const text = (story.repository().file(path) ?? '').replace('weight: 100 ', 'weight: 95 ')
    const files = { [path]: text.replace(/weight: 0$/m, 'weight: 5') }
    return alice.openPullRequest({ branch, title: branch, files }).number
  }
  const passed = raise(STAGING, 'staging')
  const other = raise(VS, 'production')
  for (const environment of ['staging', 'production']) await ask(story, 'olga', `/freeze ${environment}`, passed)
  for (const pull of [passed, other]) await gate(story, pull, 'action_required', /frozen/)
  await ask(story, 'olga', '/canary override freeze urgent', passed)
  await gate(story, passed, 'success')
  const alone = alice.enqueue(passed)
  assert.equal(await groupEnds(story, alone.sha), 'success success')
  alone.remove()
  const both = alice.enqueue(passed, other)
  assert.equal(await groupEnds(story, both.sha), 'success action_required')
  assert.match(summaryOf(story, both.sha), /production.*frozen by `olga`/)
  both.remove()
  await ask(story, 'olga', '/canary override freeze urgent too', other)
  await gate(story, other, 'success')
  const again = alice.enqueue(other, passed)
  assert.equal(await groupEnds(story, again.sha), 'success success')
})

test('the buttons of a step: hold, resume and roll back', async () => {
  const story = await aStory()
  const pull = open(story, 'v2')
  await ask(story, 'alice', '/canary 5', pull)
  await gate(story, pull, 'success')
  story.person('alice').merge(pull)
  const step = await story.until('the step', () =>
    story
      .repository()
      .pulls('open')
      .find(({ head }) => head.ref === 'canary/production/api-service/25'),
  )
  await gate(story, step.number, 'action_required')
  const run = (sha: string): { readonly id: number; readonly buttons: string } => {
    const found = gateRun(story, sha)
    return { id: found?.id ?? 0, buttons: (found?.actions ?? []).map(({ identifier }) => identifier).join(' ') }
  }
  const answer = async (words: RegExp): Promise<void> => {
    await story.until(`an answer: ${words.source}`, () =>
      story
        .repository()
        .comments(step.number)
        .find(({ body }) => body.startsWith('<!-- perch:button:') && words.test(body)),
    )
  }
  const { id, buttons } = run(step.head.sha)
  assert.equal(buttons, 'retry hold abort')
  story.person('alice').pressButton(id, 'hold')
  await answer(/⏸️ Held: `production\/api-service`/)
  await gate(story, step.number, 'action_required', /held by `alice`/)
  assert.equal(run(step.head.sha).buttons, 'retry resume abort')
  story.person('alice').pressButton(id, 'resume')
  await answer(/▶️ Resumed: `production\/api-service`/)
  story.person('alice').pressButton(id, 'abort')
  await answer(/🛑 Closed #\d+\. Merge #\d+ to send all traffic back/)
  assert.equal(story.repository().pull(step.number).state, 'closed')
})
