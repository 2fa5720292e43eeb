/** The edge with its webhooks, queue and worker for `edge.ts`, in a separate process. Its jobs do nothing. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openClock } from '../../../src/adapters/clock/clock.ts'
import { openQueue } from '../../../src/adapters/queue/queue.ts'
import { startEdge } from '../../../src/entry/edge/edge.ts'
import { openWebhooks } from '../../../src/entry/edge/open-webhooks.ts'
import { QUIET } from '../../quiet-log.ts'

const [webhookSecret = ''] = process.argv.slice(2)
const dataDir = mkdtempSync(join(tmpdir(), 'perch-bench-'))
process.once('exit', () => rmSync(dataDir, { recursive: true, force: true }))
const queue = await openQueue({ clock: openClock(), dataDir, log: QUIET })
let handled = 0
await queue.work(async () => void (handled += 1))
const edge = await startEdge({
  host: '127.0.0.1',
  port: 0,
  secrets: [webhookSecret],
  events: new Set(['issue_comment']),
  accept: openWebhooks({ appId: 7, jobs: queue, memo: queue.memo, clock: openClock() }),
  ready: async () => ({ ok: true, parts: {} }),
  log: QUIET,
})
process.on('message', () => process.send?.({ handled }))
process.once('disconnect', () => process.exit())
process.send?.({ port: edge.port })
