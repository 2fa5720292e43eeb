import * as z from 'zod'
import { type RolloutChoice, targetName } from './target.ts'

/**
 * The name of a rollout among those of all base branches: `main:production/web`. Git allows no colon in the name of a branch
 * (git-check-ref-format).
 */
export const RolloutName = z.templateLiteral([z.string(), ':', z.string(), '/', z.string()])
export type RolloutName = z.infer<typeof RolloutName>

/** `base`: the name of the branch that the rollout's files are read from. */
export function rolloutName(base: string, target: RolloutChoice): RolloutName {
  return `${base}:${targetName(target)}`
}
