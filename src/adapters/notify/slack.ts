import type { Notification } from '../../ports/notifier.ts'
import type { NotifyRequest } from './notifier.ts'

/**
 * For an incoming webhook of Slack, and of what takes the same (Mattermost, Rocket.Chat, Google Chat takes `text` too).
 * https://api.slack.com/messaging/webhooks
 */
export function slackMessage({ repository, text }: Notification, link: string): NotifyRequest {
  const message = `${escapeText(text)}\n<${link}|${escapeText(repository)}>`
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text: message }) }
}

/** Slack's three control characters. Without this a reason could mention a whole channel. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
