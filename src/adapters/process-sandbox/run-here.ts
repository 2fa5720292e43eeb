import { spawn } from 'node:child_process'

export interface Invocation {
  readonly command: readonly [string, ...string[]]
  readonly folder: string
  /** The complete environment of the child. It inherits nothing. */
  readonly env: Readonly<Record<string, string>>
  /** What the program reads from stdin; default: nothing. */
  readonly input?: string | Uint8Array
  readonly timeoutMs: number
  readonly maxBytes: number
}

export type ProcessEnd =
  | { readonly end: 'exited'; readonly code: number; readonly stdout: Buffer; readonly stderr: string }
  | { readonly end: 'timed-out' | 'too-large' | 'not-started' }

const STDERR_LIMIT = 64 * 1024

/** Runs a program as a child of this process. */
export function runHere({ command, folder, env, input, timeoutMs, maxBytes }: Invocation): Promise<ProcessEnd> {
  return new Promise((resolve) => {
    const [file, ...args] = command
    // The child gets a process group of its own, so that a wrapper, the program and its children (git's helpers) are killed
    // together.
    const child = spawn(file, args, { cwd: folder, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    const { pid } = child
    if (pid !== undefined) running.add(pid)
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    const size = { stdout: 0, stderr: 0 }
    let verdict: 'timed-out' | 'too-large' | undefined
    const kill = (reason: 'timed-out' | 'too-large') => {
      verdict ??= reason
      killGroup(pid)
    }
    const timer = setTimeout(() => kill('timed-out'), timeoutMs)
    child.stdout.on('data', (chunk: Buffer) => {
      size.stdout += chunk.length
      if (size.stdout > maxBytes) kill('too-large')
      else stdout.push(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      size.stderr += chunk.length
      if (size.stderr <= STDERR_LIMIT) stderr.push(chunk)
    })
    // The program may end before it has read all of its input. Its exit code says what happened.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input ?? '')
    child.on('error', () => {
      clearTimeout(timer)
      resolve({ end: 'not-started' })
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      if (pid !== undefined) running.delete(pid)
      if (verdict !== undefined) return resolve({ end: verdict })
      // Killed by a signal that we did not send (out of memory): counts as a failure.
      const exited = { code: code ?? 137, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() }
      return resolve({ end: 'exited', ...exited })
    })
  })
}

/** The process groups that run now. */
const running = new Set<number>()

/** Called when this process ends: nothing that it started may outlive it. */
export function killAll(): void {
  for (const pid of running) killGroup(pid)
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // The group has already ended.
  }
}
