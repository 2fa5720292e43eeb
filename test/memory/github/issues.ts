import { GitHubRefused } from '../../../src/ports/github/github-refused.ts'
import type { Issues, OwnIssue } from '../../../src/ports/github/issues.ts'
import type { GitHubState, StoredIssue } from './github.ts'
import type { Person } from '../../../src/core/rollout/facts.ts'

export function memoryIssues(state: GitHubState): Issues {
  const mayWrite = (): void => {
    const reason = 'Resource not accessible by integration'
    if (!state.mayWriteIssues) throw new GitHubRefused({ action: 'issue', cause: 'permission', branch: '', reason })
  }
  return {
    ours: async () =>
      state.hasIssues
        ? [...state.issues.values()].filter(({ author }) => author.login === state.bot.login).map(read)
        : 'off',
    get: async (number) => {
      const found = state.issues.get(number)
      return found === undefined || !state.hasIssues ? undefined : read(found)
    },
    async open({ title, body }) {
      mayWrite()
      return state.hasIssues ? read(openIssue(state, { title, body, by: state.bot })) : 'off'
    },
    async edit(number, change) {
      mayWrite()
      editIssue(state, number, { ...change, by: state.bot })
    },
  }
}

function read({ number, body, isOpen, updatedAt }: StoredIssue): OwnIssue {
  return { number, body, isOpen, updatedAt }
}

export function openIssue(
  state: GitHubState,
  { title, body, by }: { readonly title: string; readonly body: string; readonly by: Person },
): StoredIssue {
  const number = state.nextNumber()
  const issue = { number, author: by, title, body, isOpen: true, updatedAt: state.now() }
  state.issues.set(number, issue)
  tell(state, issue, { action: 'opened', by })
  return issue
}

export function editIssue(
  state: GitHubState,
  number: number,
  { body, isOpen, by }: { readonly body?: string; readonly isOpen?: boolean; readonly by: Person },
): void {
  const issue = state.issues.get(number)
  if (issue === undefined || !state.hasIssues) return
  if (body !== undefined && body !== issue.body) {
    issue.body = body
    issue.updatedAt = state.now()
    tell(state, issue, { action: 'edited', by })
  }
  if (isOpen === undefined || isOpen === issue.isOpen) return
  issue.isOpen = isOpen
  issue.updatedAt = state.now()
  tell(state, issue, { action: isOpen ? 'reopened' : 'closed', by })
}

function tell(
  state: GitHubState,
  { number, body, author }: StoredIssue,
  news: { readonly action: string; readonly by: Person },
): void {
  const issue = { number, body, user: { login: author.login, type: author.isBot ? 'Bot' : 'User' } }
  state.happened({ event: 'issues', payload: { action: news.action, issue }, sender: news.by })
}
