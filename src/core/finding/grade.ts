/**
 * How serious a finding is. `error`: the pull request would certainly make a rollout's route return errors or ignore its weights.
 * `warning`: it might. `note`: the finding already existed, or concerns something that no rollout moves.
 */
export const GRADES = ['error', 'warning', 'note'] as const
export type Grade = (typeof GRADES)[number]
