import { setTimeout as sleep } from 'node:timers/promises'
import { badGateway, type FaultRequest } from '../../src/sandbox/wire/faults.ts'
import { randomFrom, shuffled } from '../stories/random.ts'
import type { Service, ServiceOptions } from '../stories/process.ts'
import { isOurs } from './faults.ts'

/** A disturbance that lasts for a while. */
export interface Storm {
  readonly service?: Pick<ServiceOptions, 'env' | 'replicas'>
  /** Begins it. The returned function ends it, and may be called several times. */
  readonly begin: (service: Service) => () => Promise<void>
}

const nothing = async (): Promise<void> => undefined

/**
 * A disturbance of webhooks only, for which Perch need not be a process. Begins it; the returned function ends it, and may be
 * called several times.
 */
type WebhookStorm = (scene: Pick<Service, 'box'>) => () => Promise<void>

export function webhookStorms(seed: number): Readonly<Record<string, WebhookStorm>> {
  const hooks =
    (kind: 'double' | 'vanish', every = 1): WebhookStorm =>
    ({ box }) => {
      let count = 0
      box.webhooks.addFault({ match: () => (count += 1) % every === 0, times: Infinity, kind })
      return nothing
    }
  return {
    'every webhook arrives twice': hooks('double'),
    'every third webhook is lost': hooks('vanish', 3),
    'no webhook arrives at all': hooks('vanish'),
    'webhooks arrive late, in any order, and once more when all is over': (scene) => reordered(scene, seed),
  }
}

function reordered({ box }: Pick<Service, 'box'>, seed: number): () => Promise<void> {
  const random = randomFrom(seed)
  box.webhooks.addFault({ match: () => true, times: Infinity, kind: 'hold' })
  const timer = setInterval(() => void box.webhooks.release((held) => shuffled(held, random)), 700)
  let isOver = false
  return async () => {
    if (isOver) return
    isOver = true
    clearInterval(timer)
    box.webhooks.clearFaults()
    await box.webhooks.release()
    for (const { id } of shuffled([...box.webhooks.deliveries], random)) box.webhooks.redeliver(id)
    await box.idle()
  }
}

/** From the first command on, one part of GitHub answers 502 for a while. */
export function outages(seconds: number): Readonly<Record<string, Storm>> {
  const part = (name: FaultRequest['kind']): Storm => ({
    begin: ({ box }) => {
      const isCommand = (): boolean =>
        box
          .repository()
          .pulls()
          .some(({ number }) =>
            box
              .repository()
              .comments(number)
              .some(({ body }) => body.startsWith('/canary')),
          )
      let end: number | undefined
      const match = (request: FaultRequest): boolean => {
        if (!isOurs(request) || request.kind !== name) return false
        if (end === undefined && isCommand()) end = Date.now() + seconds * 1000
        return end !== undefined && Date.now() < end
      }
      const fault = box.faults.add({ match, times: Infinity, kind: badGateway({ isDone: false }) })
      return async () => fault.remove()
    },
  })
  return Object.fromEntries(
    (['rest', 'graphql', 'git'] as const).map((name) => [`${name} is out for ${seconds} s`, part(name)]),
  )
}

/** Three replicas on one PostgreSQL. One of them is killed every few seconds. */
export function replicas(database: string): Storm {
  return {
    service: { replicas: 3, env: { DATABASE_URL: database } },
    begin: ({ replicas: all }) => {
      const end = new AbortController()
      const killing = killInTurns(all, end.signal)
      return async () => {
        end.abort()
        await killing
        for (const replica of all) await replica.up()
      }
    },
  }
}

/** Kills one replica every few seconds, when the previous one is back, so that two of three are always running. */
async function killInTurns(all: Service['replicas'], end: AbortSignal): Promise<void> {
  for (let turn = 0; ; turn += 1) {
    await sleep(4000)
    if (end.aborted) return
    const victim = all[turn % all.length]
    victim?.kill()
    await victim?.up()
  }
}

/** Bob pushes another commit to the base branch whenever the service writes there or opens something. */
export const RACE: Storm = {
  begin: ({ box }) => {
    let count = 0
    const fault = box.faults.add({
      match: (request) =>
        isOurs(request) &&
        /^(graphql createCommitOnBranch|POST .*\/(pulls|git\/refs)|PUT .*\/merge)$/.test(request.name),
      times: Infinity,
      kind: { delay: 0 },
      onStrike: () => {
        count += 1
        box.person('bob').push('main', { 'notes.txt': `${count}\n` }, 'Race')
      },
    })
    return async () => fault.remove()
  },
}
