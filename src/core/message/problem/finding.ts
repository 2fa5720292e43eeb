import type { Detail } from '../../finding/finding.ts'
import type { RouteCause } from '../../problem/problem.ts'
import { code, list } from '../markdown/markdown.ts'
import { fieldWords, misfitWords } from './misfit.ts'
import type { ProblemWords } from './problem-words.ts'

/** The same finding of some environments. */
export function findingProblemWords({
  detail,
  title,
  environments,
}: Extract<RouteCause, { kind: 'finding' }>): ProblemWords {
  const { what, next } = detailWords(detail)
  return { what: `${detail.code}: ${code(title)} in ${list(environments)} ${what}`, next }
}

function detailWords(detail: Detail): ProblemWords {
  switch (detail.code) {
    case 'IST0101':
      return missing(detail)
    case 'IST0106':
      return refused(detail)
    case 'IST0130':
      return {
        what: `has the split ${code(detail.rule)} that no request reaches: ${code(detail.before)} takes them before, so changing its weights changes nothing.`,
        next: 'Move it up, or remove it.',
      }
    case 'schema':
      return misfitWords(detail)
    case 'wrong-field':
      return fieldWords(detail)
    case 'two-writers':
      return {
        what: `is written by ${code(detail.writer)} too: the controller of that object overwrites the weights.`,
        next: 'Let one of them move the traffic: leave the weights of this route to it, or take the traffic routing out of that object.',
      }
    case 'weights-ignored':
      return ignoredWords(detail)
    case 'not-synced':
      return {
        what: `is not applied by itself: ${code(detail.by)} ${STOPS[detail.why]}.`,
        next: 'After a merge somebody has to apply it, or the step never becomes live.',
      }
    case 'use-before-definition':
      return orderWords(detail)
    case 'no-pods':
      return {
        what: `sends traffic to ${code(detail.destination)}, ${detail.why === 'no-workload' ? 'and no workload here has its labels' : 'whose workload has 0 replicas'}: those requests are answered 503.`,
        next: 'Bring its pods up first, in a pull request before this one.',
      }
  }
}

const STOPS: Readonly<Record<Extract<Detail, { code: 'not-synced' }>['why'], string>> = {
  suspended: 'is suspended',
  'by-hand': 'is synced by hand',
  skipped: 'has the annotation `argocd.argoproj.io/skip-reconcile`',
  revision: 'deploys another revision than the branch that this merges into',
}

function ignoredWords({ by, how }: Extract<Detail, { code: 'weights-ignored' }>): ProblemWords {
  switch (how) {
    case 'never':
      return {
        what: `has weights that are never applied from Git: ${code(by)} says to leave them as they are in the cluster.`,
        next: 'Take that out, so that a merge is what is live.',
      }
    case 'unread':
      return {
        what: `may have weights that are never applied from Git: ${code(by)} says by a jq expression what to leave as it is in the cluster.`,
        next: 'Check that the expression leaves out the weights.',
      }
    case 'compared':
      return {
        what: `has weights that ${code(by)} leaves out when it compares: a change of the weights alone is not applied, and one that a person makes in the cluster is not undone.`,
        next: 'What Perch commits is applied, because it changes annotations too. Take the weights out of `ignoreDifferences` to have all of it.',
      }
    case 'patched':
      return {
        what: `has weights that are never applied from Git: ${code(by)} patches others in after the build.`,
        next: 'Remove that patch, so that a merge is what is live. If several deploy this folder, give each an environment with `deployer` in `.github/canary.yml`: Perch then edits the patch.',
      }
  }
}

function orderWords({
  what,
  subset,
  host,
  rule,
  hasWaves,
}: Extract<Detail, { code: 'use-before-definition' }>): ProblemWords {
  const of = `subset ${code(subset)} of ${code(host)}`
  if (what === 'removed')
    return {
      what: `stops sending traffic to ${of} in the same commit that takes the subset out of ${code(rule)}: a proxy that learns of the second first answers 503 until it knows the new route.`,
      next: 'Take the subset out in a later pull request, once this one is live.',
    }
  return {
    what: `sends traffic to ${of} in the same commit that adds the subset to ${code(rule)}: a proxy that learns of the route first answers 503 until it knows the subset.`,
    next: `Add the subset in a pull request before this one, and merge this one when that is live.${hasWaves ? ' With Argo CD, a lower `argocd.argoproj.io/sync-wave` on the DestinationRule than on the route does it too.' : ''}`,
  }
}

function missing(detail: Extract<Detail, { code: 'IST0101' }>): ProblemWords {
  if (detail.what === 'host')
    return {
      what: `sends to ${code(detail.name)}, and there is no such Service or ServiceEntry.`,
      next: 'Correct the host, or add the Service.',
    }
  return {
    what: `sends to subset ${code(detail.name)} of ${code(detail.host)}, which no DestinationRule has: requests to it are answered 503.`,
    next: 'Add the subset in a pull request before this one, so that the proxies know it before they get traffic for it.',
  }
}

function refused({ what, said }: Extract<Detail, { code: 'IST0106' }>): ProblemWords {
  const [wrong, next] =
    what === 'all-zero'
      ? ['has a rule whose weights are all 0', 'Give one of them a weight.']
      : [`has the weight ${code(said)}`, 'Use 0 or more.']
  return { what: `${wrong}. Istio refuses the object, and the cluster keeps the old one.`, next }
}
