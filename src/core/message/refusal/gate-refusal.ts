import { code, list } from '../markdown/markdown.ts'
import { time } from '../markdown/time.ts'
import type { GateRefusal, NotDeployed } from '../../refusal/gate-refusal.ts'

/** Why a gate refuses a command, and what to do. */
export function explainGateRefusal(refusal: GateRefusal): string {
  switch (refusal.code) {
    case 'no-rollout':
      return 'This pull request moves no rollout, and no rollout belongs to it. Comment on a pull request where `/canary status` shows the rollout.'
    case 'nothing-held':
      return `Nothing is held: ${list(refusal.names)} can continue. \`/canary why\` shows what it waits for.`
    case 'not-frozen':
      return `${code(refusal.environment)} is not frozen by a command. Freezes in \`.github/canary.yml\` end by themselves, or you change them there.`
    case 'in-the-past':
      return `${time(refusal.until)} is in the past. Name a time in the future.`
    case 'gate-not-waiting':
      return refusal.open.length === 0
        ? 'No gate holds this pull request back, so there is nothing to override.'
        : `${code(refusal.gate)} does not hold this pull request back. These gates do: ${list(refusal.open)}.`
    case 'plan-on-merged':
      return refusal.step === undefined
        ? 'A plan is a commit, and this pull request is closed. Comment the same on an open pull request that moves this rollout.'
        : `A plan is a commit, and this pull request is closed. Comment the same on the open step, #${refusal.step}.`
    case 'not-deployed':
      return notDeployedWords(refusal)
    case 'override-not-deployed':
      return `An override does not count here: this pull request is for ${code(refusal.base)}, which is not a deployed branch. Comment on the pull request that brings the change to ${code(refusal.judgedFor)}.`
    case 'no-head':
      return 'This pull request is not open, so it has no head commit to do that for. Comment on the open step.'
  }
}

/** What happens next with a change on a branch that nothing deploys. */
export function notDeployedWords({ base, deployed, isMerged }: NotDeployed): string {
  const home = list(deployed)
  const where = `${isMerged ? 'This pull request merged into' : 'This pull request is for'} ${code(base)}, which is not a deployed branch. Perch runs rollouts on ${list(deployed)}.`
  return isMerged
    ? `${where} When the change reaches ${home}, its rollout begins there and Perch opens the next step. Comment on the pull request that merges it there. If ${code(base)} is deployed, name it under \`branches\` in \`.github/canary.yml\`.`
    : `${where} No rollout depends on it yet. Close the pull request, or lower its share with \`/canary 0\`.`
}
