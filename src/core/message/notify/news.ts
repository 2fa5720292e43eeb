/** Notifications outside GitHub, as plain text in one or two sentences. */
import type { News } from '../../notify/news.ts'
import { percent } from '../markdown/markdown.ts'
import { time } from '../markdown/time.ts'

export function newsText(news: News): string {
  const { event, environment, service, share, version } = news
  const name = service === undefined ? environment : `${environment}/${service}`
  const of = version === undefined ? '' : ` of ${version}`
  const at = share === undefined ? '' : ` at ${percent(share)}`
  switch (event) {
    case 'started':
      return `${name}: the rollout${of} has started${at}.`
    case 'live':
      return `${name}: the step${at}${of} is live.`
    case 'waiting':
      return `${name}: the rollout${of} waits${at}. ${waitingFor(news)}`
    case 'failed':
      return `${name}${at}: ${news.reason ?? 'the canary failed its analysis.'}`
    case 'rolled-back':
      return `${name}: the rollout${of} has ended. All traffic is on the stable version.`
    case 'finished':
      return `${name}: the rollout${of} is finished. The new version is the stable version now.`
    case 'frozen':
      return `${name}: ${news.by ?? 'somebody'} stopped all raises${untilWords(news)}.${because(news)}`
  }
}

function waitingFor({ waitsFor, pull }: News): string {
  const which = pull === undefined ? 'the pull request' : `#${pull}`
  if (waitsFor === 'merge') return `Every gate of ${which} passes: merge it.`
  if (waitsFor === 'approval') return `Only approvals are missing on ${which}: review it.`
  if (waitsFor === 'live') return `That step is not live in the cluster: ${which} says why.`
  return 'Perch cannot continue by itself: the pull request that began the rollout says why.'
}

function because({ reason }: News): string {
  return reason === undefined || reason === '' ? '' : ` ${reason}`
}

function untilWords({ until }: News): string {
  return until === undefined ? '' : ` until ${time(until)}`
}
