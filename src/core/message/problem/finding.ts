import type { Detail } from '../../finding/finding.ts'
import type { RouteCause } from '../../problem/problem.ts'
import { code, list } from '../markdown/markdown.ts'
import { fieldWords, misfitWords, strangerWords } from './misfit.ts'
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
      return invalid(detail)
    case 'IST0109':
      return {
        what: `and ${code(detail.other)} are both for ${code(detail.host)} inside the mesh, and Istio takes either.`,
        next: 'Merge them into one.',
      }
    case 'IST0112':
      return {
        what: `sends to ${code(detail.host)}, which has the ports ${list(detail.ports)}, and says none.`,
        next: 'Add `port: { number: … }` to the destination.',
      }
    case 'IST0130':
      return {
        what: `has the rule ${code(detail.rule)} that no request reaches: ${code(detail.before)} takes them before.`,
        next: 'Move it up, or remove it.',
      }
    case 'IST0131':
      return {
        what: `has a match in rule ${code(detail.rule)} that never counts: ${code(detail.before)} has the same before.`,
        next: 'Remove the match.',
      }
    case 'IST0132':
      return {
        what: `is for ${list(detail.hosts)}, and the Gateway ${code(detail.gateway)} serves no such host.`,
        next: "Add the host to the Gateway's server, or take the Gateway out here.",
      }
    case 'IST0140':
      return {
        what: `sends requests from the gateway to ${code(detail.host)} without a subset, so the split in ${code(detail.other)} does not count for them.`,
        next: 'Give it the same subsets and weights, or bind the other one to the gateway too.',
      }
    case 'IST0173':
      return {
        what: `has the subset ${code(detail.subset)} of ${code(detail.host)}, whose labels no pod here has: requests to it are answered 503.`,
        next: 'Correct the labels, or add the workload first.',
      }
    case 'schema':
      return misfitWords(detail)
    case 'wrong-field':
      return fieldWords(detail)
    case 'unknown-field':
      return strangerWords(detail)
    case 'two-writers':
    case 'weights-ignored':
    case 'not-synced':
    case 'not-exported':
    case 'mixed-apis':
    case 'no-pods':
    case 'weights-differ':
      return ownWords(detail)
  }
}

type OwnDetail = Exclude<Detail, { code: `IST${string}` | 'schema' | `${string}-field` }>

function ownWords(detail: OwnDetail): ProblemWords {
  switch (detail.code) {
    case 'two-writers':
      return {
        what: `is written by ${code(detail.writer)} too: it would undo the weights.`,
        next: 'Let one of them move the traffic: remove its traffic routing, or leave this route to it.',
      }
    case 'weights-ignored':
      return {
        what: `has weights that are never applied from Git: ${code(detail.by)} says to leave them as they are in the cluster.`,
        next: 'Take that out, so that a merge is what is live.',
      }
    case 'not-synced':
      return {
        what: `is not applied by itself: ${code(detail.by)} is ${detail.why === 'suspended' ? 'suspended' : 'synced by hand'}.`,
        next: 'After a merge somebody has to apply it, or the step never becomes live.',
      }
    case 'not-exported':
      return {
        what:
          detail.why === 'sidecar'
            ? `does not count for callers in its namespace: ${code(detail.other)} does not list its host.`
            : `does not count at the Gateway ${code(detail.other)}: \`exportTo\` leaves its namespace out.`,
        next:
          detail.why === 'sidecar'
            ? 'Add the host to the egress of the Sidecar.'
            : "Add that namespace, or the one of the gateway's pods, to `exportTo`.",
      }
    case 'mixed-apis':
      return {
        what: `and ${code(detail.other)} are for the same service: which one counts is not defined.`,
        next: 'Use one of the two APIs for a service.',
      }
    case 'no-pods':
      return {
        what: `sends traffic to ${code(detail.destination)}, ${detail.why === 'no-workload' ? 'and no workload here is behind it' : 'whose workload has 0 replicas'}: those requests are answered 503.`,
        next: 'Bring its pods up first, in a pull request before this one.',
      }
    case 'weights-differ':
      return {
        what: `splits ${code(detail.host)} otherwise than ${code(detail.other)} does.`,
        next: 'Give both the same weights.',
      }
  }
}

function missing(detail: Extract<Detail, { code: 'IST0101' }>): ProblemWords {
  switch (detail.what) {
    case 'subset':
      return {
        what: `sends to subset ${code(detail.name)} of ${code(detail.host)}, which no DestinationRule has: requests to it are answered 503.`,
        next: 'Add the subset in a pull request before this one, so that the proxies know it when the traffic comes.',
      }
    case 'gateway':
      return {
        what: `names the Gateway ${code(detail.name)}, which is not there.`,
        next: 'Correct the name, or add the Gateway.',
      }
    case 'host':
    case 'mirror':
      return {
        what: `${detail.what === 'host' ? 'sends' : 'mirrors'} to ${code(detail.name)}, and there is no such Service or ServiceEntry.`,
        next: 'Correct the host, or add the Service.',
      }
  }
}

const REFUSED = 'Istio refuses the object, and the cluster keeps the old one.'

function invalid({ what, said }: Extract<Detail, { code: 'IST0106' }>): ProblemWords {
  const [wrong, next] = refusedWords(what, code(said))
  return { what: `${wrong}. ${REFUSED}`, next }
}

/** What is wrong, without the full stop, and what to do. */
function refusedWords(what: Extract<Detail, { code: 'IST0106' }>['what'], said: string): readonly [string, string] {
  switch (what) {
    case 'all-zero':
      return ['has a rule whose weights are all 0', 'Give one of them a weight.']
    case 'negative':
      return [`has the weight ${said}`, 'Use 0 or more.']
    case 'mirror-twice':
      return [`has both \`mirror\` and \`mirrors\` in ${said}`, 'Use one of them.']
    case 'mirror-percentage':
      return [`mirrors ${said} percent`, 'Use 0 to 100.']
    case 'no-action':
      return [
        `has the rule ${said} without a route, redirect, direct response or delegate`,
        'Add one, or remove the rule.',
      ]
    case 'two-actions':
      return [
        `has more than one of route, redirect, direct response and delegate in the rule ${said}`,
        'Keep one of them.',
      ]
    case 'no-routes':
      return ['has no `http`, `tls` or `tcp` rules', 'Add one, or remove the object.']
    case 'no-field':
      return [`has no ${said}`, 'Add it.']
    case 'no-sni':
      return [`has a match without \`sniHosts\` in ${said}`, 'Add the host names.']
    case 'duration':
      return [
        `has a value in ${said} that is not a duration of a millisecond or more`,
        'Write it like `5s` or `250ms`.',
      ]
    case 'export':
      return ['is exported to `~`, nobody', 'Name namespaces, or `*`.']
    case 'star-host':
      return ['is for the host `*` inside the mesh', 'Name the hosts, or bind it to gateways only.']
    case 'host-twice':
      return [`has the host ${said} twice`, 'Remove one.']
    case 'delegate-with':
      return [`has no hosts, so it is a delegate, and ${said} besides`, 'Add hosts, or keep HTTP rules only.']
  }
}
