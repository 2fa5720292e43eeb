/** A temporary Prometheus for the tests: the machine's own program with data that the test writes. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../free-port.ts'

export interface PrometheusProcess {
  readonly url: string
  stop(): Promise<void>
}

const FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/bin', '/usr/bin', '/opt/homebrew/bin']
const [prometheus, promtool] = ['prometheus', 'promtool'].map((name) =>
  FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path)),
)

/** Why there is none. Undefined if it can be started. In CI a skip is a failure. */
export function missingPrometheus(): string | undefined {
  return prometheus === undefined || promtool === undefined ? 'prometheus and promtool are not installed' : undefined
}

/** Starts one with these samples, in the text format of OpenMetrics. Resolves when it answers. */
export async function startPrometheus(openMetrics: string): Promise<PrometheusProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'perch-prometheus-'))
  const path = (name: string): string => join(folder, name)
  writeFileSync(path('samples'), openMetrics)
  execFileSync(promtool ?? '', ['tsdb', 'create-blocks-from', 'openmetrics', path('samples'), path('data')], {
    stdio: 'pipe',
  })
  writeFileSync(path('prometheus.yml'), 'global: { scrape_interval: 15s }\n')
  const port = await freePort()
  const args = [
    `--config.file=${path('prometheus.yml')}`,
    `--storage.tsdb.path=${path('data')}`,
    '--storage.tsdb.retention.time=100y',
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=error',
  ]
  const child = spawn(prometheus ?? '', args, { stdio: 'ignore', cwd: folder, env: {} })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
  })
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  // If a test process ends before its `after`.
  const last = (): void => {
    child.kill('SIGKILL')
    remove()
  }
  process.once('exit', last)
  const url = `http://127.0.0.1:${port}`
  const server = {
    url,
    async stop() {
      child.kill('SIGKILL')
      await ended
      process.off('exit', last)
      remove()
    },
  }
  const deadline = Date.now() + 20_000
  while (!(await isReady(url))) {
    if (Date.now() > deadline || child.exitCode !== null) {
      await server.stop()
      throw new Error('Prometheus did not start')
    }
    await sleep(50)
  }
  return server
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/-/ready`)).ok
  } catch {
    return false
  }
}
