import type { Sha } from '../rollout/facts.ts'

/** Why a command does not count here, or no longer: because of its pull request, its commit, or its age. */
export type StaleRefusal =
  | { readonly code: 'fork' }
  | { readonly code: 'closed' }
  | { readonly code: 'head-is-other'; readonly asked: Sha; readonly head: Sha }
  | { readonly code: 'head-keeps-moving' }
  /** Since the branch was made, the base branch has moved the rollout, or has changed the limit of its controller. */
  | { readonly code: 'branch-behind'; readonly name: string; readonly base: string; readonly what: 'weights' | 'limit' }
  /** `age`: the head came after the comment, or it is unknown whether it did. */
  | { readonly code: 'head-not-seen'; readonly head: Sha; readonly age: 'later' | 'unknown' }
  /** Perch could not carry it out in time. See `COMMAND_LIFE_MS`. */
  | { readonly code: 'too-late' }
