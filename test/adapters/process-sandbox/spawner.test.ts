import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { runApart } from '../../../src/adapters/process-sandbox/run-apart.ts'
import type { Invocation } from '../../../src/adapters/process-sandbox/run-here.ts'

const PLAIN = { folder: '/', env: { PATH: '/usr/bin:/bin' }, timeoutMs: 60_000, maxBytes: 64 * 1024 * 1024 }

test('bytes pass through as they are, in both directions', async () => {
  const input = `${'ü\u0000\r\n'.repeat(500_000)}end`
  const ended = await runApart({ ...PLAIN, command: ['cat'], input })
  assert.equal(ended.end, 'exited')
  assert.ok(ended.end === 'exited' && Buffer.isBuffer(ended.stdout) && ended.stdout.equals(Buffer.from(input)))
})

test('many programs run side by side, and each gets its own answer', async () => {
  const numbers = Array.from({ length: 50 }, (_, number) => String(number))
  const ends = await Promise.all(numbers.map((number) => runApart({ ...PLAIN, command: ['echo', number] })))
  assert.deepEqual(
    ends.map((ended) => (ended.end === 'exited' ? ended.stdout.toString().trim() : ended.end)),
    numbers,
  )
})

test('a missing program, a slow one and one with too much output have different results', async () => {
  const ends = await Promise.all([
    runApart({ ...PLAIN, command: ['/no/such/program'] }),
    runApart({ ...PLAIN, command: ['sleep', '60'], timeoutMs: 100 }),
    runApart({ ...PLAIN, command: ['yes'], maxBytes: 10_000 }),
  ])
  assert.deepEqual(
    ends.map(({ end }) => end),
    ['not-started', 'timed-out', 'too-large'],
  )
})

test(
  'if the process that starts programs is killed, running programs have no result, and the next one runs',
  { timeout: 60_000 },
  async () => {
    const running = runApart({ ...PLAIN, command: ['sleep', '60'], timeoutMs: 2_000 })
    const failed = assert.rejects(running, /The process that starts programs has ended/)
    for (const pid of spawnersOf(process.pid)) process.kill(pid, 'SIGKILL')
    await failed
    assert.equal((await runApart({ ...PLAIN, command: ['true'] })).end, 'exited')
  },
)

test('no program outlives a service that is killed', { timeout: 60_000 }, async () => {
  const mark = `300.${process.pid}`
  const invocation: Invocation = { ...PLAIN, command: ['sleep', mark] }
  const run = new URL('../../../src/adapters/process-sandbox/run-apart.ts', import.meta.url).href
  const code = `import { runApart } from ${JSON.stringify(run)}; await runApart(${JSON.stringify(invocation)})`
  const service = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' })
  while (processes((command) => command === `sleep ${mark}`).length === 0) await sleep(20)
  service.kill('SIGKILL')
  await once(service, 'exit')
  while (processes((command) => command === `sleep ${mark}`).length > 0) await sleep(20)
})

test('a process without work ends, even if it has started programs', { timeout: 60_000 }, async () => {
  const run = new URL('../../../src/adapters/process-sandbox/run-apart.ts', import.meta.url).href
  const code = `import { runApart } from ${JSON.stringify(run)}; console.log((await runApart(${JSON.stringify({ ...PLAIN, command: ['true'] })})).end)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  const said = child.stdout.setEncoding('utf8').toArray()
  const [code_] = await once(child, 'exit')
  assert.deepEqual([code_, (await said).join('')], [0, 'exited\n'])
})

function spawnersOf(parent: number): number[] {
  return processes((command, ppid) => ppid === parent && command.endsWith('/spawner.ts'))
}

/** Linux only, like this suite. */
function processes(is: (command: string, ppid: number) => boolean): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim()
        const ppid = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
        return is(command, ppid)
      } catch {
        return false
      }
    })
}
