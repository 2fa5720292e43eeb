import type { Notification } from '../../ports/notifier.ts'
import type { NotifyRequest } from './notifier.ts'

/**
 * A message for Slack's incoming webhooks and compatible ones (Mattermost, Rocket.Chat; Google Chat accepts `text` too).
 * https://api.slack.com/messaging/webhooks
 */
export function slackMessage({ repository, text }: Notification, link: string): NotifyRequest {
  const message = `${escapeText(text)}\n<${link}|${escapeText(repository)}>`
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text: message }) }
}

/** Escapes Slack's three control characters. Otherwise a reason could mention a whole channel. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
