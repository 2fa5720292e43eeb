/** A process that takes a job and never finishes it. The queue's tests kill it. */
import { openClock } from '../../../src/adapters/clock/clock.ts'
import { openQueue } from '../../../src/adapters/queue/queue.ts'
import { QUIET } from '../../quiet-log.ts'

const [dataDir = '', databaseUrl] = process.argv.slice(2)
const queue = await openQueue({
  clock: openClock(),
  dataDir,
  log: QUIET,
  heartbeatSeconds: 10,
  ...(databaseUrl === undefined ? {} : { databaseUrl }),
})
await queue.enqueue({ key: 'killed', data: { n: 1 }, id: 'guid' })
await queue.enqueue({ key: 'killed', data: { n: 2 }, id: 'guid-2' })
await queue.work(async () => {
  process.send?.('running')
  await new Promise(() => undefined)
})
