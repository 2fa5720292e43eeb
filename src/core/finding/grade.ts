/**
 * How serious a finding is. `error`: the pull request would certainly make a rollout's route return errors or ignore its weights.
 * `warning`: it might. `note`: the finding already existed, or concerns something that no rollout moves.
 */
export const GRADES = ['error', 'warning', 'note'] as const
export type Grade = (typeof GRADES)[number]

/** Every finding with its worst grade. Codes that begin with IST come from `istioctl analyze`. */
export const WORST_GRADES = {
  IST0101: 'error',
  IST0106: 'error',
  IST0130: 'error',
  schema: 'error',
  'wrong-field': 'warning',
  'two-writers': 'error',
  'weights-ignored': 'error',
  'not-synced': 'note',
  'no-pods': 'error',
  'use-before-definition': 'warning',
} as const satisfies Readonly<Record<string, Grade>>

export type FindingCode = keyof typeof WORST_GRADES

export const FINDING_CODES = Object.keys(WORST_GRADES).filter((code): code is FindingCode => code in WORST_GRADES)
