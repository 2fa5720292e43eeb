import { createEventHandler, type EmitterWebhookEvent } from '@octokit/webhooks'
import type { WebhookDelivery } from './edge.ts'
import { perchApp, type WebhookParts } from './perch-app.ts'
import { isEventName } from './webhook-events.ts'

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

/**
 * Hands webhooks to our handlers as Probot does, with the part of it that does this: all of Probot would cost this thread 36 MB.
 * Resolves when what they ask for is on disk.
 */
export function openWebhooks(options: WebhookParts): (delivery: WebhookDelivery) => Promise<void> {
  // Its own log would hold whole payloads. The caller that hands it a webhook gets the error.
  const events = createEventHandler({ log: SILENT })
  perchApp(events, options)
  return async (delivery) => {
    if (isDocumented(delivery)) await events.receive(delivery)
  }
}

/**
 * The type promises payloads as documented. Here only the name and the kind of `action`, by which it finds handlers, are known: each
 * handler reads its payload with a schema.
 */
function isDocumented(delivery: WebhookDelivery): delivery is WebhookDelivery & EmitterWebhookEvent {
  const { name, payload } = delivery
  const action: unknown = 'action' in payload ? payload.action : undefined
  return isEventName(name) && (action === undefined || typeof action === 'string')
}
