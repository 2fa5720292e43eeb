import { STOPPED_MARKER } from '../../marker/comment.ts'
import { type Target, targetName } from '../../rollout/target.ts'
import { code, paragraphs, percent } from '../markdown/markdown.ts'

/** Says that the rollout of a closed step or rollback has stopped, and how to continue it. `origin`: the pull request that drives the rollout. */
export function stoppedWords(
  target: Pick<Target, 'service' | 'environment'>,
  { share, origin }: { readonly share: number; readonly origin: number | undefined },
): string {
  const next =
    origin === undefined
      ? `${code(`/canary next ${target.service} --env ${target.environment}`)} on any merged pull request`
      : `\`/canary next\` on #${origin}`
  return paragraphs(
    STOPPED_MARKER,
    `⏸️ This pull request is closed and did not merge, so the rollout of ${code(targetName(target))} has stopped at ${percent(share)}. Comment ${next} to continue, or \`/canary abort\` here to send all traffic back.`,
  )
}
