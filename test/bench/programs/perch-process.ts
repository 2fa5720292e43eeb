/** `perch serve` in a separate process, so that its measurements do not include the sandbox or the bench. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { GitHubBox } from '../../../src/sandbox/github.ts'
import { serviceEnvironment } from '../../stories/process.ts'
import { shippedCli } from './program.ts'

export interface PerchProcess {
  readonly pid: number
  readonly port: number
  /** The time from the start of the process until `/readyz` is ready. */
  readonly readyMs: number
  stop(): Promise<void>
}

interface PerchOptions {
  readonly dataDir: string
  readonly env?: Readonly<Record<string, string>>
  /** The program. Default: the bundle. */
  readonly cli?: string
}

/** All started processes end with this one. */
const running = new Set<ChildProcess>()
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')))

/** `dataDir` also has the compiled modules, as in the image. */
export async function startPerch(
  box: GitHubBox,
  { dataDir, env = {}, cli = shippedCli() }: PerchOptions,
): Promise<PerchProcess> {
  const start = performance.now()
  const child = spawn(process.execPath, [cli, 'serve'], {
    env: {
      ...serviceEnvironment(box, { dataDir, port: 0 }),
      RECONCILE_SECONDS: '3600',
      NODE_COMPILE_CACHE: `${dataDir}/compiled`,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.add(child)
  const gone = once(child, 'exit').finally(() => running.delete(child))
  const port = await Promise.race([listening(child), gone.then(() => Promise.reject(new Error('Perch ended')))])
  const { status } = await fetch(`http://127.0.0.1:${port}/readyz`)
  if (status !== 200) throw new Error(`Perch is not ready: ${status}`)
  box.setWebhookUrl(`http://127.0.0.1:${port}/api/github/webhooks`)
  return {
    pid: child.pid ?? Number.NaN,
    port,
    readyMs: performance.now() - start,
    async stop() {
      child.kill('SIGTERM')
      await gone
    },
  }
}

function listening({ stdout }: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    stdout?.setEncoding('utf8').on('data', (text: string) => {
      const [, port] = /"port":(\d+).*Perch is listening/.exec(text) ?? []
      if (port !== undefined) resolve(Number(port))
    })
  })
}
