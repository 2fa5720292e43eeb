import type { Refusal } from '../../refusal/refusal.ts'
import { code, percent } from '../markdown/markdown.ts'

type StepRefusal = Extract<Refusal, { code: 'no-next-step' | 'step-undone' | 'not-of-step' | 'nothing-to-abort' }>

/** Why a command cannot move a rollout, or change a step of it. */
export function explainStep(refusal: StepRefusal): string {
  switch (refusal.code) {
    case 'no-next-step':
      return explainNoStep(refusal)
    case 'step-undone':
      return `${code(refusal.name)} is already at ${percent(refusal.share)}, so this step would change nothing. Comment \`/canary hold\` to stay there, or close this pull request.`
    case 'not-of-step':
      return explainOddStep(refusal)
    case 'nothing-to-abort':
      return `${nothingToAbort(refusal.service)} ${refusal.isOpen ? 'Close the pull request, or lower its share with `/canary 0`.' : 'If a later pull request has moved the rollout, comment `/canary abort` on that one. `/canary status` shows what is open.'}`
  }
}

function nothingToAbort(service: string | undefined): string {
  return service === undefined
    ? 'No rollout of this pull request has canary traffic on the base branch, and no step is open.'
    : `No rollout of the service ${code(service)} in this pull request has canary traffic on the base branch, and no step of it is open. \`/canary abort\` alone aborts every rollout of this pull request.`
}

function explainNoStep({ name, share }: Extract<Refusal, { code: 'no-next-step' }>): string {
  if (share === 'unknown')
    return `Perch cannot read the canary's share of ${code(name)} from its files. Write its weights as whole numbers in one place, in a pull request, then comment again.`
  return share === 0
    ? `${code(name)} has no rollout to continue. Start one with \`/canary <percent>\`.`
    : `${code(name)} is at ${percent(share)}, and its plan has no step after that.`
}

function explainOddStep({ why, name }: Extract<Refusal, { code: 'not-of-step' }>): string {
  switch (why) {
    case 'other-rollout':
      return `This pull request is not a step of ${code(name)}. Comment the same on a merged pull request of that rollout, or on one of your own.`
    case 'goes-back':
      return `This pull request sets the canary of ${code(name)} to 0%, so its share and plan cannot change. Close it if you do not want that. Then \`/canary next\` on a merged pull request of the rollout continues the rollout.`
    case 'switches':
      return `This pull request already switches ${code(name)}, so it cannot switch it to another version. Close it if you do not want that.`
    case 'finishes':
      return `This pull request finishes the rollout of ${code(name)}, so its share and plan cannot change. \`/canary abort\` sends all traffic back.`
  }
}
