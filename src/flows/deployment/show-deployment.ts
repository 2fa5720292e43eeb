import { deploymentTask, isFurther } from '../../core/deployment/step-deployment.ts'
import { DEPLOYMENTS_MARKER } from '../../core/marker/comment.ts'
import { deploymentWords } from '../../core/message/notify/deployment-words.ts'
import { deploymentsNotice } from '../../core/message/comment/notice.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { orRefusal, sayOnce } from '../repository/github-refusals.ts'
import type { TaskOf } from '../tasks/tasks.ts'

type Step = TaskOf<'deployment'>
type Needs = Pick<RepositoryContext, 'deployments' | 'memo' | 'repo' | 'conversation' | 'log'>

/** Shows a step as a deployment. Without the permission, rollouts continue, and Perch says so once. */
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

/** The commit identifies a deployment that an earlier try created. A state that is already set is not set again. */
async function show(context: Needs, step: Step): Promise<void> {
  const { deployments } = context
  const { environment, service, commit, state } = step
  const task = deploymentTask(service)
  const known = await deployments.of(environment, task)
  const own = known.find((one) => one.commit === commit)
  const isEnd = state === 'inactive' || state === 'failure'
  // A step that was never shown need not end.
  if (own === undefined && isEnd) return
  const description = deploymentWords(step)
  const id = own?.id ?? (await deployments.create({ commit, environment, task, description }))
  const from = own === undefined ? undefined : await deployments.stateOf(id)
  if (isFurther(from, state)) await deployments.setState(id, state, description)
  if (state === 'success' || state === 'inactive')
    await endOlder(
      context,
      step,
      known.filter((one) => one.id < id),
    )
}

/**
 * Ends the deployments of steps that this one has replaced, even if they were never live. Deployments older than one that has
 * ended have ended too.
 */
async function endOlder({ deployments }: Needs, step: Step, older: readonly { readonly id: number }[]): Promise<void> {
  for (const { id } of older) {
    const was = await deployments.stateOf(id)
    if (was === 'inactive') return
    if (was !== 'failure') await deployments.setState(id, 'inactive', deploymentWords(step))
  }
}
