import type { Observation, ShareTrouble } from '../../analysis/observed-share.ts'
import type { MetricsFailure } from '../../analysis/answer.ts'
import { formatDuration } from '../../config/duration.ts'
import { code, percent } from '../markdown/markdown.ts'

/** What Prometheus sees of a canary's traffic, as a sentence. */
export function observationWords(observation: Observation): string {
  switch (observation.code) {
    case 'seen': {
      const { requests, windowMs } = observation
      return `Prometheus sees ${seenShare(observation)} of ${requests.toLocaleString('en-US')} requests on the canary in the last ${formatDuration(windowMs)}.`
    }
    case 'few-requests': {
      const { requests, least, windowMs } = observation
      return `Prometheus sees ${requests} requests to both versions in the last ${formatDuration(windowMs)}, but at least ${least} are needed to measure the share. If the service is quiet, raise \`window\` or lower \`minRequests\`.`
    }
    case 'not-told-apart':
      return `Istio's metrics do not tell the traffic of the two versions apart: ${TROUBLES[observation.trouble]}. Use a report of the deployer in \`live\` instead of \`traffic\`.`
    case 'no-answer':
      return `Perch cannot see the traffic: ${failureWords(observation.provider, observation.failure)}`
  }
}

/** The observed share, rounded to a tenth of a percent. */
function seenShare({ share }: Extract<Observation, { code: 'seen' }>): string {
  return percent(Math.round(share * 10) / 10)
}

export function points(count: number): string {
  return `${count} ${count === 1 ? 'point' : 'points'}`
}

const TROUBLES: Readonly<Record<ShareTrouble, string>> = {
  'not-http': 'TCP and TLS have no requests there',
  'needs-source': "with `reporter: destination`, the canary's own proxy does not know which service was called",
  'shared-pods': 'with `reporter: destination`, another Service with the same pods counts some of the requests',
  'several-destinations': 'the rules send the canary, or the stable version, to several hosts or subsets',
  'foreign-host': 'a destination is not a Service of the cluster',
  'no-version-label': 'a subset has no `version` label',
  'same-labels': 'both have the same labels',
  'several-namespaces': 'the route is deployed to several namespaces',
  mirrored: 'with `reporter: destination`, copies of requests (`mirror`) are counted, too',
  'other-rules': 'another rule of the route gives the canary a share of its own',
}

function failureWords(provider: string, failure: MetricsFailure): string {
  const name = code(provider)
  switch (failure) {
    case 'unknown-server':
      return `it was started without a Prometheus named ${name}. Ask its operator to set \`PROMETHEUS_URL\`.`
    case 'unreachable':
      return `${name} does not answer. Ask the operator of Perch to find out why.`
    case 'timed-out':
      return `${name} takes too long. Ask the operator of Perch to find out why.`
    case 'refused':
      return `${name} refuses the query. Ask the operator of Perch to check its credentials.`
    case 'too-large':
    case 'not-understood':
      return `the answer of ${name} is not one number without warnings. Ask the operator of Perch to look at its log.`
  }
}
