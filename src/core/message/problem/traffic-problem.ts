import type { RolloutRise } from '../../exposure/canaries.ts'
import type { RouteCause } from '../../problem/problem.ts'
import { targetName } from '../../rollout/target.ts'
import { ruleWords } from '../gate/exposure.ts'
import { code, percent } from '../markdown/markdown.ts'
import { WRITER_NAMES } from '../refusal/owner-refusal.ts'
import type { ProblemWords } from './problem-words.ts'

export function trafficProblemWords(cause: Exclude<RouteCause, { kind: 'finding' }>): ProblemWords {
  switch (cause.kind) {
    case 'vanished':
      if (cause.target.owner !== undefined)
        return {
          what: `${WRITER_NAMES[cause.target.owner.writer]} moves ${code(targetName(cause.target))} on the base branch. This pull request removes that controller, and the route no longer has a stable and a canary destination. So no gate can see the share of the canary.`,
          next: 'Remove the controller and keep the route as it is, with all traffic on the stable version. Change the route in another pull request.',
        }
      if (cause.gone !== undefined)
        return {
          what: `The canary of ${code(targetName(cause.target))} has ${shareWords(cause.share)} of the traffic on the base branch, but here the environment ${code(cause.gone)} is gone, or has another name.`,
          next: 'Finish the rollout or roll it back (`/canary abort`) before you remove or rename the environment.',
        }
      return {
        what: `The canary of ${code(targetName(cause.target))} has ${shareWords(cause.share)} of the traffic on the base branch, but here its route no longer has a stable and a canary destination.`,
        next: 'Finish the rollout or roll it back (`/canary abort`) before you change its destinations.',
      }
    case 'renamed-roles':
      return {
        what: `This changes the annotation that says which destinations of ${code(targetName(cause.target))} are stable and canary, so that the same destinations get other roles.`,
        next: 'Keep the roles of the base branch, or first name `stable` and `canary` of the service in `.github/canary.yml`.',
      }
    case 'renamed-by-config':
      return {
        what: `The canary of ${code(targetName(cause.target))} has ${shareWords(cause.share)} of the traffic on the base branch, and this pull request gives the rollout another name in \`.github/canary.yml\`, or removes it there. Holds, freezes and open steps go by the name and would be lost.`,
        next: 'Keep the names of its environment and service until the rollout has finished, or roll it back first (`/canary abort`).',
      }
    case 'raised-by-config':
      return {
        what: `With \`.github/canary.yml\` of this pull request, the canary of ${code(targetName(cause.target))} has ${shareWords(cause.share)} of the traffic, as ${code(cause.target.route.place.file)} says. That is more than on the base branch, and no gate judges it: Perch judges a merge by the config of the base branch.`,
        next: 'Keep the share of the base branch in this pull request. After the merge, raise it with `/canary <percent>`.',
      }
    case 'share-differs':
      return shareWordsOf(cause)
    case 'stray-split':
      return {
        what: `In environment ${code(cause.environment)}, the rendered ${code(cause.route)} gives the canary ${shareWords(cause.share)} of the traffic instead of ${shareWords(cause.was)}. No file contains this route as it is rendered, so no gate can judge it.`,
        next: 'Write the route as a separate manifest, and list it in `resources` of the kustomization.',
      }
    case 'unknown-exposure':
      return exposureWords(cause.rise)
  }
}

function shareWordsOf({
  environment,
  target,
  said,
  rendered,
}: Extract<RouteCause, { kind: 'share-differs' }>): ProblemWords {
  const comes = rendered === undefined ? 'does not render its route' : `renders ${shareWords(rendered)}`
  return {
    what: `The files give the canary of ${code(targetName(target))} ${shareWords(said)} of the traffic, but environment ${code(environment)} ${comes}: something that Perch does not follow sets the weights.`,
    next: 'Set them in the file or in a patch, not with a replacement, a variable, a plugin or an OpenAPI schema.',
  }
}

/** `25%`, or that the share is unknown. */
function shareWords(share: number | 'unknown'): string {
  return share === 'unknown' ? 'an unknown share' : percent(share)
}

function exposureWords(rise: RolloutRise): ProblemWords {
  const { target, from, to, isGone } = rise
  const name = code(targetName({ ...target, environment: rise.environment }))
  const rule = ruleWords(rise)
  if (isGone)
    return {
      what: `This removes the route of ${name}. Then ${rule} can send requests to the canary's pods: up to ${percent(to)}, instead of ${percent(from)}.`,
      next: "Keep the route until the canary's pods are gone, or let the Service select the stable pods only.",
    }
  return {
    what: `Perch cannot tell how many requests ${rule} sends to the canary of ${name}: it was ${percent(from)}, and could be up to ${percent(to)} after this change.`,
    next: 'Write weights as whole numbers, and give each destination labels or a selector that only the pods of its own version have.',
  }
}
