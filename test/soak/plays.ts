import { command, DR, isGreen, leanRepository, playRollout, VS } from '../stories/play.ts'
import type { Scene } from '../stories/process.ts'
import { weightsIn } from '../stories/world.ts'

export interface Play {
  readonly files: Readonly<Record<string, string>>
  readonly perform: (scene: Scene) => Promise<void>
}

/** The plays of the sweep: one rollout that completes, and one that is aborted. */
export const PLAYS: Readonly<Record<string, Play>> = {
  rollout: { files: leanRepository(), perform: (scene) => playRollout(scene) },
  abort: { files: leanRepository({ autoMerge: 'never' }), perform: playAbort },
}

/** Half of the traffic goes to the canary. Then `/canary abort` on the next step brings it back. */
async function playAbort(scene: Scene): Promise<void> {
  const { box, until } = scene
  const alice = box.person('alice')
  const repo = box.repository()
  const files = { [DR]: (repo.file(DR) ?? '').replace(/v1\n$/, 'v2\n') }
  const pull = alice.openPullRequest({ branch: 'api-v2', title: 'api-service v2', files })
  await until('green checks on what Alice pushed', () => isGreen(box, pull.head.sha))
  await command(scene, pull.number, '/canary 25')
  await until('green checks on what Perch committed', () => isGreen(box, repo.branch('api-v2') ?? ''))
  alice.merge(pull.number, { method: 'squash' })
  const opened = (share: string) => (): number | undefined =>
    repo.pulls('open').find(({ head }) => head.ref === `canary/production/api-service/${share}`)?.number
  const step = await until('the step to 50%', opened('50'))
  await until('words on the step', () => isGreen(box, repo.pull(step).head.sha))
  await command(scene, step, '/canary abort too many errors')
  const rollback = await until('the rollback', opened('0'))
  await until('green checks on the rollback', () => isGreen(box, repo.pull(rollback).head.sha))
  await until('the step closed', () => repo.pull(step).state === 'closed')
  alice.merge(rollback, { method: 'squash' })
  await until('all traffic on stable', () => weightsIn(repo.file(VS) ?? '') === '100/0')
}
