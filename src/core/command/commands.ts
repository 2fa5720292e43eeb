import type { OverridableGate } from '../gate/names.ts'
import type { Permission } from '../rollout/facts.ts'

interface CommandSpec {
  readonly usage: string
  readonly does: string
  readonly needs: Permission
}

/** Every command: what the parser, the help, the docs and the permission check know. */
export const COMMANDS = {
  set: {
    usage: '/canary <percent> [service] [--env <name>] [@<sha>]',
    does: "Set the canary's share of the traffic on this pull request; on a merged one, open a pull request that does.",
    needs: 'write',
  },
  next: {
    usage: '/canary next [service] [--env <name>] [@<sha>]',
    does: "Set the plan's next step on this pull request; on a merged one, open the pull request for it.",
    needs: 'write',
  },
  promote: {
    usage: '/canary promote [service] [--env <name>] [@<sha>]',
    does: 'Set all traffic on the canary; the finish follows by itself.',
    needs: 'write',
  },
  plan: {
    usage: '/canary plan [<steps>] [service] [--env <name>]',
    does: "Show the plan of this pull request's rollout, or replace it: `/canary plan 5,25,50,100`.",
    needs: 'write',
  },
  hold: {
    usage: '/canary hold [reason]',
    does: "Stop this pull request's rollouts where they are: nothing raises them until somebody resumes.",
    needs: 'write',
  },
  resume: {
    usage: '/canary resume',
    does: 'Let held rollouts go on.',
    needs: 'write',
  },
  abort: {
    usage: '/canary abort [reason]',
    does: 'Close the open step and open the pull request that sends all traffic back to the stable version.',
    needs: 'write',
  },
  status: {
    usage: '/canary status',
    does: 'Show where the rollouts of this pull request stand.',
    needs: 'read',
  },
  why: {
    usage: '/canary why',
    does: 'Show each gate, why it says what it says, and what turns it green.',
    needs: 'read',
  },
  diff: {
    usage: '/canary diff',
    does: 'Render again and show what changes in each environment.',
    needs: 'read',
  },
  retry: {
    usage: '/canary retry',
    does: 'Run both checks again.',
    needs: 'read',
  },
  override: {
    usage: '/canary override <gate> <reason>',
    does: 'Pass one gate for the head commit as it is now, on the record.',
    needs: 'maintain',
  },
  freeze: {
    usage: '/freeze <environment> [--until <time>] [reason]',
    does: 'Stop every raise in an environment, until a time such as 2h, 2026-12-24 or 2026-12-24T18:00Z.',
    needs: 'maintain',
  },
  unfreeze: {
    usage: '/unfreeze <environment>',
    does: 'Let raises in an environment go on.',
    needs: 'maintain',
  },
  help: {
    usage: '/canary help',
    does: 'Show this list.',
    needs: 'read',
  },
} as const satisfies Record<string, CommandSpec>

export type CommandName = keyof typeof COMMANDS

/** Which service and environment a command names, and the head commit it was written for. */
export interface Scope {
  readonly service: string | undefined
  readonly environment: string | undefined
  /** At least the first 7 hex digits of a commit. */
  readonly sha: string | undefined
}

export type Command =
  | ({ readonly name: 'set'; readonly percent: number } & Scope)
  | ({ readonly name: 'next' } & Scope)
  | ({ readonly name: 'promote' } & Scope)
  | ({ readonly name: 'plan'; readonly steps: readonly number[] | undefined } & Scope)
  | { readonly name: 'hold'; readonly reason: string | undefined }
  | { readonly name: 'resume' }
  | { readonly name: 'abort'; readonly reason: string | undefined }
  | { readonly name: 'status' }
  | { readonly name: 'why' }
  | { readonly name: 'diff' }
  | { readonly name: 'retry' }
  | { readonly name: 'help' }
  | { readonly name: 'override'; readonly gate: OverridableGate; readonly reason: string }
  | {
      readonly name: 'freeze'
      readonly environment: string
      readonly until: Until | undefined
      readonly reason: string | undefined
    }
  | { readonly name: 'unfreeze'; readonly environment: string }

/** A moment, epoch milliseconds, or a time from when the comment was written. */
export type Until = { readonly at: number } | { readonly afterMs: number }

/** Commands that change the branch that they are written on. */
export type ShareCommand = Extract<Command, { name: 'set' | 'next' | 'promote' }>

/** A new plan, which is a commit too. */
export type PlanCommand = Extract<Command, { name: 'plan' }> & { readonly steps: readonly number[] }

export type CommandProblem =
  | { readonly code: 'unknown-command'; readonly word: string; readonly meant: string | undefined }
  | { readonly code: 'bad-percent' | 'bad-plan' | 'bad-time' | 'bad-gate'; readonly word: string }
  | { readonly code: 'bad-argument'; readonly word: string; readonly name: CommandName }
  | { readonly code: 'missing-value'; readonly word: string; readonly name: CommandName }
  | { readonly code: 'too-complex'; readonly word: string }
  | { readonly code: 'too-many'; readonly most: number }

/** One command line of a comment, understood or not. */
export interface CommandLine {
  readonly text: string
  readonly result:
    | { readonly ok: true; readonly command: Command }
    | { readonly ok: false; readonly problem: CommandProblem }
}
