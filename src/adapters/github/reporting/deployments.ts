import { DEPLOYMENT_STATES } from '../../../core/deployment/step-deployment.ts'
import type { Deployments } from '../../../ports/github/deployments.ts'
import { at, type Client, listAll, request } from '../client/client.ts'
import { deploymentOf, deploymentStateOf, isOwnDeployment } from './signal-schema.ts'

const DEPLOYMENTS = '/repos/{owner}/{repo}/deployments'
const STATUSES = `${DEPLOYMENTS}/{deployment_id}/statuses`
const MAX_LISTED = 100

export function deployments(client: Client): Deployments {
  return {
    async of(environment, task) {
      const params = { ...at(client), environment, task }
      const listed = await listAll(client, `GET ${DEPLOYMENTS}`, { params, limit: MAX_LISTED })
      return listed
        .map(deploymentOf)
        .filter((one) => isOwnDeployment(one, client.app))
        .map(({ id, sha: commit }) => ({ id, commit }))
        .toSorted((a, b) => b.id - a.id)
    },
    async create({ commit, environment, task, description }) {
      // Perch reports what has already merged, so GitHub must neither merge anything for the deployment nor wait for checks.
      const fixed = { auto_merge: false, required_contexts: [] }
      const params = { ...at(client), ref: commit, environment, task, description, ...fixed }
      const { data } = await request(client, `POST ${DEPLOYMENTS}`, { params })
      return deploymentOf(data).id
    },
    async stateOf(id) {
      const params = { ...at(client), deployment_id: id, per_page: 1 }
      const { data } = await request(client, `GET ${STATUSES}`, { params })
      const state = deploymentStateOf(data)
      return DEPLOYMENT_STATES.find((known) => known === state)
    },
    async setState(id, state, description) {
      // GitHub would also end the deployments of other services and tools.
      const params = { ...at(client), deployment_id: id, state, description, auto_inactive: false }
      await request(client, `POST ${STATUSES}`, { params })
    },
  }
}
