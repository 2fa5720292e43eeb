import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type GitHubBox, startGitHub } from '../sandbox/github.ts'
import { logOf } from './demo/log.ts'
import { recordHistory } from './demo/history.ts'
import { startFlux, switchDashboardOn } from './demo/play.ts'
import { startDemoPrometheus } from './demo/prometheus.ts'
import { DEMO_STORIES, type DemoStoryName } from './demo/stories.ts'
import { createTimeline } from './demo/timeline.ts'
import { startPages } from './demo/web/server.ts'
import { childEnvironment } from './process-env.ts'

/**
 * `perch demo`: plays a story against a GitHub in a box, with the real service in a process of its own. Exit code 0: everything
 * went as expected.
 */
export async function demo(options: { readonly exit: boolean; readonly story?: DemoStoryName }): Promise<number> {
  const story = DEMO_STORIES[options.story ?? 'rollouts']
  const timeline = createTimeline((text) => void process.stdout.write(text))
  const dataDir = await mkdtemp(join(tmpdir(), 'perch-demo-'))
  const box = await startGitHub()
  box.createRepository({
    name: 'gitops',
    files: story.files(),
    roles: { alice: 'write', bob: 'write', flux: 'write' },
  })
  const history = recordHistory(box)
  const prometheus = await startDemoPrometheus(box, (successRate) => history.measured(successRate))
  const pages = await startPages(box, history.samples)
  let service: ChildProcess | undefined
  let stopFlux = (): void => undefined
  try {
    timeline.plain(`Perch, playing ${story.shows} against a GitHub in a box. Nothing leaves this machine.`)
    timeline.plain(`Watch it, and take part, in a browser: ${pages.url}`)
    service = startService(box, { dataDir, prometheus: prometheus.url })
    const port = await portOf(service)
    box.setWebhookUrl(`http://127.0.0.1:${port}/api/github/webhooks`)
    const stage = { box, timeline }
    stopFlux = startFlux(stage)
    await story.play(stage)
    timeline.heading('What main looks like now, newest first')
    for (const line of logOf(box)) timeline.plain(line)
    if (story.closing !== undefined) timeline.plain(`\n${story.closing(box)}`)
    if (options.exit) return 0
    switchDashboardOn(stage)
    timeline.heading('It stays up until you press Ctrl-C')
    timeline.plain(`In a browser      ${pages.url}`)
    timeline.plain(
      `GitHub in a box   ${box.url}/api/v3 (REST), ${box.url}/api/graphql, token of alice: ${box.person('alice').token}`,
    )
    timeline.plain(`Its repository    git clone http://alice:${box.person('alice').token}@${box.host}/acme/gitops.git`)
    timeline.plain(`Perch             http://127.0.0.1:${port}/readyz`)
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
    return 0
  } catch (error) {
    process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  } finally {
    stopFlux()
    await stop(service)
    history.stop()
    await pages.close()
    await prometheus.close()
    await box.close()
    await rm(dataDir, { recursive: true, force: true })
  }
}

function startService(
  box: GitHubBox,
  { dataDir, prometheus }: { readonly dataDir: string; readonly prometheus: string },
): ChildProcess {
  const cli = fileURLToPath(new URL('cli.ts', import.meta.url))
  return spawn(process.execPath, [cli, 'serve'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: childEnvironment({
      APP_ID: String(box.appId),
      PRIVATE_KEY: box.privateKey,
      WEBHOOK_SECRET: box.webhookSecret,
      GHE_HOST: box.host,
      GHE_PROTOCOL: 'http',
      HOST: '127.0.0.1',
      PORT: '0',
      DATA_DIR: dataDir,
      PROMETHEUS_URL: prometheus,
      LOG_LEVEL: 'info',
    }),
  })
}

/** The port that the service listens on, according to its log. */
function portOf(service: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = ''
    service.stdout?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000)
      const port = /"port":(\d+)/.exec(output)?.[1]
      if (port !== undefined) resolve(Number(port))
    })
    service.once('exit', (code) =>
      reject(new Error(`The service ended with code ${String(code)} before it listened: ${output}`)),
    )
  })
}

async function stop(service: ChildProcess | undefined): Promise<void> {
  if (service === undefined || service.exitCode !== null) return
  service.kill('SIGTERM')
  await once(service, 'exit')
}
