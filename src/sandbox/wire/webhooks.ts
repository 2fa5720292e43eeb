/** Sends webhooks to Apps. https://docs.github.com/webhooks/about-webhooks */
import { createHmac, randomUUID } from 'node:crypto'
import { accountPayload, organizationPayload } from '../payload/accounts.ts'
import { nodeId } from '../payload/links.ts'
import { repositoryPayload } from '../payload/repositories.ts'
import { allowsEvent } from '../state/app-events.ts'
import type { App, Installation } from '../state/types.ts'
import { installationsOn, type WorldEvent, type Json, type World } from '../state/world.ts'

interface Delivery {
  readonly id: number
  /** A redelivery has the same one. */
  readonly guid: string
  readonly app: App
  readonly event: string
  readonly action: string | null
  readonly installationId: number | null
  readonly repositoryId: number | null
  readonly isRedelivery: boolean
  readonly payload: Json
  deliveredAt: number
  /** Seconds. */
  duration: number
  status: string
  /** 0 until an answer comes. */
  statusCode: number
  requestHeaders: Readonly<Record<string, string>>
  responseHeaders: Readonly<Record<string, string>>
  responseBody: string
}

type WebhookFaultKind =
  /** The App does not receive it. GitHub's log says that it failed. */
  | 'drop'
  /** Neither the App nor the log gets it, as with payloads that are too large. */
  | 'vanish'
  /** Delivered twice, with the same guid. */
  | 'double'
  /** Held back until `release`. */
  | 'hold'
  | { readonly delay: number }

interface WebhookFault {
  readonly match: (delivery: Delivery) => boolean
  /** Default 1. */
  readonly times?: number
  readonly kind: WebhookFaultKind
}

export interface Webhooks {
  /** Oldest first. */
  readonly deliveries: readonly Delivery[]
  addFault(fault: WebhookFault): { remove(): void }
  clearFaults(): void
  /**
   * Sends the held deliveries in the order that `shuffle` returns. The default is from last to first. Resolves when all are
   * answered.
   */
  release(shuffle?: (held: readonly Delivery[]) => readonly Delivery[]): Promise<void>
  /** Sends an old delivery again, with the same guid. */
  redeliver(id: number): boolean
  /** Resolves when no delivery is in progress. Held ones do not count. */
  idle(): Promise<void>
  /** Stops sending, and aborts deliveries in progress. */
  close(): void
}

export interface WebhookSender extends Webhooks {
  announce(happening: WorldEvent): void
}

/** How long GitHub Enterprise Server waits for an answer. github.com waits 10 seconds. */
const ANSWER_MS = 30_000

export function createWebhooks(world: () => World): WebhookSender {
  const deliveries: Delivery[] = []
  const held: Delivery[] = []
  const faults = new Map<WebhookFault, number>()
  const underWay = new Set<Promise<void>>()
  const stopped = new AbortController()

  const send = (delivery: Delivery, delay = 0): Promise<void> => {
    const sending = wait(delay, stopped.signal).then(() => post(world(), delivery, stopped.signal))
    const tracked = sending.finally(() => underWay.delete(tracked))
    underWay.add(tracked)
    return tracked
  }
  const dispatch = (delivery: Delivery): void => {
    const kind = strike(faults, delivery)
    if (kind === 'vanish') return
    deliveries.push(delivery)
    if (kind === 'hold') held.push(delivery)
    else if (kind === 'drop') fail(delivery, 'failed to connect to host')
    else void send(delivery, typeof kind === 'object' ? kind.delay : 0)
    if (kind === 'double') {
      const again = { ...delivery, id: world().nextId() }
      deliveries.push(again)
      void send(again)
    }
  }
  return {
    deliveries,
    announce: (happening) => deliveriesOf(world(), happening).forEach(dispatch),
    addFault(fault) {
      faults.set(fault, 0)
      return { remove: () => void faults.delete(fault) }
    },
    clearFaults: () => {
      faults.clear()
    },
    async release(shuffle = (all) => all.toReversed()) {
      for (const delivery of shuffle(held.splice(0))) await send(delivery)
    },
    redeliver(id) {
      const known = deliveries.find((one) => one.id === id)
      if (known === undefined) return false
      dispatch({ ...known, id: world().nextId(), isRedelivery: true, status: '', statusCode: 0, responseBody: '' })
      return true
    },
    async idle() {
      while (underWay.size > 0) await Promise.all(underWay)
    },
    close: () => {
      stopped.abort()
    },
  }
}

function strike(faults: Map<WebhookFault, number>, delivery: Delivery): WebhookFaultKind | undefined {
  for (const [fault, struck] of faults) {
    if (struck >= (fault.times ?? 1) || !fault.match(delivery)) continue
    faults.set(fault, struck + 1)
    return fault.kind
  }
  return undefined
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  if (ms === 0) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/**
 * A delivery for every App that is installed there, is subscribed to the event, and still has the permission for it. Every App
 * receives installation events.
 */
function deliveriesOf(world: World, happening: WorldEvent): Delivery[] {
  const { event, repo, onlyTo } = happening
  const isForAll = event.startsWith('installation')
  const targets: readonly Installation[] =
    repo === undefined
      ? [...world.installations.values()].filter((one) => one.app === onlyTo)
      : installationsOn(world, repo)
  const listeners = targets
    .filter(({ app }) => app.hook.url !== undefined && (onlyTo === undefined || app === onlyTo))
    .filter(({ app, permissions }) => isForAll || (app.events.includes(event) && allowsEvent(permissions, event)))
  if (listeners.length === 0) return []
  const payload = happening.payload()
  return listeners.map((installation) => newDelivery(world, { ...happening, installation, payload }))
}

type EventDelivery = Omit<WorldEvent, 'payload'> & { readonly installation: Installation; readonly payload: Json }

function newDelivery(world: World, addressed: EventDelivery): Delivery {
  const { repo, action, event, installation, payload } = addressed
  return {
    id: world.nextId(),
    guid: randomUUID(),
    app: installation.app,
    event,
    action: action ?? null,
    installationId: installation.id,
    repositoryId: repo?.id ?? null,
    isRedelivery: false,
    payload: completePayload(world, addressed, payload),
    deliveredAt: world.now(),
    duration: 0,
    status: '',
    statusCode: 0,
    requestHeaders: {},
    responseHeaders: {},
    responseBody: '',
  }
}

/** Adds the common fields of all events. */
function completePayload(world: World, { repo, action, sender, installation }: EventDelivery, own: Json): Json {
  const around: Json = { sender: accountPayload(world, sender) }
  if (repo !== undefined && !('repository' in own)) around['repository'] = repositoryPayload(world, repo)
  if (repo?.owner.type === 'Organization') around['organization'] = organizationPayload(world, repo.owner)
  if (!('installation' in own)) {
    around['installation'] = { id: installation.id, node_id: nodeId('IN', installation.id) }
  }
  return { ...(action === undefined ? {} : { action }), ...own, ...around }
}

async function post(world: World, delivery: Delivery, signal: AbortSignal): Promise<void> {
  const body = JSON.stringify(delivery.payload)
  const { hook } = delivery.app
  const start = performance.now()
  delivery.deliveredAt = world.now()
  delivery.requestHeaders = {
    accept: '*/*',
    'content-type': 'application/json',
    'user-agent': `GitHub-Hookshot/${nodeId('', hook.id).slice(1, 8)}`,
    'x-github-delivery': delivery.guid,
    'x-github-enterprise-host': new URL(world.origin).host,
    'x-github-enterprise-version': '3.19.0',
    'x-github-event': delivery.event,
    'x-github-hook-id': String(hook.id),
    'x-github-hook-installation-target-id': String(delivery.app.id),
    'x-github-hook-installation-target-type': 'integration',
    'x-hub-signature': `sha1=${createHmac('sha1', hook.secret).update(body).digest('hex')}`,
    'x-hub-signature-256': `sha256=${createHmac('sha256', hook.secret).update(body).digest('hex')}`,
  }
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)])
    const request = { method: 'POST', headers: delivery.requestHeaders, body, signal: limit }
    const response = await fetch(hook.url ?? '', request)
    delivery.responseBody = await response.text()
    delivery.responseHeaders = Object.fromEntries(response.headers)
    delivery.statusCode = response.status
    delivery.status = response.ok ? 'OK' : `Invalid HTTP Response: ${String(response.status)}`
  } catch (error) {
    fail(delivery, error instanceof Error && error.name === 'TimeoutError' ? 'timed out' : 'failed to connect to host')
  }
  delivery.duration = (performance.now() - start) / 1000
}

function fail(delivery: Delivery, status: string): void {
  delivery.status = status
  delivery.statusCode = 0
}
