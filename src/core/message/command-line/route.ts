import type { RouteNote, ShareReason } from '../../traffic/explain.ts'
import { code } from '../markdown/markdown.ts'

const REASONS = {
  'missing-is-zero':
    'It has no weight, which counts as 0 among several destinations of a VirtualService. Write a weight.',
  'missing-is-one': 'It has no weight, which counts as 1 in the Gateway API. Write a weight.',
  'single-gets-all': 'It is the only destination: Istio sends it everything, whatever its weight.',
  'single-zero-gets-nothing':
    'It is the only backend and has weight 0: the Gateway API sends it nothing and answers 500. Raise the weight.',
  'sum-not-100': 'The weights of this rule do not sum to 100: the share is weight / sum.',
  'all-zero': 'All weights of this rule are 0: nobody gets traffic. Give one destination a weight.',
  unread: 'A weight of this rule is not a number in these files, so Perch cannot tell the shares.',
} as const satisfies Record<ShareReason, string>

/** Why a destination's share differs from its weight. */
export function explainShareReason(reason: ShareReason): string {
  return REASONS[reason]
}

export function explainRouteNote({ code: what, rule, line }: RouteNote): string {
  if (what === 'some-callers')
    return `Rule ${code(rule)} (line ${line}) is only for some callers, for example by a header. The share is a share of their requests.`
  return `Rule ${code(rule)} (line ${line}) mirrors requests to the canary. Its metrics count the copies like requests of users. Remove the mirror before the analysis begins.`
}
