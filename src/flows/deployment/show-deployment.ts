import { deploymentTask, type DeploymentState, isFurther } from '../../core/deployment/step-deployment.ts'
import { DEPLOYMENTS_MARKER } from '../../core/marker/comment.ts'
import { deploymentWords } from '../../core/message/notify/deployment-words.ts'
import { deploymentsNotice } from '../../core/message/comment/notice.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { orRefusal, sayOnce } from '../repository/github-refusals.ts'
import type { TaskOf } from '../tasks/tasks.ts'

type Step = TaskOf<'deployment'>
type Needs = Pick<RepositoryContext, 'deployments' | 'memo' | 'repo' | 'conversation' | 'log'>

/** Shows a step as a deployment. Without the permission rollouts go on all the same, and that is said once. */
export async function showDeployment(context: Needs, step: Step): Promise<void> {
  const key = `no-deployments:${context.repo.id}`
  const wasRefused = (await context.memo.get(key)) === true
  const done = await orRefusal(() => show(context, step))
  if (done.ok) {
    if (wasRefused) await context.memo.forget(key)
    return
  }
  if (wasRefused) return
  const { owner, name } = context.repo
  context.log.warn({ repo: `${owner}/${name}`, refusal: done.error }, 'GitHub lets Perch show no deployments')
  const said = { marker: DEPLOYMENTS_MARKER, body: deploymentsNotice(done.error) }
  if (step.pull !== undefined) await sayOnce(context, step.pull, said)
  await context.memo.set(key, true)
}

/** What an earlier try made is found by its commit, and a state that was given is not given again. */
async function show({ deployments }: Needs, step: Step): Promise<void> {
  const { environment, service, commit, state } = step
  const words = deploymentWords(step)
  const task = deploymentTask(service)
  const known = await deployments.of(environment, task)
  const own = known.find((one) => one.commit === commit)
  // What was never shown has no end to show.
  if (own === undefined && (state === 'inactive' || state === 'failure')) return
  const id = own?.id ?? (await deployments.create({ commit, environment, task, description: words }))
  const give = async (to: DeploymentState, of: number, from: DeploymentState | undefined): Promise<void> => {
    if (isFurther(from, to)) await deployments.setState(of, to, words)
  }
  await give(state, id, own === undefined ? undefined : await deployments.stateOf(id))
  if (state !== 'success') return
  const older = known.find((one) => one.id < id)
  // What is older still was ended when this one became live.
  if (older === undefined) return
  const was = await deployments.stateOf(older.id)
  if (was !== 'failure') await give('inactive', older.id, was)
}
