/** `/promote`: a pull request carries configuration from one environment to another. */
import assert from 'node:assert/strict'
import {
  answers,
  aPull,
  aWorld,
  branches,
  comments,
  flux,
  gateOf,
  merges,
  openSteps,
  queue,
  says,
  shareOn,
  textOn,
  type World,
  type WorldOptions,
} from '../world.ts'
import { routeFile, subsetsFile, withShare } from '../../simulate/repository.ts'
import type { Pull } from '../../memory/github/github.ts'
import { recordedIn } from '../recorded/account.ts'

const test = recordedIn(import.meta.url)

const STAGING = routeFile('staging', 'web')
const PRODUCTION = routeFile('production', 'web')
const TIMEOUT = '    - timeout: 3s   # as the callers wait\n      route:'

/** Staging has a new rule, another version and its own policy. Production has the same route without them. */
function differing(text: string): string {
  return text.replace('    - route:', TIMEOUT)
}

async function twoEnvironments(options: WorldOptions = {}): Promise<{ readonly world: World; readonly pull: Pull }> {
  const world = await aWorld({ environments: ['staging', 'production'], ...options })
  world.alice.push('main', {
    [STAGING]: differing(textOn(world, 'main', STAGING)),
    [subsetsFile('staging', 'web')]: textOn(world, 'main', subsetsFile('staging', 'web')).replaceAll('v1', 'v7'),
    'apps/staging/policy.yaml': POLICY,
    'apps/staging/secret.yaml': SECRET,
  })
  await world.settle()
  const pull = await aPull(world, { 'README.md': 'Please promote.\n' }, 'Ask')
  return { world, pull }
}

const POLICY = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: web
spec:
  action: ALLOW
`
const SECRET = `apiVersion: v1
kind: Secret
metadata:
  name: web-key
stringData:
  key: not-to-be-copied
`

/** The only open pull request of Perch. */
function promotionIn(world: World): Pull {
  const [first, ...others] = openSteps(world)
  assert.ok(first !== undefined && others.length === 0, `${openSteps(world).length} are open`)
  return first
}

test('one pull request carries the differences to the target, and weights and Secrets stay', async () => {
  const { world, pull } = await twoEnvironments({ share: 0 })
  const weights = textOn(world, 'main', PRODUCTION)
  await says(world, 'alice', pull, '/promote staging production')
  const made = promotionIn(world)
  assert.equal(made.head.ref, 'promote/staging/production')
  assert.equal(made.title, 'Promote all: staging → production')
  assert.deepEqual([...made.labels].sort(), ['production', 'promotion'])
  assert.match(answers(world, pull).join('\n'), new RegExp(`#${made.number}`))
  assert.equal(
    textOn(world, made.head.ref, PRODUCTION),
    weights
      .replace('- route:', '- route:')
      .replace('          weight: 0\n', '          weight: 0\n      timeout: 3s\n'),
  )
  assert.match(textOn(world, made.head.ref, subsetsFile('production', 'web')), /version: v7/)
  assert.equal(textOn(world, made.head.ref, 'apps/production/policy.yaml'), POLICY)
  assert.equal(textOn(world, made.head.ref, 'apps/production/secret.yaml'), '')
  assert.match(made.body, /\*\*What is promoted\*\*/)
  assert.match(made.body, /Perch never copies Secrets: `apps\/staging\/secret.yaml`/)
  assert.match(made.body, /- \[ \] The configuration is reviewed/)
  assert.match(made.body, /timeout: 3s/)
  assert.doesNotMatch(made.body, /not-to-be-copied/)
})

test('a dry run only answers, and a promotion to itself or to a missing environment is refused', async () => {
  const { world, pull } = await twoEnvironments()
  await says(world, 'alice', pull, '/promote staging production --dry-run')
  await says(world, 'alice', pull, '/promote staging staging')
  await says(world, 'alice', pull, '/promote staging prod')
  await says(world, 'alice', pull, '/promote staging production nothing')
  await says(world, 'mallory', pull, '/promote staging production')
  const [dry, same, nowhere, nothing, denied] = answers(world, pull)
  assert.match(dry ?? '', /Nothing was committed.*What is promoted.*What is not promoted, and why/s)
  assert.match(same ?? '', /You named `staging` twice/)
  assert.match(nowhere ?? '', /There is no environment `prod` here. Known here: .*`staging`/)
  assert.match(nothing ?? '', /There is no service `nothing` in `staging`. Known here: `web`/)
  assert.match(denied ?? '', /cannot do this/)
  assert.deepEqual(openSteps(world), [])
})

test('a repeated promotion is the same one, and equal environments have nothing to promote', async () => {
  const { world, pull } = await twoEnvironments()
  await says(world, 'alice', pull, '/promote staging production')
  await says(world, 'alice', pull, '/promote staging production')
  const made = promotionIn(world)
  await says(world, 'alice', pull, '/promote staging production web')
  assert.match(answers(world, pull).at(-1) ?? '', new RegExp(`#${made.number} is open and carries some of the same`))
  await world.pass(5)
  await merges(world, 'bob', made)
  assert.match(textOn(world, 'main', PRODUCTION), /timeout/)
  await says(world, 'alice', pull, '/promote staging production')
  assert.match(answers(world, pull).at(-1) ?? '', /There is nothing to promote from `staging` to `production`/)
  await says(world, 'alice', pull, '/promote production staging')
  assert.match(answers(world, pull).at(-1) ?? '', /Perch never copies Secrets|Only the target has these/)
})

test('a promotion is planned again when either side moves, unless somebody changed it', async () => {
  const { world, pull } = await twoEnvironments()
  await says(world, 'alice', pull, '/promote staging production')
  const made = promotionIn(world)
  world.alice.push('main', { [STAGING]: textOn(world, 'main', STAGING).replace('3s', '4s') })
  await world.settle()
  assert.match(textOn(world, made.head.ref, PRODUCTION), /timeout: 4s/)
  assert.deepEqual(branches(openSteps(world)), [made.head.ref])
  world.alice.push(made.head.ref, { 'README.md': 'Mine.\n' })
  world.alice.push('main', { [STAGING]: textOn(world, 'main', STAGING).replace('4s', '5s') })
  await world.settle()
  assert.match(textOn(world, made.head.ref, PRODUCTION), /timeout: 4s/)
  assert.match(comments(world, made).join('\n'), /Somebody pushed to this promotion/)
})

test('a promotion that is planned again and again still says who asked for it', async () => {
  const { world, pull } = await twoEnvironments()
  await says(world, 'bob', pull, '/promote staging production')
  const made = promotionIn(world)
  for (const timeout of ['4s', '5s']) {
    world.alice.push('main', {
      [STAGING]: textOn(world, 'main', STAGING).replace(/timeout: \ds/, `timeout: ${timeout}`),
    })
    await world.settle()
    assert.match(textOn(world, made.head.ref, PRODUCTION), new RegExp(`timeout: ${timeout}`))
    assert.match(made.body, new RegExp(`Asked by \`bob\` in #${pull.number}\\.`))
  }
})

test('a share that a command set on a promotion stays when the promotion would be planned again', async () => {
  const { world, pull } = await twoEnvironments()
  await says(world, 'alice', pull, '/promote staging production web')
  const made = promotionIn(world)
  await says(world, 'alice', made, '/canary 5')
  assert.equal(shareOn(world, made.head.ref), 5)
  world.alice.push('main', { 'README.md': 'Another change.\n' })
  await world.settle()
  assert.equal(shareOn(world, made.head.ref), 5)
  world.alice.push('main', { [STAGING]: textOn(world, 'main', STAGING).replace('3s', '4s') })
  await world.settle()
  assert.equal(shareOn(world, made.head.ref), 5)
  assert.match(comments(world, made).join('\n'), /Somebody pushed to this promotion or changed it with a command/)
})

test('the gate of a promotion requires that the source is live, and checks the order, approvals and freezes', async () => {
  const config = { live: 'status', isOrdered: true, approvals: 1 } as const
  const { world, pull } = await twoEnvironments({ config })
  await says(world, 'alice', pull, '/promote staging production')
  const made = promotionIn(world)
  assert.match(gateOf(world, made), /^action_required: Waiting for order and approvals: `?staging`? must run/)
  await flux(world, 'success')
  assert.match(gateOf(world, made), /^action_required: Waiting for approvals/)
  world.bob.approve(made)
  await world.settle()
  assert.match(gateOf(world, made), /^success/)
  await says(world, 'olga', pull, '/freeze production sale')
  assert.match(gateOf(world, made), /^action_required: Waiting for freeze/)
  await says(world, 'olga', pull, '/unfreeze production')
  assert.match(gateOf(world, made), /^success/)
})

test('a promotion with a share names a gate once that the promotion and the share have in common', async () => {
  const { world, pull } = await twoEnvironments({ config: { approvals: 1 } })
  await says(world, 'alice', pull, '/promote staging production web')
  const made = promotionIn(world)
  await says(world, 'alice', made, '/canary 5')
  await says(world, 'alice', made, '/canary why')
  const [why = ''] = answers(world, made).slice(-1)
  assert.equal(why.split('**approvals**').length - 1, 1, why)
})

test('a target in the middle of a rollout is left alone until that ends', async () => {
  const { world, pull } = await twoEnvironments()
  // Otherwise the promotion would conflict with the rollout, because both change the same lines.
  world.alice.push('main', { [STAGING]: textOn(world, 'main', PRODUCTION) })
  await world.settle()
  await says(world, 'alice', pull, '/promote staging production')
  const made = promotionIn(world)
  const notes = '  annotations: { perch.dev/canary-percentage: "5" }\nspec:'
  const rolling = withShare(textOn(world, 'main', PRODUCTION), 5).replace('spec:', notes)
  const change = await aPull(world, { [PRODUCTION]: rolling }, 'Start')
  await merges(world, 'bob', change)
  await says(world, 'alice', pull, '/promote staging production')
  assert.match(answers(world, pull).at(-1) ?? '', /A rollout of `web` is running in `production` \(5%\)/)
  assert.match(gateOf(world, made), /^action_required: Waiting for .*conflict/)
})

test('a rollout of another service in the target does not hold back the promotion of one', async () => {
  const { world, pull } = await twoEnvironments({ services: ['web', 'api'] })
  const path = routeFile('production', 'api')
  const notes = '  annotations: { perch.dev/canary-percentage: "5" }\nspec:'
  const rolling = withShare(textOn(world, 'main', path), 5).replace('spec:', notes)
  await merges(world, 'bob', await aPull(world, { [path]: rolling }, 'Start'))
  await says(world, 'alice', pull, '/promote staging production')
  assert.match(answers(world, pull).at(-1) ?? '', /A rollout of `api` is running in `production` \(5%\)/)
  await says(world, 'alice', pull, '/promote staging production web')
  assert.match(answers(world, pull).at(-1) ?? '', /✅/)
})

test('a hold on a service holds its promotion and that of everything, and not the promotion of another service', async () => {
  const { world, pull } = await twoEnvironments({ services: ['web', 'api'] })
  const held = 'perch/hold/production/api'
  world.alice.push(held, { 'README.md': 'x\n' })
  await world.settle()
  await says(world, 'alice', pull, '/promote staging production web')
  const web = promotionIn(world)
  await world.pass(5)
  assert.match(gateOf(world, web), /^success/)
  world.alice.push('perch/hold/production/web', { 'README.md': 'x\n' })
  await world.settle()
  assert.match(gateOf(world, web), /^action_required: Waiting for hold/)
  world.alice.close(web)
  await world.settle()
  await says(world, 'alice', pull, '/promote staging production')
  assert.match(gateOf(world, promotionIn(world)), /^action_required: Waiting for hold/)
})

test('a promotion in the merge queue has its gate there, alone and next to others', async () => {
  const { world, pull } = await twoEnvironments()
  await says(world, 'alice', pull, '/promote staging production')
  const made = promotionIn(world)
  await world.pass(5)
  assert.match(gateOf(world, made), /^success/)
  const group = await queue(world, [pull, made])
  assert.match(group.gate(), /^success/)
  await says(world, 'olga', pull, '/freeze production sale')
  assert.match(group.gate(), /^action_required: Waiting for freeze/)
  await says(world, 'olga', pull, '/unfreeze production')
  assert.match(group.gate(), /^success/)
})

test('a promotion that waits in the merge queue for its source to be live is judged again when that is reported', async () => {
  const { world, pull } = await twoEnvironments({ config: { live: 'status' } })
  await says(world, 'alice', pull, '/promote staging production')
  const made = promotionIn(world)
  assert.match(gateOf(world, made), /^action_required/)
  const group = await queue(world, [made])
  assert.match(group.gate(), /^action_required: Waiting for order: staging must run what this promotes/)
  await flux(world, 'success')
  assert.match(group.gate(), /^success/)
})

test('a promotion is green by the reports about the commit that brought its source, however many came since', async () => {
  const { world, pull } = await twoEnvironments({ config: { live: 'status' } })
  await flux(world, 'success')
  for (let count = 0; count < 8; count += 1) world.alice.push('main', { 'README.md': `# ${count}\n` })
  await world.settle()
  await says(world, 'alice', pull, '/promote staging production')
  assert.match(gateOf(world, promotionIn(world)), /^success/)
})
