import type { PullRequest } from '../rollout/facts.ts'
import { type CommandLine, COMMANDS } from './commands.ts'

/** Whether a comment has a command that leaves no commit to show that it was carried out. */
export function leavesNoTrace(pull: Pick<PullRequest, 'state'>, commands: readonly CommandLine[]): boolean {
  return commands.some(({ result }) => {
    const leaves = result.ok ? COMMANDS[result.command.name].leaves : 'nothing'
    return leaves === 'record' || (leaves === 'commit' && pull.state !== 'open')
  })
}
