/**
 * The size of an installation: the bundle with its Node.js, as in the image, and what `npm ci --omit=dev` installs in a checkout,
 * without Node.js. All packages are downloaded, so this is measured only on request.
 */
import { execFile } from 'node:child_process'
import { cpSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { inFolder } from '../measure.ts'
import { shippedCli } from './program.ts'
import type { BenchResult } from '../report.ts'

const run = promisify(execFile)

export async function benchInstall(): Promise<BenchResult> {
  return inFolder(async (folder) => {
    for (const file of ['package.json', 'package-lock.json', '.npmrc']) cpSync(file, join(folder, file))
    await run('npm', ['ci', '--omit=dev'], { cwd: folder })
    return {
      name: 'production install',
      rows: [
        {
          what: 'npm ci --omit=dev',
          value: await sizeOf(join(folder, 'node_modules')),
          unit: 'MB',
          budget: { atMost: 120 },
        },
        { what: 'the bundle', value: await sizeOf(dirname(shippedCli())), unit: 'MB' },
        { what: 'Node.js', value: await sizeOf(process.execPath), unit: 'MB' },
      ],
    }
  })
}

async function sizeOf(path: string): Promise<number> {
  return Number((await run('du', ['-skL', path])).stdout.split('\t')[0]) / 1_000
}
