/** Refs and branches. https://docs.github.com/rest/git/refs */
import * as z from 'zod'
import { isAncestor } from '../git/history.ts'
import { hasObject } from '../git/objects.ts'
import { checkRefName, moveRef } from '../model/refs.ts'
import { requiredChecks, rulesetsOn } from '../model/rules.ts'
import { commitPayload, refPayload } from '../payload/commits.ts'
import { repoApi, repoHtml } from '../payload/links.ts'
import { branchHead } from '../state/refs.ts'
import { notFound, Refusal } from '../state/refusal.ts'
import type { Repository } from '../state/types.ts'
import { authorOf } from '../wire/auth.ts'
import { bodyOf, repoRoute, type Answer, type Call, type Route } from './route.ts'

const CreateBody = z.object({ ref: z.string(), sha: z.string() })
const UpdateBody = z.object({ sha: z.string(), force: z.boolean().optional() })

function refOf(call: Call): string {
  return `refs/${call.params['ref'] ?? ''}`
}

/** Refuses changes below `refs/pull`, which only GitHub makes. */
function checkWritable(ref: string): void {
  if (ref.startsWith('refs/pull/')) throw new Refusal(422, 'Reference update failed')
}

function getRef(call: Call, repo: Repository): Answer {
  const name = refOf(call)
  const sha = repo.refs.get(name)
  if (sha === undefined) throw notFound()
  return { status: 200, body: refPayload(call.world, repo, { name, sha }) }
}

/** All refs that start with a prefix, which may end within a name. */
function matchingRefs(call: Call, repo: Repository): Answer {
  const prefix = refOf(call)
  const found = [...repo.refs]
    .filter(([name]) => name.startsWith(prefix))
    .sort(([one], [other]) => (one < other ? -1 : 1))
  // GitHub returns all of them, without pages.
  return { status: 200, body: found.map(([name, sha]) => refPayload(call.world, repo, { name, sha })) }
}

function createRef(call: Call, repo: Repository): Answer {
  const { ref, sha } = bodyOf(call, CreateBody)
  checkRefName(repo, ref)
  checkWritable(ref)
  if (repo.refs.has(ref)) throw new Refusal(422, 'Reference already exists')
  checkObject(repo, sha)
  // Git stores refs like files, so `a` and `a/b` cannot both exist.
  const isInTheWay = [...repo.refs.keys()].some((name) => name.startsWith(`${ref}/`) || ref.startsWith(`${name}/`))
  if (isInTheWay) throw new Refusal(422, 'Reference update failed')
  moveRef(call.world, { repo, ref, to: sha, by: authorOf(call.actor) })
  return { status: 201, body: refPayload(call.world, repo, { name: ref, sha }) }
}

function updateRef(call: Call, repo: Repository): Answer {
  const ref = refOf(call)
  const { sha, force = false } = bodyOf(call, UpdateBody)
  const from = repo.refs.get(ref)
  if (from === undefined) throw new Refusal(422, 'Reference does not exist')
  checkWritable(ref)
  checkObject(repo, sha)
  if (!force && !isAncestor(repo.bare, from, sha)) throw new Refusal(422, 'Update is not a fast forward')
  moveRef(call.world, { repo, ref, to: sha, by: authorOf(call.actor) })
  return { status: 200, body: refPayload(call.world, repo, { name: ref, sha }) }
}

function checkObject(repo: Repository, sha: string): void {
  if (!hasObject(repo.bare, sha)) throw new Refusal(422, 'Object does not exist')
}

function deleteRef(call: Call, repo: Repository): Answer {
  const ref = refOf(call)
  if (!repo.refs.has(ref)) throw new Refusal(422, 'Reference does not exist')
  checkWritable(ref)
  if (ref === `refs/heads/${repo.defaultBranch}`) throw new Refusal(422, 'Cannot delete the default branch')
  moveRef(call.world, { repo, ref, to: undefined, by: authorOf(call.actor) })
  return { status: 204 }
}

function getBranch(call: Call, repo: Repository): Answer {
  const name = call.params['branch'] ?? ''
  const sha = branchHead(repo, name)
  if (sha === undefined) throw new Refusal(404, 'Branch not found')
  const self = repoApi(call.world, repo, `/branches/${name}`)
  const required = requiredChecks(repo, name)
  const isProtected = repo.protection.has(name) || rulesetsOn(repo, `refs/heads/${name}`).length > 0
  const body = {
    name,
    commit: commitPayload(call.world, repo, sha),
    _links: { self, html: repoHtml(call.world, repo, `/tree/${name}`) },
    protected: isProtected,
    protection: {
      enabled: isProtected,
      required_status_checks: {
        enforcement_level: levelOf(repo, name),
        contexts: required.map(({ context }) => context),
        checks: required.map(({ context, appId }) => ({ context, app_id: appId ?? null })),
      },
    },
    protection_url: `${self}/protection`,
  }
  return { status: 200, body }
}

function levelOf(repo: Repository, name: string): 'off' | 'non_admins' | 'everyone' {
  if (requiredChecks(repo, name).length === 0) return 'off'
  return repo.protection.get(name)?.enforceAdmins === false ? 'non_admins' : 'everyone'
}

const REPO = '/repos/{owner}/{repo}'
const READ = { needs: ['contents:read'] } as const
const WRITE = { needs: ['contents:write'] } as const

export const REF_ROUTES: readonly Route[] = [
  repoRoute(`GET ${REPO}/git/ref/{+ref}`, READ, getRef),
  repoRoute(`GET ${REPO}/git/matching-refs/{+ref}`, READ, matchingRefs),
  repoRoute(`POST ${REPO}/git/refs`, WRITE, createRef),
  repoRoute(`PATCH ${REPO}/git/refs/{+ref}`, WRITE, updateRef),
  repoRoute(`DELETE ${REPO}/git/refs/{+ref}`, WRITE, deleteRef),
  repoRoute(`GET ${REPO}/branches/{+branch}`, READ, getBranch),
]
