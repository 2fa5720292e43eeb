import { Worker } from 'node:worker_threads'
import type { Db } from 'pg-boss'
import { ThreadAnswer, type ThreadCall } from './schema.ts'

export interface Pglite extends Db {
  close(): Promise<void>
}

interface Pending {
  readonly resolve: (rows: unknown[]) => void
  readonly reject: (error: Error) => void
}

/**
 * PGlite on a thread of its own. It computes on the thread it is called on, a millisecond for a statement and two
 * seconds for a new database, in which that thread could not even answer a health check.
 */
export async function startPglite(folder: string): Promise<Pglite> {
  const thread = new Worker(new URL('./pglite-thread.ts', import.meta.url), { workerData: { folder } })
  const pending = new Map<number, Pending>()
  let lastId = 0
  let ended: Error | undefined
  thread.on('message', (message) => {
    const answer = ThreadAnswer.parse(message)
    const call = pending.get(answer.id)
    pending.delete(answer.id)
    if ('rows' in answer) call?.resolve(answer.rows)
    else call?.reject(Object.assign(new Error(answer.error), { code: answer.code }))
  })
  thread.on('error', (error) => end(error instanceof Error ? error : new Error(String(error))))
  thread.on('exit', () => end(new Error('The database on disk is closed.')))

  function end(reason: Error): void {
    ended ??= reason
    for (const call of pending.values()) call.reject(ended)
    pending.clear()
  }

  function answerTo(id: number): Promise<unknown[]> {
    return new Promise((resolve, reject) => {
      pending.set(id, { resolve, reject })
    })
  }

  function call(statement: Omit<ThreadCall, 'id'>): Promise<unknown[]> {
    if (ended !== undefined) return Promise.reject(ended)
    lastId += 1
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread of Node, not a window
    thread.postMessage({ id: lastId, ...statement } satisfies ThreadCall)
    return answerTo(lastId)
  }

  // The thread's first message says that the files are open.
  await answerTo(0)
  return {
    executeSql: async (text, values) => ({ rows: await call({ text, ...(values === undefined ? {} : { values }) }) }),
    async close() {
      await call({}).catch(() => undefined)
      await thread.terminate()
    },
  }
}
