import type { Sha } from '../../../src/core/rollout/facts.ts'
import type { Activity } from '../../../src/ports/github/activity.ts'
import type { Branches } from '../../../src/ports/github/branches.ts'
import { GitHubRefused } from '../../../src/ports/github/github-refused.ts'
import { type GitHubState, headOf, moveBranch } from './github.ts'

/** GitHub lists this many moves of a branch. The adapter reads this many commits of a comparison. */
const MAX_MOVES = 100
const MAX_MAKERS = 300

export function memoryBranches(state: GitHubState): Branches {
  const { objects, bot } = state
  return {
    create: async (name, sha) => create(state, name, sha),
    async claim(name, message) {
      const files = new Map([['README.md', `${message}\n`]])
      const made = { files, parents: [], message, author: bot.login, isVerified: true, time: state.now() }
      return create(state, name, objects.commit(made).sha)
    },
    async move(name, from, to) {
      if (headOf(state, name) !== from) return 'head-moved'
      moveBranch(state, name, { sha: to, by: bot })
      return 'moved'
    },
    remove: async (name) => moveBranch(state, name, { sha: undefined, by: bot }),
    async makers(base, head) {
      if (objects.find(base) === undefined || objects.find(head) === undefined) return undefined
      const commits = objects.ahead(base, head).toReversed()
      if (commits.length > MAX_MAKERS) return undefined
      return commits.map(({ sha, parents, author, isVerified }) => ({ sha, parents, author, isVerified }))
    },
    pushes: async (name) => movesOf(state, name).map(({ by, move }) => ({ login: by.login, head: move.after })),
    async commit({ branch, expectedHead, headline, body, files }) {
      const head = headOf(state, branch)
      if (head === undefined) return 'gone'
      if (head !== expectedHead) return 'head-moved'
      const { sha } = objects.commit({
        files: new Map([...(objects.files(head) ?? []), ...files]),
        parents: [head],
        message: `${headline}\n\n${body}`.trimEnd(),
        author: bot.login,
        isVerified: true,
        time: state.now(),
      })
      moveBranch(state, branch, { sha, by: bot })
      return { sha }
    },
  }
}

export function memoryActivity(state: GitHubState): Activity {
  return { movesOf: async (branch) => movesOf(state, branch).map(({ move }) => move) }
}

function movesOf({ moves }: GitHubState, name: string): readonly GitHubState['moves'][number][] {
  return moves
    .filter(({ branch }) => branch === name)
    .toReversed()
    .slice(0, MAX_MOVES)
}

function create(state: GitHubState, name: string, sha: Sha): 'created' | 'exists' {
  if (headOf(state, name) !== undefined) return 'exists'
  const refused = { action: 'create-branch', branch: name, reason: 'Reference update failed' } as const
  const names = [...state.refs.keys()].map((ref) => ref.slice('refs/heads/'.length))
  const rival = names.find((other) => name.startsWith(`${other}/`) || other.startsWith(`${name}/`))
  if (rival !== undefined) throw new GitHubRefused({ ...refused, cause: 'in-the-way', rival })
  moveBranch(state, name, { sha, by: state.bot })
  return 'created'
}
