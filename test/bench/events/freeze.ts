/** How long green checks survive a freeze: those of open pull requests, and that of a commit in the merge queue. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { startService } from '../../../src/entry/service.ts'
import { type GitHubBox, startGitHub } from '../../../src/sandbox/github.ts'
import type { BenchResult } from '../report.ts'

const PULLS = 10
const BUDGET_MS = 5_000
const SWEEP_SECONDS = 10

export async function benchFreeze(): Promise<BenchResult> {
  const told = await measure({ isTold: true, reconcileSeconds: 3_600 })
  const swept = await measure({ isTold: false, reconcileSeconds: SWEEP_SECONDS })
  return {
    name: `freeze: ${PULLS} green pull requests and a merge group, until the last is not green`,
    rows: [
      { what: 'with webhooks', value: told, unit: 'ms', budget: { atMost: BUDGET_MS } },
      {
        what: `without, a sweep every ${SWEEP_SECONDS} s`,
        value: swept,
        unit: 'ms',
        budget: { atMost: SWEEP_SECONDS * 1_000 + BUDGET_MS },
      },
    ],
  }
}

interface Setting {
  readonly isTold: boolean
  readonly reconcileSeconds: number
}

async function measure({ isTold, reconcileSeconds }: Setting): Promise<number> {
  const box = await startGitHub()
  const dataDir = mkdtempSync(join(tmpdir(), 'perch-bench-'))
  const { appId, privateKey, webhookSecret, url: gitUrl } = box
  const where = { apiUrl: `${gitUrl}/api/v3`, gitUrl, host: '127.0.0.1', port: 0, dataDir }
  const env = { appId, privateKey, webhookSecret, ...where, logLevel: 'info', reconcileSeconds } as const
  const service = await startService(env, pino({ level: 'silent' }))
  try {
    box.createRepository({ name: 'gitops', files: gitops(), roles: { alice: 'write' } })
    if (isTold) box.setWebhookUrl(`http://127.0.0.1:${service.port}/api/github/webhooks`)
    return await freezeAll(box)
  } finally {
    await service.stop()
    await box.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** The time from the moment at which the freeze exists. */
async function freezeAll(box: GitHubBox): Promise<number> {
  const alice = box.person('alice')
  const pulls = Array.from({ length: PULLS }, (_, index) => {
    const files = { [pathOf(index)]: virtualService(index, 5) }
    return alice.openPullRequest({ branch: `raise-${index}`, title: `raise ${index}`, files })
  })
  const isGreen = (sha: string): boolean => {
    const gate = box
      .repository()
      .checkRuns(sha)
      .find(({ name }) => name === 'canary/gate')
    return gate?.conclusion === 'success'
  }
  await until(() => pulls.every(({ head }) => isGreen(head.sha)))
  const group = alice.enqueue(pulls[0]?.number ?? 0)
  await until(() => isGreen(group.sha))
  const start = performance.now()
  alice.push('perch/freeze/production', { 'README.md': 'Freeze production\n\nStop-By: alice\n' })
  await until(() => ![group.sha, ...pulls.map(({ head }) => head.sha)].some(isGreen))
  return performance.now() - start
}

async function until(isSo: () => boolean): Promise<void> {
  const end = Date.now() + 300_000
  while (!isSo()) {
    if (Date.now() > end) throw new Error('waited five minutes in vain')
    await sleep(20)
  }
}

function gitops(): Record<string, string> {
  const files: Record<string, string> = {
    '.github/canary.yml': 'environments: { production: { path: production, live: { after: 0s } } }\n',
  }
  for (let index = 0; index < PULLS; index += 1) files[pathOf(index)] = virtualService(index, 0)
  return files
}

function pathOf(index: number): string {
  return `production/service-${index}.yaml`
}

function virtualService(index: number, share: number): string {
  const name = `service-${index}`
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name} }
spec:
  hosts: [${name}]
  http:
    - route:
        - destination: { host: ${name}, subset: stable }
          weight: ${100 - share}
        - destination: { host: ${name}, subset: canary }
          weight: ${share}
`
}
