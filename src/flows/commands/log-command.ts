import type { CommandLine } from '../../core/command/commands.ts'
import type { Outcome } from '../../core/command/outcome.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

export interface AnsweredCommand {
  readonly read: CommandLine['result']
  readonly outcome: Outcome
}

interface CommandOrigin {
  readonly pull: number
  readonly login: string
  /** When it was written or pressed, epoch milliseconds. */
  readonly at: number
}

/** Logs one line for each answered command, and records its duration for the metrics. */
export function logCommands(
  { log, meter, clock, repo }: Pick<RepositoryContext, 'log' | 'meter' | 'clock' | 'repo'>,
  { pull, login, at }: CommandOrigin,
  answered: readonly AnsweredCommand[],
): void {
  const ms = Math.max(0, clock.now() - at)
  for (const { read, outcome } of answered) {
    const command = read.ok ? read.command.name : 'unknown'
    const refusal = outcome.code === 'refused' ? { refusal: outcome.refusal.code } : {}
    const facts = { repo: `${repo.owner}/${repo.name}`, pull, person: login, command, result: outcome.code, ...refusal }
    log.info({ ...facts, ms }, 'command answered')
    const result = outcome.code === 'refused' ? 'refused' : 'done'
    meter.record('perch_command_duration_seconds', { command, result }, ms / 1_000)
  }
}
