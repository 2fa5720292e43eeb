import type { RouteNote, ShareReason } from '../../traffic/explain.ts'
import { code } from '../markdown/markdown.ts'

const REASONS = {
  'missing-is-zero': 'It has no weight: among several destinations of a VirtualService that counts as 0. Write one.',
  'missing-is-one': 'It has no weight: the Gateway API counts that as 1. Write one.',
  'single-gets-all': 'It is the only destination: Istio sends it everything, whatever its weight.',
  'single-zero-gets-nothing':
    'It is the only backend and has weight 0: the Gateway API sends it nothing and answers 500. Raise the weight.',
  'sum-not-100': 'The weights of this rule do not sum to 100: the share is weight / sum.',
  'all-zero': 'All weights of this rule are 0: nobody gets traffic. Give one destination a weight.',
  unread: 'A weight of this rule is not a number in these files, so nobody can tell the shares.',
} as const satisfies Record<ShareReason, string>

/** Why a destination's share is not what its weight seems to say. */
export function explainShareReason(reason: ShareReason): string {
  return REASONS[reason]
}

export function explainRouteNote({ code: what, rule, line }: RouteNote): string {
  if (what === 'some-callers')
    return `Rule ${code(rule)} (line ${line}) is for some callers only, by a header or the like. The share is a share of their requests.`
  return `Rule ${code(rule)} (line ${line}) mirrors requests to the canary: its metrics count them as if users had sent them. Remove the mirror before the analysis counts.`
}
