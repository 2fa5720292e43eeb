import type { Sha } from '../rollout/facts.ts'

/** Why a command does not count here, or no longer counts: because of its pull request, its commit or its age. */
export type StaleRefusal =
  | { readonly code: 'fork' }
  | { readonly code: 'closed' }
  | { readonly code: 'head-is-other'; readonly asked: Sha; readonly head: Sha }
  | { readonly code: 'head-keeps-moving' }
  /** The base branch has moved the rollout since the branch was made, or changed how far its controller goes. */
  | { readonly code: 'branch-behind'; readonly name: string; readonly base: string; readonly what: 'weights' | 'limit' }
  /** `age`: it came after the comment, or that is unknown. */
  | { readonly code: 'head-not-seen'; readonly head: Sha; readonly age: 'later' | 'unknown' }
  /** Perch could not carry it out within the life of a command. */
  | { readonly code: 'too-late' }
