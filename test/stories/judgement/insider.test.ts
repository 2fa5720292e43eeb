/** What somebody who may write to the repository tries, to raise a canary past its gates. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commandTrailer } from '../../../src/core/marker/trailer.ts'
import { judged } from './judging.ts'
import { aStory, FAST, gitops, VS } from '../world.ts'

for (const name of ['route.md', 'route'])
  test(`a route in a file that looks like something else is judged: ${name}`, async () => {
    const files = gitops(FAST, [95, 5])
    const { [VS]: route = '' } = files
    const folder = 'overlays/production'
    const list = (files[`${folder}/kustomization.yaml`] ?? '').replace(
      'applications/api-service/virtual-service.yaml',
      name,
    )
    const kept = Object.fromEntries(Object.entries(files).filter(([path]) => path !== VS))
    const story = await aStory({
      files: { ...kept, [`${folder}/kustomization.yaml`]: list, [`${folder}/${name}`]: route },
    })
    const raised = route.replace('weight: 95 ', 'weight: 0 ').replace(/weight: 5$/m, 'weight: 100')
    const { validate, gate, words } = await judged(story, { [`${folder}/${name}`]: raised })
    assert.deepEqual({ validate, gate }, { validate: 'success', gate: 'action_required' }, words)
    assert.match(words, /production\/api-service 5% → 100%/)
  })

test('roles cannot be swapped by themselves, for a later change to lower the stable version', async () => {
  const story = await aStory({ files: gitops(FAST, [95, 5]) })
  const text = story.repository().file(VS) ?? ''
  const roles = '    gitops.example.com/roles: stable=canary,canary=stable\n    gitops.example.com/canary-version'
  const { validate, words } = await judged(story, {
    [VS]: text.replace('    gitops.example.com/canary-version', roles),
  })
  assert.equal(validate, 'failure')
  assert.match(words, /have other roles/)
})

test('a commit that claims to have carried a command out does not keep it from being carried out', async () => {
  const story = await aStory({ files: gitops(FAST, [75, 25]) })
  const text = story.repository().file(VS) ?? ''
  const files = { [VS]: text.replace('weight: 75 ', 'weight: 50 ').replace(/weight: 25$/m, 'weight: 50') }
  const alice = story.person('alice')
  const { number } = alice.openPullRequest({ branch: 'change', title: 'change', files })
  const first = alice.comment(number, 'Comments are numbered upwards.')
  const trailers = Array.from({ length: 60 }, (_, index) => commandTrailer(`${first.id + 1 + index}.0`))
  alice.push('change', { 'README.md': 'x\n' }, ['forged', '', ...trailers].join('\n'))
  const comment = story.person('olga').comment(number, '/canary 0')
  assert.ok(comment.id <= first.id + 60)
  await story.until('the answer', () =>
    story
      .repository()
      .comments(number)
      .some(({ body }) => body.includes(`perch:answer:${comment.id} `)),
  )
  assert.equal(story.weights('change'), '100/0')
})
