import type { PullRequest } from '../rollout/facts.ts'
import type { Command, CommandLine } from './commands.ts'

/** Commands that only ask. */
const READS: ReadonlySet<Command['name']> = new Set(['status', 'why', 'diff', 'retry', 'help'])

/** Commands that end in a commit on the branch of an open pull request, which names the comment that asked for it. */
const COMMITS: ReadonlySet<Command['name']> = new Set(['set', 'next', 'promote', 'plan'])

/** Whether a comment has a command of which no commit will tell that it was carried out. */
export function leavesNoTrace(pull: Pick<PullRequest, 'state'>, commands: readonly CommandLine[]): boolean {
  return commands.some(({ result }) => {
    if (!result.ok || READS.has(result.command.name)) return false
    return pull.state !== 'open' || !COMMITS.has(result.command.name)
  })
}
