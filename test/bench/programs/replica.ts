/** One replica for `replicas.ts`. It works on command, and logs nothing. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { openClock } from '../../../src/adapters/clock/clock.ts'
import { openQueue } from '../../../src/adapters/queue/queue.ts'
import { QUIET } from '../../quiet-log.ts'

const [databaseUrl = '', ms = '0'] = process.argv.slice(2)
const queue = await openQueue({ clock: openClock(), dataDir: '', log: QUIET, databaseUrl })
process.send?.('ready')
await once(process, 'message')
await queue.work(async () => (ms === '0' ? undefined : sleep(Number(ms))))
