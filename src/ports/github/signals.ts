import type { Signal, Want } from '../../core/gate/signal.ts'
import type { Sha } from '../../core/rollout/facts.ts'

/** What those who apply commits say about them, wherever GitHub keeps it. */
export interface Signals {
  /** The signals of each commit, in the order of the commits, newest first. Only the sources that are wanted are asked. */
  about(commits: readonly Sha[], wants: readonly Want[]): Promise<readonly (readonly Signal[])[]>
}
