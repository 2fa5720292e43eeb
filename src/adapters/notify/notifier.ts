/** Sends news over HTTP: to incoming webhooks like Slack's, and as CloudEvents. */
import type { Log } from '../../ports/log.ts'
import type { Notification, Notifier } from '../../ports/notifier.ts'
import { cloudEvent } from './cloud-event.ts'
import { slackMessage } from './slack.ts'

export interface NotifyDestination {
  readonly name: string
  readonly kind: 'slack' | 'cloudevents'
  /** A secret: who knows it can write there. */
  readonly url: string
}

export interface NotifierOptions {
  readonly destinations: readonly NotifyDestination[]
  /** Signs CloudEvents. */
  readonly secret: string | undefined
  /** Where people look at repositories: `https://github.com`. */
  readonly webUrl: string
  readonly log: Log
  readonly timeoutMs?: number
}

/** What is sent over HTTP. */
export interface NotifyRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A destination did not take a message, and may take it later. Its message names no address. */
export class DestinationUnavailable extends Error {
  override readonly name = 'DestinationUnavailable'
}

const TIMEOUT_MS = 10_000

export function openNotifier(options: NotifierOptions): Notifier {
  const destinations = new Map(options.destinations.map((one) => [one.name, one]))
  return {
    destinations: () => [...destinations.keys()],
    async send(name, notification) {
      const destination = destinations.get(name)
      if (destination === undefined) return 'unknown-destination'
      const status = await post(destination, requestFor(destination, notification, options), options.timeoutMs)
      if (status >= 200 && status < 300) return 'sent'
      if (isPassing(status)) throw new DestinationUnavailable(`The destination ${name} answers HTTP ${status}.`)
      options.log.warn({ destination: name, status, event: notification.news.event }, 'a notification was refused')
      return 'refused'
    },
  }
}

function requestFor(
  { kind }: NotifyDestination,
  notification: Notification,
  { webUrl, secret }: NotifierOptions,
): NotifyRequest {
  const { repository, news } = notification
  const link = `${webUrl}/${repository}${news.pull === undefined ? '' : `/pull/${news.pull}`}`
  return kind === 'slack' ? slackMessage(notification, link) : cloudEvent(notification, { link, webUrl, secret })
}

/** Redirects are not followed: they could lead anywhere. */
async function post({ name, url }: NotifyDestination, request: NotifyRequest, timeoutMs = TIMEOUT_MS): Promise<number> {
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, { method: 'POST', ...request, redirect: 'manual', signal })
    await response.body?.cancel()
    return response.status
  } catch {
    // The error may hold the address.
    const why = signal.aborted ? `does not answer within ${timeoutMs / 1_000} seconds` : 'cannot be reached'
    throw new DestinationUnavailable(`The destination ${name} ${why}.`)
  }
}

/** 404 and 410 come from a webhook that was deleted, 400 from a message that is not understood: later tries end the same. */
function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429
}
