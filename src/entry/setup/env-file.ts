import { randomBytes } from 'node:crypto'
import { accessSync, constants, existsSync } from 'node:fs'
import { link, open, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { SetupProblem } from '../../core/message/command-line/setup-words.ts'

export interface EnvFile {
  readonly path: string
  /** Whether a file that is there may be replaced. */
  readonly isForced: boolean
}

/** Why the file cannot be written, as far as that shows before: GitHub gives the credentials out only once. */
export function checkEnvFile({ path, isForced }: EnvFile): SetupProblem | undefined {
  if (existsSync(path) && !isForced) return { code: 'file-exists', file: path }
  try {
    accessSync(dirname(resolve(path)), constants.W_OK)
    return undefined
  } catch {
    return { code: 'no-folder', file: path }
  }
}

/**
 * One variable a line, without quotes, so that Node.js, Docker, Compose and kubectl all read the same. It is there as a whole or not
 * at all, and nobody else may read it at any moment. False: a file of that name has come meanwhile, or it cannot be written.
 */
export async function writeEnvFile(
  { path, isForced }: EnvFile,
  variables: Readonly<Record<string, string>>,
): Promise<boolean> {
  const part = `${path}.${randomBytes(6).toString('hex')}`
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`)
  try {
    const file = await open(part, 'wx', 0o600)
    try {
      await file.writeFile(`# Written by perch setup. Keep it secret.\n${lines.join('')}`)
      await file.sync()
    } finally {
      await file.close()
    }
    // A link, unlike a new name, replaces nothing.
    if (isForced) await rename(part, path)
    else await link(part, path)
    return true
  } catch {
    return false
  } finally {
    await rm(part, { force: true })
  }
}
