/** Sends notifications over HTTP, to Slack-compatible webhooks and as CloudEvents. */
import type { Log } from '../../ports/log.ts'
import type { Notification, Notifier } from '../../ports/notifier.ts'
import { cloudEvent } from './cloud-event.ts'
import { slackMessage } from './slack.ts'

export interface NotifyDestination {
  readonly name: string
  readonly kind: 'slack' | 'cloudevents'
  /** A secret: anyone who knows it can post there. */
  readonly url: string
}

export interface NotifierOptions {
  readonly destinations: readonly NotifyDestination[]
  /** The key that signs CloudEvents. */
  readonly secret: string | undefined
  /** Where people look at repositories: `https://github.com`. */
  readonly webUrl: string
  readonly log: Log
  readonly timeoutMs?: number
}

/** The HTTP request of a notification. */
export interface NotifyRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A destination did not accept a message, but may accept it later. The error's message contains no address. */
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

/** Does not follow redirects, because they could lead anywhere. */
async function post({ name, url }: NotifyDestination, request: NotifyRequest, timeoutMs = TIMEOUT_MS): Promise<number> {
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, { method: 'POST', ...request, redirect: 'manual', signal })
    await response.body?.cancel()
    return response.status
  } catch {
    // The error may contain the address.
    const why = signal.aborted ? `does not answer within ${timeoutMs / 1_000} seconds` : 'cannot be reached'
    throw new DestinationUnavailable(`The destination ${name} ${why}.`)
  }
}

/**
 * Whether a later try may succeed. 404 and 410 mean that the webhook was deleted, 400 that the message was not understood: later
 * tries would end the same way.
 */
function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429
}
