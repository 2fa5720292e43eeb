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
    usage: '/canary next [service] [--env <name>]',
    does: "Set the plan's next step on this pull request; on a merged one, open the pull request for it.",
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
  | { readonly name: 'abort'; readonly reason: string | undefined }
  | { readonly name: 'status' }
  | { readonly name: 'help' }

export type CommandProblem =
  | { readonly code: 'unknown-command'; readonly word: string; readonly meant: string | undefined }
  | { readonly code: 'bad-percent'; readonly word: string }
  | { readonly code: 'bad-argument'; readonly word: string; readonly name: CommandName }
  | { readonly code: 'missing-value'; readonly word: string; readonly name: CommandName }

/** One command line of a comment, understood or not. */
export interface CommandLine {
  readonly text: string
  readonly result:
    | { readonly ok: true; readonly command: Command }
    | { readonly ok: false; readonly problem: CommandProblem }
}
