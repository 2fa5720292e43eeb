/** The App is installed on a repository without a config. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PullView } from '../../../src/sandbox/read.ts'
import { checkout, perch } from '../../entry/perch.ts'
import { aStory, checksOn, gitops, type Story } from '../world.ts'

const CONFIG = '.github/canary.yml'

function onboardings({ repository }: Story): readonly PullView[] {
  return repository()
    .pulls()
    .filter(({ head }) => head.ref === 'perch/onboarding')
}

test('installing the App opens a pull request with the config of `perch init`; after it is closed, there is no other', async () => {
  const { [CONFIG]: _, ...files } = gitops()
  const story = await aStory({ files })
  const { box, until } = story
  const isDone = (pull: PullView): boolean => checksOn(story.repository(), pull.head.sha).gate === 'success'
  box.installation.remove()
  const installed = box.installation.installAgain()
  const pull = await until('the onboarding with its checks', () => onboardings(story).find(isDone))
  assert.deepEqual([pull.title, pull.author, pull.state], ['Set up Perch', 'perch[bot]', 'open'])
  assert.deepEqual(checksOn(story.repository(), pull.head.sha), { validate: 'success', gate: 'success' })
  const { out } = await perch('init', '--dry-run', '--dir', checkout(files))
  const text = story.repository().file(CONFIG, 'perch/onboarding') ?? ''
  assert.equal(out, `would write ${CONFIG}: 2 rollouts found.\n\n${text}`)

  story.person('alice').close(pull.number)
  await story.quiet()
  installed.remove()
  const again = installed.installAgain()
  await story.quiet()
  await story.pass(60_000)
  again.select()
  const mark = box.requests.mark()
  again.select(story.repository().fullName.replace(/.*\//, ''))
  await story.quiet()
  const { api } = box.requestsSince(mark)
  assert.ok(api > 0 && api <= 3, `${api} requests for a repository in which there is nothing to do`)
  assert.deepEqual(
    onboardings(story).map(({ number, state }) => [number, state]),
    [[pull.number, 'closed']],
  )
})

test('with ONBOARDING=off, installing the App opens no pull request', async () => {
  const { [CONFIG]: _, ...files } = gitops()
  const story = await aStory({ files, env: { onboarding: 'off' } })
  story.box.installation.remove()
  story.box.installation.installAgain()
  await story.pass(60_000)
  assert.deepEqual(onboardings(story), [])
  assert.ok(story.box.webhooks.deliveries.some(({ event }) => event === 'installation'))
})
