import type { Comment, Person } from '../../../src/core/rollout/facts.ts'
import type { Conversation } from '../../../src/ports/github/conversation.ts'
import type { GitHubState, StoredComment } from './github.ts'

export function memoryConversation(state: GitHubState): Conversation {
  const read = (stored: StoredComment): Comment => {
    const { id, author, body, createdAt, isEdited } = stored
    return { id, author, body, createdAt, isEdited, isOurs: author.login === state.bot.login }
  }
  return {
    of: async (pull) => state.comments.filter((comment) => comment.pull === pull).map(read),
    // REST shows an edit only if it was made in another second.
    since: async (time) =>
      state.comments
        .filter(({ updatedAt }) => updatedAt >= Math.floor(time / 1000) * 1000)
        .toReversed()
        .map((stored) => {
          const isEdited = stored.updatedAt !== stored.createdAt
          return { pull: stored.pull, comment: { ...read(stored), isEdited } }
        }),
    add: async (pull, body) => void addComment(state, { pull, by: state.bot, body }),
    async edit(comment, body) {
      const stored = state.comments.find(({ id }) => id === comment)
      if (stored === undefined) throw new Error(`GitHub has no comment ${comment}.`)
      Object.assign(stored, { body, isEdited: true, updatedAt: state.now() })
    },
    async acknowledge(comment) {
      state.comments.find(({ id }) => id === comment)?.reactions.add(state.bot.login)
    },
  }
}

export function addComment(
  state: GitHubState,
  { pull, by, body }: { readonly pull: number; readonly by: Person; readonly body: string },
): StoredComment {
  const now = state.now()
  const comment = {
    id: state.nextId(),
    pull,
    author: by,
    body,
    createdAt: now,
    updatedAt: now,
    isEdited: false,
    reactions: new Set<string>(),
  }
  state.comments.push(comment)
  const at = state.pulls.get(pull)
  if (at !== undefined) at.updatedAt = now
  const payload = {
    action: 'created',
    issue: { number: pull, ...(at === undefined ? {} : { pull_request: {} }) },
    comment: { id: comment.id, body },
  }
  state.happened({ event: 'issue_comment', payload, sender: by })
  return comment
}
