/** Moves refs through GraphQL: all of them or none, and only from where they are expected to be. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aBox, graphql, rest } from './support.ts'

const MOVE = `mutation ($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }`

test('Refs move only from the commits that the update names, and together', async (t) => {
  const { box, repo, token } = await aBox(t)
  const alice = box.person('alice')
  const [one, two] = [alice.push('one', { a: '1' }), alice.push('two', { b: '1' })]
  const main = repo.branch('main') ?? ''
  const { body: about } = await rest(box, 'GET /repos/acme/infra', { token })
  const update = async (
    refUpdates: readonly object[],
    as = token,
  ): Promise<{ readonly errors?: readonly { readonly type: string }[] }> =>
    (await graphql(box, as, MOVE, { input: { repositoryId: about.node_id, refUpdates } })).body
  const move = (name: string, beforeOid: string, afterOid: string, force = true): object => ({
    name: `refs/heads/${name}`,
    beforeOid,
    afterOid,
    force,
  })
  assert.equal((await update([move('one', one, main), move('two', one, main)])).errors?.[0]?.type, 'UNPROCESSABLE')
  assert.deepEqual([repo.branch('one'), repo.branch('two')], [one, two])
  assert.equal((await update([move('one', one, main, false)])).errors?.[0]?.type, 'UNPROCESSABLE')
  const reader = box.installation.token({ permissions: { contents: 'read' } })
  assert.equal((await update([move('one', one, main)], reader)).errors?.[0]?.type, 'FORBIDDEN')
  assert.equal((await update([move('one', one, main), move('two', two, one)])).errors, undefined)
  assert.deepEqual([repo.branch('one'), repo.branch('two')], [main, one])
  assert.equal((await update([move('two', one, '0'.repeat(40))])).errors, undefined)
  assert.equal(repo.branch('two'), undefined)
})
