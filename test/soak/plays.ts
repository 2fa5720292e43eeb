import type { GitHubBox } from '../../src/sandbox/github.ts'
import { command, DR, isGreen, leanRepository, playRollout, VS } from '../stories/play.ts'
import { eventually } from '../stories/process.ts'
import { weightsIn } from '../stories/world.ts'

export interface Play {
  readonly files: Readonly<Record<string, string>>
  readonly perform: (box: GitHubBox) => Promise<void>
}

/** What the sweep plays: one rollout that arrives, and one that is aborted. */
export const PLAYS: Readonly<Record<string, Play>> = {
  rollout: { files: leanRepository(), perform: (box) => playRollout(box) },
  abort: { files: leanRepository({ autoMerge: 'never' }), perform: playAbort },
}

/** Half of the traffic goes to the canary, then `/canary abort` on the next step brings it back. */
async function playAbort(box: GitHubBox): Promise<void> {
  const alice = box.person('alice')
  const repo = box.repository()
  const files = { [DR]: (repo.file(DR) ?? '').replace(/v1\n$/, 'v2\n') }
  const pull = alice.openPullRequest({ branch: 'api-v2', title: 'api-service v2', files })
  await eventually('green checks on what Alice pushed', () => isGreen(box, pull.head.sha))
  await command(box, pull.number, '/canary 25')
  await eventually('green checks on what Perch committed', () => isGreen(box, repo.branch('api-v2') ?? ''))
  alice.merge(pull.number, { method: 'squash' })
  const opened = (share: string) => (): number | undefined =>
    repo.pulls('open').find(({ head }) => head.ref === `canary/production/api-service/${share}`)?.number
  const step = await eventually('the step to 50%', opened('50'))
  await eventually('words on the step', () => isGreen(box, repo.pull(step).head.sha))
  await command(box, step, '/canary abort too many errors')
  const rollback = await eventually('the rollback', opened('0'))
  await eventually('green checks on the rollback', () => isGreen(box, repo.pull(rollback).head.sha))
  await eventually('the step closed', () => repo.pull(step).state === 'closed')
  alice.merge(rollback, { method: 'squash' })
  await eventually('all traffic on stable', () => weightsIn(repo.file(VS) ?? '') === '100/0')
}
