import { isAbout } from '../../analysis/observed-share.ts'
import { formatDuration } from '../../config/duration.ts'
import type { LiveEntry } from '../../config/schema.ts'
import { type Liveness, type LiveResult, type TrafficEvidence, wantOf } from '../../gate/live.ts'
import type { SignalSource } from '../../gate/signal.ts'
import { capitalized } from '../markdown/lists.ts'
import { code, linked, list, percent, plainText } from '../markdown/markdown.ts'
import { time } from '../markdown/time.ts'
import { observationWords, points } from './observation.ts'

/** The name of each kind of signal, and where to look if it does not come. */
const SIGNALS = {
  status: {
    noun: 'commit status',
    look: "Look at the log of the notification controller of Flux or Argo CD, and at the commit's statuses on GitHub.",
  },
  check: {
    noun: 'check run',
    look: "Look at the App that should report it, and at the commit's checks on GitHub.",
  },
  deployment: {
    noun: 'deployment to',
    look: "Look at the tool that deploys it, and at the repository's deployments on GitHub.",
  },
  report: {
    noun: 'report',
    look: "Look for `/api/reports` in the logs of the cluster's notification controller and of Perch.",
  },
} as const satisfies Record<SignalSource, { readonly noun: string; readonly look: string }>

/** Whether a step is live, and what proves it or is still missing. */
export function liveSentence(liveness: Liveness): string {
  const { parts } = liveness
  if (liveness.state === 'live') return liveWords(liveness)
  const open = parts.filter(({ found }) => found.state !== 'live')
  const words = open.map(partWords)
  if (parts.length === 1) return words.join(' ')
  const rest = words.map(capitalized)
  return `${parts.length - open.length} of ${parts.length} conditions for live are met. ${rest.join(' ')}`
}

/** The same sentence on its own, with a capital letter. */
export function liveSentenceAlone(liveness: Liveness): string {
  return capitalized(liveSentence(liveness))
}

function liveWords({ since, parts, differs }: Extract<Liveness, { state: 'live' }>): string {
  const witnesses = parts.flatMap(({ entry, found }) => {
    if ('traffic' in entry && found.state === 'live') return ['the traffic that Prometheus sees']
    const source = wantOf(entry)?.source
    return found.state === 'live' && found.name !== undefined && source !== undefined
      ? [`the ${SIGNALS[source].noun} ${linked(found.name, found.url)}`]
      : []
  })
  const seen =
    differs === true
      ? ' Now Prometheus sees a different share than Git asks for: something else may set the weights. Comment `/canary status` to see the number.'
      : ''
  if (witnesses.length === 0)
    return `counted as live since ${time(since)} by a timer, because no report is configured (weak).${seen}`
  const timer = witnesses.length < parts.length ? ', and a timer has run out' : ''
  return `live since ${time(since)}, according to ${witnesses.join(' and ')}${timer}.${seen}`
}

function partWords({ entry, found }: LiveResult): string {
  const source = wantOf(entry)?.source ?? 'status'
  switch (found.state) {
    case 'live':
      return ''
    case 'failed': {
      const why = plainText(found.description) || 'no description was given'
      return `the ${SIGNALS[source].noun} ${linked(found.name, found.url)} failed: ${why}. Fix it, or comment \`/canary abort\`.`
    }
    case 'not-yet':
    case 'overdue':
      if (found.why === 'traffic')
        return `${found.state === 'overdue' ? 'overdue: ' : ''}${unprovenWords(found.evidence)}`
      return found.why === 'silent' ? silentWords(entry, source, found) : waitingWords(entry, found)
  }
}

function waitingWords(entry: LiveEntry, found: { readonly why: 'timer' | 'ahead'; readonly until: number }): string {
  return found.why === 'timer'
    ? `counts as live at ${time(found.until)} by a timer, because no report is configured (weak).`
    : `the ${wanted(entry)} says that it is live from ${time(found.until)}, which is in the future, so the sender's clock is wrong. The report counts from that time on.`
}

/** Why the traffic does not prove that a step is live. */
function unprovenWords(evidence: TrafficEvidence | undefined): string {
  if (evidence === undefined)
    return 'the traffic proves nothing, because the history of the base branch does not show the commit of this step.'
  const { observation, asked, until } = evidence
  if (observation === undefined)
    return `waits until ${time(until)}, when Prometheus has seen a whole window of traffic since the merge.`
  const words = observationWords(observation)
  if (observation.code !== 'seen') return words
  const { share, before, tolerance } = asked
  if (isAbout(observation, asked))
    return `${words} Git asks for ${percent(share)}, but these are too few requests to tell that from the earlier ${percent(before)}. If the service is quiet, raise \`window\`.`
  return `${words} Git asks for ${percent(share)}; a share within ${points(tolerance)} of that proves that the step is live. Are the proxies behind, does something else set the weights, or does a header rule take some of the requests?`
}

/** What makes a step live. The worst problem comes first. */
export function liveRemedy({ parts }: Liveness): string {
  const open = parts.flatMap(({ found }) => (found.state === 'live' ? [] : [found]))
  if (open.some(({ state }) => state === 'failed')) return 'repair what failed, or `/canary abort`'
  const why = open.flatMap((found) => (found.state === 'failed' ? [] : [found.why]))
  if (why.includes('silent')) return 'wait for the report, or find out why it does not come'
  return why.includes('traffic') ? 'wait for the traffic, or find out why it differs' : 'wait'
}

type SilentResult = Extract<LiveResult['found'], { why: 'silent' }>

function silentWords(entry: LiveEntry, source: SignalSource, found: SilentResult): string {
  const strangers = strangerWords(entry, found.strangers)
  if (found.state === 'not-yet') return `waits for a successful ${wanted(entry)} on the base branch.${strangers}`
  const within = 'within' in entry ? ` for more than ${formatDuration(entry.within)}` : ''
  return `overdue: no ${wanted(entry)} has come${within} since the step was merged at ${time(found.landedAt)}. ${SIGNALS[source].look}${strangers}`
}

/** Names the authors of reports that do not count, so that somebody can correct the config or the author. */
function strangerWords(entry: LiveEntry, strangers: readonly string[]): string {
  if (strangers.length === 0 || !('by' in entry) || entry.by === undefined) return ''
  return ` Reports by ${list(strangers)} do not count, because the config asks for reports by ${code(entry.by)}.`
}

/** What the config waits for, as the object of a sentence. */
export function wanted(entry: LiveEntry): string {
  const want = wantOf(entry)
  if ('traffic' in entry) return 'traffic that Prometheus sees'
  if (want === undefined) return `${'after' in entry ? formatDuration(entry.after) : ''} after the merge, a timer`
  return `${SIGNALS[want.source].noun} ${code(want.pattern)}`
}
