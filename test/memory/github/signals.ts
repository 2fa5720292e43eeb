import type { Signal, SignalState, SignalSource } from '../../../src/core/gate/signal.ts'
import { matcher } from '../../../src/core/text/matcher.ts'
import { REPORT_PREFIX } from '../../../src/core/gate/signal.ts'
import type { Sha } from '../../../src/core/rollout/facts.ts'
import type { Signals } from '../../../src/ports/github/signals.ts'
import { type GitHubState, person, type Run } from './github.ts'

export function memorySignals(state: GitHubState): Signals {
  return {
    about: async (commits, wants) =>
      commits.map((sha) => {
        const sources = new Set(wants.map(({ source }) => source))
        const deployments = wants.filter(({ source }) => source === 'deployment').map(({ pattern }) => matcher(pattern))
        const said = state.signals.filter((one) => one.sha === sha).map(({ signal }) => signal)
        const runs = state.runs.filter((run) => run.sha === sha).flatMap((run) => signalOf(state, run))
        return [...said, ...runs].toReversed().filter(({ source, name }) => {
          if (source === 'deployment') return deployments.some((matches) => matches(name))
          // GitHub lists both as check runs.
          const asked: readonly SignalSource[] = source === 'status' ? ['status'] : ['check', 'report']
          return asked.some((one) => sources.has(one))
        })
      }),
  }
}

function signalOf({ bot }: GitHubState, run: Run): Signal[] {
  const isOurs = run.by === bot.login
  if (isOurs && !run.name.startsWith(REPORT_PREFIX)) return []
  const { state, completedAt: at, title: description, by } = run
  const name = isOurs ? run.name.slice(REPORT_PREFIX.length) : run.name
  return [{ source: isOurs ? 'report' : 'check', name, state, at, description, by: [by] }]
}

/** Somebody sets a commit status. */
export function setStatus(
  state: GitHubState,
  sha: Sha,
  { context, said, by }: { readonly context: string; readonly said: SignalState; readonly by: string },
): void {
  const signal = { source: 'status', name: context, state: said, at: state.now(), description: '', by: [by] } as const
  state.signals.push({ sha, signal })
  const word = said === 'silent' ? 'pending' : said
  state.happened({ event: 'status', payload: { sha, context, state: word }, sender: person(by) })
}
