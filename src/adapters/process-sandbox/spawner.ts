/**
 * A process that starts programs for another one (`run.ts`). Linux copies the page tables of a process that starts a child. A
 * service of some hundred megabytes stops for tens of milliseconds each time; this process stops for one.
 */
import { type Invocation, killAll, type ProcessEnd, runHere } from './run-here.ts'

export interface SpawnRequest {
  readonly id: number
  readonly invocation: Invocation
}

export interface SpawnResult {
  readonly id: number
  readonly end: ProcessEnd
}

process.on('message', (message) => {
  if (isRequest(message)) void carryOut(message)
})
// The requesting process has ended, or has nothing to do.
process.on('disconnect', () => {
  killAll()
  process.exit()
})

async function carryOut({ id, invocation }: SpawnRequest): Promise<void> {
  const result: SpawnResult = { id, end: await runHere(invocation) }
  process.send?.(result)
}

function isRequest(message: unknown): message is SpawnRequest {
  return typeof message === 'object' && message !== null && 'invocation' in message
}
