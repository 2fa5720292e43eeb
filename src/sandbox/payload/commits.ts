/** Commits, their files, and refs. */
import type { FileDiff } from '../git/history.ts'
import { readCommit, type Commit, type Signature } from '../git/objects.ts'
import type { Account, Repository } from '../state/types.ts'
import { findAccount, type Json, type World } from '../state/world.ts'
import { accountPayload } from './accounts.ts'
import { nodeId, repoApi, repoHtml, time } from './links.ts'

export function commitPayload(world: World, repo: Repository, sha: string): Json {
  const commit = readCommit(repo.bare, sha)
  const url = repoApi(world, repo, `/commits/${sha}`)
  const person = (who: Signature): Json | null => {
    const account = accountBehind(world, who)
    return account === undefined ? null : accountPayload(world, account)
  }
  return {
    sha,
    node_id: nodeId('C', `${String(repo.id)}:${sha}`),
    commit: commitBody(world, repo, commit),
    url,
    html_url: repoHtml(world, repo, `/commit/${sha}`),
    comments_url: `${url}/comments`,
    author: person(commit.author),
    committer: person(commit.committer),
    parents: commit.parents.map((parent) => ({
      sha: parent,
      url: repoApi(world, repo, `/commits/${parent}`),
      html_url: repoHtml(world, repo, `/commit/${parent}`),
    })),
  }
}

/** A commit as Git stores it, without GitHub's facts about people. */
export function gitCommitPayload(world: World, repo: Repository, sha: string): Json {
  const commit = readCommit(repo.bare, sha)
  const { author, committer, message, tree, verification } = commitBody(world, repo, commit)
  return {
    sha,
    node_id: nodeId('C', `${String(repo.id)}:${sha}`),
    url: repoApi(world, repo, `/git/commits/${sha}`),
    html_url: repoHtml(world, repo, `/commit/${sha}`),
    author,
    committer,
    message,
    tree,
    parents: commit.parents.map((parent) => ({
      sha: parent,
      url: repoApi(world, repo, `/git/commits/${parent}`),
      html_url: repoHtml(world, repo, `/commit/${parent}`),
    })),
    verification,
  }
}

function commitBody(world: World, repo: Repository, commit: Commit): Json {
  const isSigned = repo.signed.has(commit.sha)
  return {
    author: { name: commit.author.name, email: commit.author.email, date: time(commit.author.at) },
    committer: { name: commit.committer.name, email: commit.committer.email, date: time(commit.committer.at) },
    message: commit.message,
    tree: { sha: commit.tree, url: repoApi(world, repo, `/git/trees/${commit.tree}`) },
    url: repoApi(world, repo, `/git/commits/${commit.sha}`),
    comment_count: 0,
    verification: {
      verified: isSigned,
      reason: isSigned ? 'valid' : 'unsigned',
      signature: isSigned ? '-----BEGIN PGP SIGNATURE-----\n-----END PGP SIGNATURE-----' : null,
      payload: isSigned ? `tree ${commit.tree}` : null,
      verified_at: isSigned ? time(commit.committer.at) : null,
    },
  }
}

/** GitHub finds the account by the e-mail address of the commit. */
export function accountBehind(world: World, who: Signature): Account | undefined {
  if (who.email === 'noreply@github.com') return findAccount(world, 'web-flow')
  const login = /^(?:\d+\+)?(.+)@users\.noreply\.github\.com$/.exec(who.email)?.[1]
  return login === undefined ? undefined : findAccount(world, login)
}

/** The short form in check suites and merge groups. */
export function simpleCommit(repo: Repository, sha: string): Json {
  const { tree, message, author, committer } = readCommit(repo.bare, sha)
  return {
    id: sha,
    tree_id: tree,
    message,
    timestamp: time(committer.at),
    author: { name: author.name, email: author.email },
    committer: { name: committer.name, email: committer.email },
  }
}

export function filePayload(world: World, repo: Repository, change: { file: FileDiff; sha: string }): Json {
  const { file, sha } = change
  const path = file.path.split('/').map(encodeURIComponent).join('/')
  return {
    sha: file.blob,
    filename: file.path,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: repoHtml(world, repo, `/blob/${sha}/${path}`),
    raw_url: repoHtml(world, repo, `/raw/${sha}/${path}`),
    contents_url: repoApi(world, repo, `/contents/${path}?ref=${sha}`),
    ...(file.patch === undefined ? {} : { patch: file.patch }),
    ...(file.previousPath === undefined ? {} : { previous_filename: file.previousPath }),
  }
}

export function refPayload(world: World, repo: Repository, ref: { name: string; sha: string }): Json {
  return {
    ref: ref.name,
    node_id: nodeId('REF', `${String(repo.id)}:${ref.name}`),
    url: repoApi(world, repo, `/git/${ref.name}`),
    object: { sha: ref.sha, type: 'commit', url: repoApi(world, repo, `/git/commits/${ref.sha}`) },
  }
}
