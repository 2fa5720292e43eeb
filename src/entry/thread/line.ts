/** Calls between two threads: by name, with arguments that can be cloned. Each call is answered once. */
import * as z from 'zod'
import { retryMoment } from '../../ports/jobs.ts'

const Message = z.discriminatedUnion('type', [
  z.object({ type: z.literal('call'), id: z.int(), name: z.string(), args: z.array(z.unknown()) }),
  z.object({ type: z.literal('done'), id: z.int(), value: z.unknown() }),
  z.object({ type: z.literal('failed'), id: z.int(), reason: z.string(), retryAt: z.number().optional() }),
])
type Message = z.infer<typeof Message>

/** A thread, as the other side sees it. */
export interface Port {
  postMessage(message: Message): void
  on(event: 'message', listener: (message: unknown) => void): unknown
}

/** The handlers for the other side's calls, by name. */
export type CallHandlers = Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>

export interface Line {
  call(name: string, ...args: readonly unknown[]): Promise<unknown>
  /** Called when the other side is gone: fails the waiting calls and all later ones. */
  cut(reason: Error): void
}

interface PendingCall {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

export function connect(port: Port, answers: CallHandlers): Line {
  const waiting = new Map<number, PendingCall>()
  let last = 0
  let gone: Error | undefined

  function settle(id: number, how: (call: PendingCall) => void): void {
    const call = waiting.get(id)
    waiting.delete(id)
    if (call !== undefined) how(call)
  }

  async function answer(id: number, name: string, args: readonly unknown[]): Promise<void> {
    try {
      const work = answers[name]
      if (work === undefined) throw new Error(`Nobody answers to ${name}.`)
      port.postMessage({ type: 'done', id, value: await work(...args) })
    } catch (error) {
      const retryAt = retryMoment(error)
      const reason = error instanceof Error ? error.message : String(error)
      port.postMessage({ type: 'failed', id, reason, ...(retryAt === undefined ? {} : { retryAt }) })
    }
  }

  port.on('message', (data) => {
    const message = Message.parse(data)
    if (message.type === 'call') void answer(message.id, message.name, message.args)
    else if (message.type === 'done') settle(message.id, ({ resolve }) => resolve(message.value))
    else
      settle(message.id, ({ reject }) => {
        const { reason, retryAt } = message
        reject(Object.assign(new Error(reason), retryAt === undefined ? {} : { retryAt }))
      })
  })
  return {
    call: (name, ...args) =>
      new Promise((resolve, reject) => {
        if (gone !== undefined) return reject(gone)
        last += 1
        waiting.set(last, { resolve, reject })
        return port.postMessage({ type: 'call', id: last, name, args: [...args] })
      }),
    cut(reason) {
      gone ??= reason
      for (const { reject } of waiting.values()) reject(gone)
      waiting.clear()
    },
  }
}
