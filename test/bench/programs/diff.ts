/**
 * `perch diff` of one changed environment, among 1 and among 1,000, compared with the two bare builds that it needs, in CPU time
 * of all processes.
 */
import { execFile } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findTool } from '../../../src/adapters/kustomize/tool.ts'
import { checkout } from './checkout.ts'
import { childrenCpuMs, inFolder, median } from '../measure.ts'
import { shippedCli } from './program.ts'
import type { BenchResult, BenchRow } from '../report.ts'
import { type Files, rootName, virtualService } from '../repository.ts'

const run = promisify(execFile)

export async function benchDiff(): Promise<BenchResult> {
  return {
    name: 'perch diff, CPU over the bare builds',
    rows: [...(await ratioRows(1, { rounds: 7, atMost: 2 })), ...(await ratioRows(1_000, { rounds: 3, atMost: 2.5 }))],
  }
}

async function ratioRows(
  environments: number,
  { rounds, atMost }: { readonly rounds: number; readonly atMost: number },
): Promise<readonly BenchRow[]> {
  const tool = await findTool('kustomize', { path: process.env['PATH'] })
  if (typeof tool === 'string') throw new Error(tool)
  const [program, ...args] = tool.command
  return inFolder(async (folder) => {
    const dir = join(folder, 'after')
    await checkout(dir, overlays(environments))
    cpSync(dir, join(folder, 'before'), { recursive: true })
    writeFileSync(join(dir, rootName(0), 'web.yaml'), virtualService('web', [75, 25]))
    const [ours, theirs]: [number[], number[]] = [[], []]
    for (let round = 0; round < rounds; round += 1) {
      ours.push(await cpuOf(() => run(process.execPath, [shippedCli(), 'diff', '--dir', dir])))
      theirs.push(
        await cpuOf(async () => {
          for (const side of ['before', 'after']) await run(program, [...args, join(folder, side, rootName(0))])
        }),
      )
    }
    const what = `one of ${environments}`
    return [
      { what, value: median(ours) / median(theirs), unit: '×', budget: { atMost } },
      { what: `${what}: CPU`, value: median(ours), unit: 'ms' },
      { what: `${what}: CPU of the bare builds`, value: median(theirs), unit: 'ms' },
    ]
  })
}

async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const before = childrenCpuMs()
  await work()
  return childrenCpuMs() - before
}

/** Each overlay has a patch, which costs kustomize much more than a resource. */
function overlays(count: number): Files {
  const files: Record<string, string> = {
    'base/kustomization.yaml': 'resources: [deployment.yaml]\n',
    'base/deployment.yaml':
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec:\n  selector: { matchLabels: { app: web } }\n  template:\n    metadata: { labels: { app: web } }\n    spec: { containers: [{ name: main, image: web:1 }] }\n',
  }
  for (let index = 0; index < count; index += 1) {
    const root = rootName(index)
    files[`${root}/kustomization.yaml`] = 'resources: [../base, web.yaml]\npatches: [{ path: replicas.yaml }]\n'
    files[`${root}/replicas.yaml`] =
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { replicas: 2 }\n'
    files[`${root}/web.yaml`] = virtualService('web', [100, 0])
  }
  return files
}
