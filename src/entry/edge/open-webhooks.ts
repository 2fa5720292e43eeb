import { createEventHandler, type EmitterWebhookEvent } from '@octokit/webhooks'
import type { WebhookDelivery } from './edge.ts'
import { perchApp, type WebhookParts } from './perch-app.ts'
import { isEventName } from './webhook-events.ts'

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

/**
 * Passes webhooks to our handlers with the same library that Probot uses. All of Probot would cost this thread 36 MB. Resolves
 * when the requested tasks are on disk.
 */
export function openWebhooks(options: WebhookParts): (delivery: WebhookDelivery) => Promise<void> {
  // The library's own log would contain whole payloads. Errors reach the caller instead.
  const events = createEventHandler({ log: SILENT })
  perchApp(events, options)
  return async (delivery) => {
    if (isDocumented(delivery)) await events.receive(delivery)
  }
}

/**
 * The type promises the documented payload. At this point only the event name and the type of `action` are known, which select
 * the handlers. Each handler parses its payload with a schema.
 */
function isDocumented(delivery: WebhookDelivery): delivery is WebhookDelivery & EmitterWebhookEvent {
  const { name, payload } = delivery
  const action: unknown = 'action' in payload ? payload.action : undefined
  return isEventName(name) && (action === undefined || typeof action === 'string')
}
