/** Creates git objects without a branch. https://docs.github.com/rest/git/trees, https://docs.github.com/rest/git/commits */
import * as z from 'zod'
import { writeObject, writeTree } from '../git/loose.ts'
import { hasObject, listTree, writeCommitOf } from '../git/objects.ts'
import { gitCommitPayload } from '../payload/commits.ts'
import { repoApi } from '../payload/links.ts'
import { signatureOf, webFlow } from '../state/authors.ts'
import { Refusal } from '../state/refusal.ts'
import type { Repository } from '../state/types.ts'
import { authorOf } from '../wire/auth.ts'
import { bodyOf, repoRoute, type Answer, type Call, type Route } from './route.ts'

const TreeBody = z.object({
  tree: z
    .array(
      z.object({
        path: z.string(),
        mode: z.enum(['100644', '100755', '040000', '160000', '120000']),
        type: z.enum(['blob', 'tree', 'commit']),
        sha: z.string().optional(),
        content: z.string().optional(),
      }),
    )
    .min(1),
})

/** Creates a tree of whole files. `base_tree`, which changes another tree, is not modelled. */
function createTree(call: Call, repo: Repository): Answer {
  const { tree } = bodyOf(call, TreeBody)
  const nodes = tree.map(({ path, mode, type, sha, content }) => {
    if (path.includes('/')) throw new Refusal(422, 'tree.path contains a malformed path component')
    const object = sha ?? writeObject(repo.bare, 'blob', Buffer.from(content ?? ''))
    if (!hasObject(repo.bare, object)) throw new Refusal(422, `tree.sha ${object} is not a valid ${type}`)
    return { mode: mode.replace(/^0/, ''), name: path, sha: object }
  })
  const sha = writeTree(repo.bare, nodes)
  const entries = listTree(repo.bare, sha, 'one').map((entry) => ({
    path: entry.path,
    mode: entry.mode,
    type: entry.type,
    sha: entry.sha,
    size: entry.size,
    url: repoApi(call.world, repo, `/git/${entry.type}s/${entry.sha}`),
  }))
  const url = repoApi(call.world, repo, `/git/trees/${sha}`)
  return { status: 201, body: { sha, url, tree: entries, truncated: false } }
}

const CommitBody = z.object({ message: z.string(), tree: z.string(), parents: z.array(z.string()).default([]) })

/** Creates a commit without an explicit author, so that GitHub signs it for an App. */
function createCommit(call: Call, repo: Repository): Answer {
  const { message, tree, parents } = bodyOf(call, CommitBody)
  if (!hasObject(repo.bare, tree)) throw new Refusal(422, 'Tree SHA does not exist')
  if (!parents.every((parent) => hasObject(repo.bare, parent)))
    throw new Refusal(422, 'Parent SHA does not exist or is not a commit object')
  const now = call.world.now()
  const author = signatureOf(authorOf(call.actor).account, now)
  const sha = writeCommitOf(repo.bare, { tree, parents, author, committer: webFlow(now), message })
  repo.signed.add(sha)
  return { status: 201, body: gitCommitPayload(call.world, repo, sha) }
}

const REPO = '/repos/{owner}/{repo}'
const WRITE = { needs: ['contents:write'] } as const

export const OBJECT_ROUTES: readonly Route[] = [
  repoRoute(`POST ${REPO}/git/trees`, WRITE, createTree),
  repoRoute(`POST ${REPO}/git/commits`, WRITE, createCommit),
]
