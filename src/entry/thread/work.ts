import { flushCompileCache } from 'node:module'
import { parentPort } from 'node:worker_threads'
import { keepCompiled } from '../keep-compiled.ts'

// A thread does not inherit this setting, and a terminated thread writes nothing more.
keepCompiled()
const { serveWork } = await import('./serve-work.ts')
flushCompileCache()

if (parentPort !== null) await serveWork(parentPort)
