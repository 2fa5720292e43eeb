import type { Probot } from 'probot'
import type { Logger } from 'pino'
import type { Jobs } from '../../ports/jobs.ts'
import type { Memo } from '../../ports/memo.ts'
import type { WebhookDelivery } from './edge.ts'
import { type AppCredentials, openProbot } from '../github.ts'
import { perchApp } from './perch-app.ts'
import { isEventName } from './webhook-events.ts'

interface Options {
  readonly app: AppCredentials
  readonly log: Logger
  readonly jobs: Jobs
  readonly memo: Memo
}

/** Probot as it hands webhooks to our handlers; resolves when what they ask for is on disk. */
export async function openWebhooks({
  app,
  log,
  jobs,
  memo,
}: Options): Promise<(delivery: WebhookDelivery) => Promise<void>> {
  // Its own log would hold whole payloads. The caller that hands it a webhook gets the error.
  const probot = openProbot(app, log.child({}, { level: 'silent' }))
  await probot.load((loaded) => perchApp(loaded, { jobs, memo, appId: app.appId }), {
    cwd: '.',
    addHandler: () => undefined,
  })
  return async (delivery) => {
    if (isForProbot(delivery)) await probot.receive(delivery)
  }
}

/**
 * Probot's type promises payloads as documented. Here only the name and the kind of `action`, by which it finds handlers, are known: each
 * handler reads its payload with a schema.
 */
function isForProbot(delivery: WebhookDelivery): delivery is WebhookDelivery & Parameters<Probot['receive']>[0] {
  const { name, payload } = delivery
  const action: unknown = 'action' in payload ? payload.action : undefined
  return isEventName(name) && (action === undefined || typeof action === 'string')
}
