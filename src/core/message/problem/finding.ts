import type { Detail } from '../../finding/finding.ts'
import type { RouteCause } from '../../problem/problem.ts'
import { code, list } from '../markdown/markdown.ts'
import { fieldWords, misfitWords } from './misfit.ts'
import type { ProblemWords } from './problem-words.ts'

/** One finding, with the environments in which it is the same. */
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
        what: `has the split ${code(detail.rule)}, which no request reaches: ${code(detail.before)} matches them first, so the weights have no effect.`,
        next: 'Move it up, or remove it.',
      }
    case 'schema':
      return misfitWords(detail)
    case 'wrong-field':
      return fieldWords(detail)
    case 'two-writers':
      return {
        what: `has a second writer, ${code(detail.writer)}: the controller of that object overwrites the weights.`,
        next: 'Let only one of them move the traffic: leave the weights of this route to the controller, or remove the traffic routing from that object.',
      }
    case 'weights-ignored':
      return ignoredWords(detail)
    case 'not-synced':
      return {
        what: `is not applied automatically: ${code(detail.by)} ${STOPS[detail.why]}.`,
        next: 'After a merge somebody has to apply it. Otherwise the step never becomes live.',
      }
    case 'use-before-definition':
      return orderWords(detail)
    case 'no-pods':
      return {
        what: `sends traffic to ${code(detail.destination)}, ${detail.why === 'no-workload' ? 'and no workload here has its labels' : 'whose workload has 0 replicas'}: those requests are answered with 503.`,
        next: 'Start its pods first, in an earlier pull request.',
      }
  }
}

const STOPS: Readonly<Record<Extract<Detail, { code: 'not-synced' }>['why'], string>> = {
  suspended: 'is suspended',
  'by-hand': 'is synced manually',
  skipped: 'has the annotation `argocd.argoproj.io/skip-reconcile`',
  revision: 'deploys a revision other than the branch that this merges into',
}

function ignoredWords({ by, how }: Extract<Detail, { code: 'weights-ignored' }>): ProblemWords {
  switch (how) {
    case 'never':
      return {
        what: `has weights that are never applied from Git: ${code(by)} tells the deployer to ignore them.`,
        next: 'Remove that setting, so that a merge takes effect.',
      }
    case 'unread':
      return {
        what: `may have weights that are never applied from Git: ${code(by)} tells the deployer with a jq expression which fields to ignore.`,
        next: 'Check that the expression does not match the weights.',
      }
    case 'compared':
      return {
        what: `has weights that ${code(by)} ignores when it compares: a change of the weights alone is not applied, and a change in the cluster is not undone.`,
        next: 'Commits of Perch are applied, because they change annotations too. To apply every change, remove the weights from `ignoreDifferences`.',
      }
    case 'patched':
      return {
        what: `has weights that are never applied from Git: ${code(by)} replaces them with a patch after the build.`,
        next: 'Remove that patch, so that a merge takes effect. If several deploy this folder, list one environment with `deployer` for each in `.github/canary.yml`. Then Perch edits the patch.',
      }
  }
}

type OrderDetail = Extract<Detail, { code: 'use-before-definition' }>

function orderWords(detail: OrderDetail): ProblemWords {
  const { what, subset, host, rule, hasWaves } = detail
  const of = `subset ${code(subset)} of ${code(host)}`
  if (what === 'removed')
    return {
      what: `stops sending traffic to ${of} in the same commit that removes the subset from ${code(rule)}: a proxy that receives the removal first answers 503 until it knows the new route.`,
      next: twoPulls(detail),
    }
  return {
    what: `sends traffic to ${of} in the same commit that adds the subset to ${code(rule)}: a proxy that receives the route first answers 503 until it knows the subset.`,
    next: `${twoPulls(detail)}${hasWaves ? ' With Argo CD, you can instead give the DestinationRule a lower `argocd.argoproj.io/sync-wave` than the route.' : ''}`,
  }
}

/** The two pull requests to make, in their order. */
function twoPulls({ what, files }: OrderDetail): string {
  if (files === undefined)
    return what === 'added'
      ? 'Add the subset in an earlier pull request, and merge this one when that is live.'
      : 'Remove the subset in a later pull request, once this one is live.'
  const [rule, route] = [code(files.rule), code(files.route)]
  return what === 'added'
    ? `Make two pull requests of this one: first the subset (${rule}), then, when that is live, its traffic (${route}).`
    : `Make two pull requests of this one: first the traffic (${route}), then, when that is live, the subset (${rule}).`
}

function missing(detail: Extract<Detail, { code: 'IST0101' }>): ProblemWords {
  if (detail.what === 'host')
    return {
      what: `sends requests to ${code(detail.name)}, but there is no such Service or ServiceEntry.`,
      next: 'Correct the host, or add the Service.',
    }
  return {
    what: `sends requests to subset ${code(detail.name)} of ${code(detail.host)}, which no DestinationRule has. They are answered with 503.`,
    next: 'Add the subset in an earlier pull request, so that the proxies know it before they get traffic for it.',
  }
}

function refused({ what, said }: Extract<Detail, { code: 'IST0106' }>): ProblemWords {
  const [wrong, next] =
    what === 'all-zero'
      ? ['has a rule with several destinations and no weight above 0', 'Give one of them a weight.']
      : [`has the weight ${code(said)}`, 'Use 0 or more.']
  return { what: `${wrong}. Istio refuses the object, and the cluster keeps the old one.`, next }
}
