import { GitHubRefused } from '../../../src/ports/github/github-refused.ts'
import type { Deployments } from '../../../src/ports/github/deployments.ts'
import type { GitHubState, StoredDeployment } from './github.ts'

/** Only the deployments of the App. */
export function memoryDeployments(state: GitHubState): Deployments {
  const byId = (id: number): StoredDeployment => {
    const found = state.deployments.find((one) => one.id === id)
    if (found === undefined) throw new Error(`GitHub has no deployment ${id}.`)
    return found
  }
  const mayWrite = (): void => {
    const reason = 'Resource not accessible by integration'
    if (!state.mayDeploy) throw new GitHubRefused({ action: 'deploy', cause: 'permission', branch: '', reason })
  }
  return {
    of: async (environment, task) =>
      state.deployments
        .filter((one) => one.environment === environment && one.task === task)
        .map(({ id, commit }) => ({ id, commit }))
        .toReversed(),
    async create({ commit, environment, task }) {
      mayWrite()
      if (state.objects.find(commit) === undefined) throw new Error(`GitHub finds no ref ${commit}.`)
      const made = { id: state.nextId(), commit, environment, task, states: [] }
      state.deployments.push(made)
      return made.id
    },
    stateOf: async (id) => byId(id).states.at(-1)?.state,
    async setState(id, to, description) {
      mayWrite()
      const deployment = byId(id)
      deployment.states.push({ state: to, description })
    },
  }
}
