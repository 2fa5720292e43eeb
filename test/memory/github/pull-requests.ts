import type { Person, PullRequest, Sha } from '../../../src/core/rollout/facts.ts'
import { GitHubRefused } from '../../../src/ports/github/github-refused.ts'
import type { PullRequests } from '../../../src/ports/github/pull-requests.ts'
import { endPull, type GitHubState, headOf, moveBranch, type Pull, tellPull } from './github.ts'

/** The size of a page on GitHub. */
const PAGE = 100

export function memoryPullRequests(state: GitHubState): PullRequests {
  const newest = (): readonly Pull[] => [...state.pulls.values()].toReversed()
  const read = (pull: Pull): PullRequest => pullRequestOf(state, pull)
  const at = (number: number): Pull => {
    const pull = state.pulls.get(number)
    if (pull === undefined) throw new Error(`GitHub has no pull request #${number}.`)
    return pull
  }
  return {
    get: async (number) => {
      const pull = state.pulls.get(number)
      return pull === undefined ? undefined : read(pull)
    },
    async recent(base, since) {
      const all = newest().filter((pull) => pull.base.ref === base)
      if (since === undefined) {
        const listed = all.filter((pull, index) => index < PAGE || pull.state === 'open')
        return { pulls: listed.map(read), since: all[PAGE - 1]?.createdAt ?? 0 }
      }
      const end = all.findIndex(({ createdAt }) => createdAt < since)
      const listed = end === -1 ? all : all.slice(0, Math.ceil((end + 1) / PAGE) * PAGE)
      const isAll = listed.length === all.length
      return { pulls: listed.map(read), since: isAll ? 0 : (listed.at(-1)?.createdAt ?? 0) }
    },
    mergedAs: async (sha, base) =>
      newest()
        .map(read)
        .find((pull) => pull.mergeCommit === sha && pull.base.ref === base),
    allOpen: async () =>
      newest()
        .filter((pull) => pull.state === 'open')
        .map(read),
    from: async (branch) =>
      newest()
        .filter(({ head }) => head.ref === branch)
        .map(read),
    async open(draft) {
      const opened = openPull(state, { ...draft, by: state.bot })
      return opened === 'exists' ? 'exists' : read(opened)
    },
    edit: async (number, { title, body }) => {
      const pull = at(number)
      if (pull.title === title && pull.body === body) return
      Object.assign(pull, { title, body, updatedAt: state.now() })
      tellPull(state, pull, { action: 'edited', by: state.bot, changes: {} })
    },
    async close(number) {
      const pull = at(number)
      if (pull.state === 'merged') return 'merged'
      if (pull.state === 'open') endPull(state, pull, { by: state.bot })
      return 'closed'
    },
    async merge(number, sha) {
      const reason = 'Repository rule violations found'
      const { base } = at(number)
      if (!state.mayMerge) throw new GitHubRefused({ action: 'merge', cause: 'rule', branch: base.ref, reason })
      return mergePull(state, at(number), { by: state.bot, sha })
    },
    async approvers(number, sha) {
      const verdicts = new Map<string, boolean>()
      for (const { login, verdict, sha: on } of at(number).reviews)
        verdicts.set(login, verdict === 'approve' && on === sha)
      return [...verdicts].flatMap(([login, approves]) => (approves ? [login] : []))
    },
    unlabel: async (number, label) => {
      const pull = at(number)
      pull.labels = pull.labels.filter((one) => one !== label)
    },
    label: async (number, labels) => {
      const pull = at(number)
      pull.labels = [...new Set([...pull.labels, ...labels])]
    },
    mark: async (number, { labels, assignee }) => {
      if (!state.roles.has(assignee)) return 'refused'
      Object.assign(at(number), { labels, assignees: [assignee] })
      return 'done'
    },
  }
}

function pullRequestOf({ repo }: GitHubState, pull: Pull): PullRequest {
  const { number, state, draft, title, body, author, head, base } = pull
  const { mergeCommit, labels, assignees, createdAt, closedAt, updatedAt } = pull
  return {
    number,
    state,
    draft,
    title,
    body,
    author,
    head: { ref: head.ref, sha: head.sha, isFork: head.isFork === true },
    base: { ref: base.ref, sha: base.sha, isDefault: base.ref === repo.defaultBranch },
    mergeCommit,
    labels,
    assignees,
    createdAt,
    closedAt,
    updatedAt,
  }
}

export interface PullDraft {
  readonly head: string
  readonly base: string
  readonly title: string
  readonly body: string
  readonly by: Person
}

/** `exists`: GitHub gives the same answer if there is an open one, and if there is nothing to merge. */
export function openPull(state: GitHubState, { head, base, title, body, by }: PullDraft): Pull | 'exists' {
  const [headSha, baseSha] = [headOf(state, head), headOf(state, base)]
  const isOpen = [...state.pulls.values()].some(
    (pull) => pull.state === 'open' && pull.head.ref === head && pull.base.ref === base,
  )
  if (isOpen || headSha === undefined || baseSha === undefined) return 'exists'
  if (state.objects.ahead(baseSha, headSha).length === 0) return 'exists'
  return addPull(state, { title, body, by, head: { ref: head, sha: headSha }, base: { ref: base, sha: baseSha } })
}

/** Adds a pull request with these commits, even if it changes nothing. */
export function addPull(
  state: GitHubState,
  { title, body, by, head, base }: Pick<PullDraft, 'title' | 'body' | 'by'> & Pick<Pull, 'head' | 'base'>,
): Pull {
  const now = state.now()
  const pull: Pull = {
    number: state.nextNumber(),
    author: by,
    title,
    body,
    state: 'open',
    draft: false,
    head,
    base,
    mergeCommit: undefined,
    labels: [],
    assignees: [],
    createdAt: now,
    closedAt: undefined,
    updatedAt: now,
    reviews: [],
  }
  state.pulls.set(pull.number, pull)
  state.refs.set(`refs/pull/${pull.number}/head`, head.sha)
  tellPull(state, pull, { action: 'opened', by })
  return pull
}

/** Reopens a closed pull request, if GitHub allows it. */
export function reopenPull(state: GitHubState, pull: Pull, by: Person): boolean {
  const { head, base } = pull
  const rival = [...state.pulls.values()].some(
    (other) => other.state === 'open' && other.head.ref === head.ref && other.base.ref === base.ref,
  )
  const baseSha = headOf(state, base.ref)
  if (pull.state !== 'closed' || rival || baseSha === undefined || headOf(state, head.ref) !== head.sha) return false
  Object.assign(pull, { state: 'open', closedAt: undefined, updatedAt: state.now() })
  pull.base.sha = baseSha
  tellPull(state, pull, { action: 'reopened', by })
  return true
}

export interface MergeOrder {
  readonly by: Person
  readonly sha: Sha
  /** An administrator may merge regardless of the checks. */
  readonly ignoresChecks?: boolean
}

/** Squashes it onto its base. */
export function mergePull(state: GitHubState, pull: Pull, order: MergeOrder): 'merged' | 'head-moved' | 'refused' {
  if (pull.state !== 'open' || pull.draft) return 'refused'
  const base = headOf(state, pull.base.ref)
  const merged = base === undefined ? undefined : state.objects.merge(base, pull.head.sha)
  if (base === undefined || merged === undefined || 'conflicts' in merged) return 'refused'
  if (order.sha !== pull.head.sha) return 'head-moved'
  if (order.ignoresChecks !== true && !isGreen(state, pull.head.sha)) return 'refused'
  const commit = state.objects.commit({
    files: state.objects.files(merged.tree) ?? new Map(),
    parents: [base],
    message: `${pull.title} (#${pull.number})`,
    author: pull.author.login,
    isVerified: true,
    time: state.now(),
  })
  endPull(state, pull, { by: order.by, mergedAs: commit.sha })
  moveBranch(state, pull.base.ref, { sha: commit.sha, by: order.by, kind: 'merge' })
  if (state.deletesBranches && headOf(state, pull.head.ref) === pull.head.sha)
    moveBranch(state, pull.head.ref, { sha: undefined, by: order.by })
  return 'merged'
}

/** Whether the latest run of each required check succeeded. */
export function isGreen({ runs, required }: GitHubState, sha: Sha): boolean {
  return required.every((name) => {
    const newest = runs.findLast((run) => run.sha === sha && run.name === name)
    return newest?.report?.conclusion === 'success'
  })
}
