import type { Signal, Want } from '../../core/gate/signal.ts'
import type { Sha } from '../../core/rollout/facts.ts'

/** What deployers say about commits, wherever GitHub stores it. */
export interface Signals {
  /**
   * The signals of each commit: one list per commit, in the order of `commits`; within a list, newest first. Only the wanted
   * sources are queried.
   */
  about(commits: readonly Sha[], wants: readonly Want[]): Promise<readonly (readonly Signal[])[]>
}
