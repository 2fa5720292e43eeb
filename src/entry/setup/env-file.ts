import { randomBytes } from 'node:crypto'
import { accessSync, constants, existsSync } from 'node:fs'
import { link, open, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { SetupProblem } from '../../core/message/command-line/setup-words.ts'

export interface EnvFile {
  readonly path: string
  /** Whether an existing file may be replaced. */
  readonly isForced: boolean
}

/**
 * Checks in advance whether the file can be written, because GitHub issues the credentials only once. Undefined if no problem is
 * found.
 */
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
 * Writes one variable per line, without quotes, so that Node.js, Docker, Compose and kubectl read the same values. The file
 * appears as a whole or not at all, and nobody else can read it at any moment. Returns false if a file with that name has
 * appeared meanwhile, or if it cannot be written.
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
    // Unlike `rename`, `link` does not replace an existing file.
    if (isForced) await rename(part, path)
    else await link(part, path)
    return true
  } catch {
    return false
  } finally {
    await rm(part, { force: true })
  }
}
