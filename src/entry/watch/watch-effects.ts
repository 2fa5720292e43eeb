import type { RepositoryContext } from '../../flows/repository/repository-context.ts'

type Watched = Pick<RepositoryContext, 'pulls' | 'branches'>

interface Effect {
  readonly effect: 'commit' | 'open' | 'close' | 'merge'
  readonly pull?: number
  readonly branch?: string
}

/** The results of ports: a word, a commit, or a pull request. */
type Done = string | { readonly sha: string } | { readonly number: number }

function factsOf(done: Done): { readonly result: string; readonly sha?: string; readonly pull?: number } {
  if (typeof done === 'string') return { result: done }
  return 'sha' in done ? { result: 'done', sha: done.sha } : { result: 'done', pull: done.number }
}

/** Wraps the ports that change a rollout. Each effect writes one line to the log, and is counted for the metrics. */
export function watchEffects(
  { pulls, branches }: Watched,
  { repo, log, meter }: Pick<RepositoryContext, 'repo' | 'log' | 'meter'>,
): Watched {
  async function watch<T extends Done>(effect: Effect, work: () => Promise<T>): Promise<T> {
    const started = performance.now()
    const tell = (result: string, facts: object = {}): void => {
      const ms = Math.round(performance.now() - started)
      log.info({ repo: `${repo.owner}/${repo.name}`, ...effect, ...facts, result, ms }, 'effect')
      meter.record('perch_effects_total', { effect: effect.effect, result })
    }
    try {
      const done = await work()
      const { result, ...facts } = factsOf(done)
      tell(result, facts)
      return done
    } catch (error) {
      tell('failed')
      throw error
    }
  }
  return {
    pulls: {
      ...pulls,
      open: (draft) => watch({ effect: 'open', branch: draft.head }, () => pulls.open(draft)),
      close: (pull) => watch({ effect: 'close', pull }, () => pulls.close(pull)),
      merge: (pull, sha) => watch({ effect: 'merge', pull }, () => pulls.merge(pull, sha)),
    },
    branches: {
      ...branches,
      commit: (draft) => watch({ effect: 'commit', branch: draft.branch }, () => branches.commit(draft)),
    },
  }
}
