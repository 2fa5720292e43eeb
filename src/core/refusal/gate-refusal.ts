/** Why a hold, a freeze or an override was not set or removed. */
export type GateRefusal =
  /** A hold or a plan, on a pull request that moves no rollout. */
  | { readonly code: 'no-rollout' }
  | { readonly code: 'nothing-held'; readonly names: readonly string[] }
  | { readonly code: 'not-frozen'; readonly environment: string }
  | { readonly code: 'in-the-past'; readonly until: number }
  | { readonly code: 'gate-not-waiting'; readonly gate: string; readonly open: readonly string[] }
  | { readonly code: 'no-head' }
  | { readonly code: 'override-not-deployed'; readonly base: string; readonly judgedFor: string }
  | NotDeployed
  /** A new plan is a commit, and a merged pull request accepts no more commits. `step`: the open step that would. */
  | { readonly code: 'plan-on-merged'; readonly step: number | undefined }

/** The base of the pull request is a branch that nothing deploys, for example in a stack of pull requests. */
export interface NotDeployed {
  readonly code: 'not-deployed'
  readonly base: string
  readonly deployed: readonly string[]
  readonly isMerged: boolean
}
