import { createHmac } from 'node:crypto'
import type { Notification } from '../../ports/notifier.ts'
import type { NotifyRequest } from './notifier.ts'

interface EventOptions {
  readonly link: string
  readonly webUrl: string
  readonly secret: string | undefined
}

/**
 * A CloudEvent 1.0 in binary mode: its attributes are headers, its data is the body.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
 */
export function cloudEvent(
  { id, repository, news, text, at }: Notification,
  { link, webUrl, secret }: EventOptions,
): NotifyRequest {
  const { event, environment, service, ...facts } = news
  const body = JSON.stringify({
    repository,
    environment,
    ...(service === undefined ? {} : { service }),
    ...facts,
    text,
    link,
  })
  const attributes = {
    id,
    specversion: '1.0',
    type: `dev.perch.rollout.${event}`,
    source: `${webUrl}/${repository}`,
    subject: service === undefined ? environment : `${environment}/${service}`,
    time: new Date(at).toISOString(),
  }
  return {
    headers: {
      ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, headerValue(value)])),
      'content-type': 'application/json',
      ...(secret === undefined ? {} : { 'x-perch-signature-256': `sha256=${hmac(secret, body)}` }),
    },
    body,
  }
}

function hmac(secret: string, body: string): string {
  return createHmac('sha256', secret).update(body).digest('hex')
}

/** §3.1.3.2: spaces, quotes, percent signs and everything that is not printable ASCII are percent-encoded as UTF-8. */
function headerValue(value: string): string {
  return value.replaceAll(/[^\x21\x23\x24\x26-\x7E]+/gu, (part) =>
    [...Buffer.from(part)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
}
