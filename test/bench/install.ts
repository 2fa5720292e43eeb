/** The size of what `npm ci --omit=dev` installs. It downloads all packages, so it is measured only when it is asked for. */
import { execFile } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inFolder } from './measure.ts'
import type { BenchResult } from './report.ts'

const run = promisify(execFile)

export async function benchInstall(): Promise<BenchResult> {
  return inFolder(async (folder) => {
    for (const file of ['package.json', 'package-lock.json', '.npmrc']) cpSync(file, join(folder, file))
    await run('npm', ['ci', '--omit=dev'], { cwd: folder })
    const sizeOf = async (path: string): Promise<number> =>
      Number((await run('du', ['-sk', path])).stdout.split('\t')[0]) / 1_000
    return {
      name: 'production install',
      rows: [
        {
          what: 'npm ci --omit=dev',
          value: await sizeOf(join(folder, 'node_modules')),
          unit: 'MB',
          budget: { atMost: 120 },
        },
      ],
    }
  })
}
