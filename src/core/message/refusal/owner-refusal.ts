import type { Writer } from '../../owner/owned-routes.ts'
import type { WeightOwner } from '../../owner/weight-owner.ts'
import { type Target, targetName } from '../../rollout/target.ts'
import type { OwnerRefusal } from '../../refusal/owner-refusal.ts'
import { code } from '../markdown/markdown.ts'

/** What people call a controller. */
export const WRITER_NAMES: Readonly<Record<Writer, string>> = { flagger: 'Flagger', 'argo-rollouts': 'Argo Rollouts' }

/** Who moves the traffic, and how a person can steer that. */
const WAYS: Readonly<Record<Writer, string>> = {
  flagger:
    'It starts by itself when the pods change in Git. How far and how fast it goes is in `spec.analysis` of that object: change it there, in a pull request.',
  'argo-rollouts':
    'It starts by itself when the pods change in Git. Its steps are in `spec.strategy.canary.steps` of that object: change them there, in a pull request. `kubectl argo rollouts promote` and `abort` move a rollout that has begun.',
}

/** What becomes of weights in Git that a person changes. */
export function overwrittenWords(target: Target, { writer, title, place }: WeightOwner): string {
  return `${WRITER_NAMES[writer]} moves the traffic of ${code(targetName(target))} (${code(title)} at ${code(`${place.file}:${place.line}`)}) and overwrites these weights. With Argo CD, \`ignoreDifferences\` on the weights keeps the two from fighting.`
}

/** Why nothing was committed. */
export function explainOwner({ name, writer, title, file, line }: OwnerRefusal): string {
  const who = WRITER_NAMES[writer]
  return `${who} moves the traffic of ${code(name)} (${code(title)} at ${code(`${file}:${line}`)}) and would overwrite weights that Perch commits, so nothing was committed. ${WAYS[writer]} To have Perch move it, take the traffic routing out of that object.`
}
