/** The inside of the thread that `pglite.ts` starts: runs PGlite and answers one statement after the other. */
import { PGlite } from '@electric-sql/pglite'
import { fromPglite } from 'pg-boss'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { type ThreadAnswer, ThreadCall, ThreadStart } from './schema.ts'

if (parentPort !== null) await serve(parentPort)

async function serve(port: MessagePort): Promise<void> {
  const pglite = await PGlite.create(ThreadStart.parse(workerData).folder, {
    // PGlite's own 160 MB of shared buffers would be the larger part of our memory, for a table of a few megabytes.
    startParams: [...PGlite.defaultStartParams, '-c', 'shared_buffers=16MB', '-c', 'max_wal_size=128MB'],
  })
  const db = fromPglite(pglite)
  // One by one, so that what pg-boss's adapter rolls back after a failure is not yet seen by the next statement.
  let previous = Promise.resolve()
  port.on('message', (message) => {
    previous = previous.then(() => answer(ThreadCall.parse(message)))
  })
  port.postMessage({ id: 0, rows: [] } satisfies ThreadAnswer)

  async function answer(call: ThreadCall): Promise<void> {
    try {
      const rows = call.text === undefined ? await close() : (await db.executeSql(call.text, call.values)).rows
      port.postMessage({ id: call.id, rows } satisfies ThreadAnswer)
    } catch (error) {
      port.postMessage({ id: call.id, ...described(error) } satisfies ThreadAnswer)
    }
  }

  async function close(): Promise<unknown[]> {
    await pglite.close()
    return []
  }
}

/** An error loses its own properties on the way between threads, and pg-boss reads PostgreSQL's code. */
function described(error: unknown): { error: string; code?: string } {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return {
    error: error instanceof Error ? error.message : String(error),
    ...(typeof code === 'string' ? { code } : {}),
  }
}
