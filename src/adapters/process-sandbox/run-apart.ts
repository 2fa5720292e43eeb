/** Lets a small process start programs (`spawner.ts`). */
import { type ChildProcess, fork } from 'node:child_process'
import type { Invocation, ProcessEnd } from './run-here.ts'
import type { SpawnRequest, SpawnResult } from './spawner.ts'

interface Waiting {
  readonly resolve: (end: ProcessEnd) => void
  readonly reject: (error: Error) => void
}

interface Spawner {
  readonly child: ChildProcess
  readonly waiting: Map<number, Waiting>
}

/** An idle service should not keep this process. */
const IDLE_MS = 30_000

let spawner: Spawner | undefined
let idle: NodeJS.Timeout | undefined
let last = 0

/** Rejects if the small process ends first, because then it is unknown what the program did. */
export function runApart(invocation: Invocation): Promise<ProcessEnd> {
  const { child, waiting } = (spawner ??= startSpawner())
  clearTimeout(idle)
  last += 1
  const request: SpawnRequest = { id: last, invocation }
  return new Promise((resolve, reject) => {
    waiting.set(request.id, { resolve, reject })
    // Keeps this process alive while someone waits for an answer.
    child.channel?.ref()
    child.send(request, (error) => {
      if (error !== null) settle(waiting, request.id)?.reject(error)
    })
  })
}

function startSpawner(): Spawner {
  const child = fork(new URL('./spawner.ts', import.meta.url), {
    env: {},
    execArgv: [],
    serialization: 'advanced',
    // A signal to the service's process group (Ctrl-C) must not reach the programs that the service still waits for.
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const started: Spawner = { child, waiting: new Map() }
  const { waiting } = started
  const end = (): void => {
    if (spawner === started) spawner = undefined
    for (const id of waiting.keys())
      settle(waiting, id)?.reject(new Error('The process that starts programs has ended.'))
  }
  child.on('message', (message) => {
    if (!isResult(message)) return
    settle(waiting, message.id)?.resolve(message.end)
    if (waiting.size === 0) rest(started)
  })
  child.on('disconnect', end)
  child.on('error', end)
  child.unref()
  return started
}

function settle(waiting: Map<number, Waiting>, id: number): Waiting | undefined {
  const found = waiting.get(id)
  waiting.delete(id)
  return found
}

function rest({ child }: Spawner): void {
  child.channel?.unref()
  idle = setTimeout(() => {
    spawner = undefined
    child.disconnect()
  }, IDLE_MS).unref()
}

function isResult(message: unknown): message is SpawnResult {
  return typeof message === 'object' && message !== null && 'end' in message
}
