/** Commits, comparisons and contents. https://docs.github.com/rest/commits, https://docs.github.com/rest/repos/contents */
import { commitsBetween, diff, mergeBase } from '../git/history.ts'
import { findEntry, listTree, readBlob, readCommit, resolveCommit, type TreeEntry } from '../git/objects.ts'
import { commitPayload, filePayload } from '../payload/commits.ts'
import { repoApi, repoHtml } from '../payload/links.ts'
import { notFound, Refusal } from '../state/refusal.ts'
import type { Repository } from '../state/types.ts'
import type { Json } from '../state/world.ts'
import { page } from './paging.ts'
import { repoRoute, type Answer, type Call, type Route } from './route.ts'

function getCommit(call: Call, repo: Repository): Answer {
  const ref = call.params['ref'] ?? ''
  const sha = resolveCommit(repo.bare, ref.replace(/^heads\//, 'refs/heads/'))
  if (sha === undefined) throw new Refusal(422, `No commit found for SHA: ${ref}`)
  const files = diff(repo.bare, readCommit(repo.bare, sha).parents[0], sha)
  const sum = (key: 'additions' | 'deletions'): number => files.reduce((total, file) => total + file[key], 0)
  const stats = { total: sum('additions') + sum('deletions'), additions: sum('additions'), deletions: sum('deletions') }
  return page(call, files, {
    render: (file) => filePayload(call.world, repo, { file, sha }),
    wrap: (shown) => ({ ...commitPayload(call.world, repo, sha), stats, files: shown }),
  })
}

interface ComparedRefs {
  readonly base: string
  readonly head: string
  readonly fork: string
  /** The address in the request, `/compare/base...head`. */
  readonly address: string
}

function endsOf(call: Call, repo: Repository): ComparedRefs {
  const basehead = call.params['basehead'] ?? ''
  const [baseName = '', headName = ''] = basehead.split('...')
  const base = resolveCommit(repo.bare, baseName)
  const head = resolveCommit(repo.bare, headName)
  if (base === undefined || head === undefined) throw notFound()
  const fork = mergeBase(repo.bare, base, head)
  if (fork === undefined) throw notFound()
  return { base, head, fork, address: `/compare/${basehead}` }
}

/**
 * Only the first page lists files. Commits have pages if the request asks for them. Otherwise there are at most 100 (on GitHub:
 * 250).
 */
function compare(call: Call, repo: Repository): Answer {
  const { base, head, fork, address } = endsOf(call, repo)
  const { bare } = repo
  const commits = commitsBetween(bare, base, head)
  const behind = commitsBetween(bare, head, base).length
  const { query } = call
  const isPaged = query.has('page') || query.has('per_page')
  const files = (query.get('page') ?? '1') === '1' ? diff(bare, fork, head).slice(0, 300) : []
  const paged = isPaged ? call : { ...call, query: new URLSearchParams({ per_page: '100' }) }
  return page(paged, isPaged ? commits : commits.slice(0, 100), {
    render: (sha) => commitPayload(call.world, repo, sha),
    wrap: (list) => ({
      url: repoApi(call.world, repo, address),
      html_url: repoHtml(call.world, repo, address),
      permalink_url: repoHtml(call.world, repo, `/compare/${base.slice(0, 7)}...${head.slice(0, 7)}`),
      diff_url: repoHtml(call.world, repo, `${address}.diff`),
      patch_url: repoHtml(call.world, repo, `${address}.patch`),
      base_commit: commitPayload(call.world, repo, base),
      merge_base_commit: commitPayload(call.world, repo, fork),
      status: relation(commits.length, behind),
      ahead_by: commits.length,
      behind_by: behind,
      total_commits: commits.length,
      commits: list,
      files: files.map((file) => filePayload(call.world, repo, { file, sha: head })),
    }),
  })
}

function relation(ahead: number, behind: number): 'identical' | 'ahead' | 'behind' | 'diverged' {
  if (ahead === 0) return behind === 0 ? 'identical' : 'behind'
  return behind === 0 ? 'ahead' : 'diverged'
}

function getContents(call: Call, repo: Repository): Answer {
  const ref = call.query.get('ref') ?? repo.defaultBranch
  const path = (call.params['path'] ?? '').replace(/\/+$/, '')
  const sha = resolveCommit(repo.bare, ref)
  if (sha === undefined) throw new Refusal(404, `No commit found for the ref ${ref}`)
  const entry = path === '' ? undefined : findEntry(repo.bare, sha, path)
  if (path !== '' && entry === undefined) throw notFound()
  if (entry === undefined || entry.type === 'tree') {
    const folder = path === '' ? sha : `${sha}:${path}`
    const listing = listTree(repo.bare, folder, 'one').map((one) => ({
      ...one,
      path: path === '' ? one.path : `${path}/${one.path}`,
    }))
    return { status: 200, body: listing.map((one) => entryPayload(call, repo, { entry: one, ref })) }
  }
  return { status: 200, body: { ...entryPayload(call, repo, { entry, ref }), ...insides(repo, entry) } }
}

function entryPayload(call: Call, repo: Repository, at: { entry: TreeEntry; ref: string }): Json {
  const { entry, ref } = at
  const path = entry.path.split('/').map(encodeURIComponent).join('/')
  const kind = entry.type === 'tree' ? 'trees' : 'blobs'
  const self = repoApi(call.world, repo, `/contents/${path}?ref=${encodeURIComponent(ref)}`)
  const git = entry.type === 'commit' ? null : repoApi(call.world, repo, `/git/${kind}/${entry.sha}`)
  const page = repoHtml(call.world, repo, `/blob/${encodeURIComponent(ref)}/${path}`)
  return {
    name: entry.path.split('/').at(-1),
    path: entry.path,
    sha: entry.sha,
    size: entry.size,
    url: self,
    html_url: page,
    git_url: git,
    download_url: entry.type === 'blob' ? repoHtml(call.world, repo, `/raw/${encodeURIComponent(ref)}/${path}`) : null,
    type: typeOf(entry),
    _links: { self, git, html: page },
  }
}

function typeOf(entry: TreeEntry): 'file' | 'dir' | 'symlink' | 'submodule' {
  if (entry.type === 'tree') return 'dir'
  if (entry.type === 'commit') return 'submodule'
  return entry.mode === '120000' ? 'symlink' : 'file'
}

/** "Between 1-100 MB: only the raw or object custom media types are supported … the content field will be an empty string". */
const MAX_INLINE = 1024 * 1024

function insides(repo: Repository, entry: TreeEntry): Json {
  const type = typeOf(entry)
  if (type === 'symlink') return { target: readBlob(repo.bare, entry.sha).toString('utf8') }
  if (type === 'submodule') return { submodule_git_url: 'https://localhost/submodule.git' }
  if (entry.size > MAX_INLINE) return { content: '', encoding: 'none' }
  // GitHub breaks the lines of base64 after 60 characters.
  const content = readBlob(repo.bare, entry.sha).toString('base64').replace(/.{60}/g, '$&\n')
  return { content: content.endsWith('\n') ? content : `${content}\n`, encoding: 'base64' }
}

const REPO = '/repos/{owner}/{repo}'
const READ = { needs: ['contents:read'] } as const

export const COMMIT_ROUTES: readonly Route[] = [
  repoRoute(`GET ${REPO}/commits/{+ref}`, READ, getCommit),
  repoRoute(`GET ${REPO}/compare/{+basehead}`, READ, compare),
  repoRoute(`GET ${REPO}/contents/{+path}`, READ, getContents),
  repoRoute(`GET ${REPO}/contents`, READ, getContents),
]
