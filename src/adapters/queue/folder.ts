import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { lockFolder } from './folder-lock.ts'
import { openSqliteStore, type SqliteClaim } from './sqlite-store.ts'
import { reasonOf, type Store } from './store.ts'

/** Enough to investigate what went wrong. Each is as large as the queue was. */
const KEPT_BROKEN_FOLDERS = 3

interface Parts {
  readonly log: Log
  readonly clock: Clock
}

/** Opens the queue in a local folder, and locks the folder for this process. */
export async function openFolder(dataDir: string, parts: Parts): Promise<Store<SqliteClaim>> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const lock = await lockFolder(join(dataDir, 'queue.lock'))
  try {
    const store = await openOrRenew(dataDir, parts)
    return {
      ...store,
      async close() {
        await store.close()
        await lock.release()
      },
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** Git is the truth, and the queue may be lost. So an unreadable folder is moved aside, and does not stop Perch. */
async function openOrRenew(dataDir: string, { log, clock }: Parts): Promise<Store<SqliteClaim>> {
  const folder = join(dataDir, 'queue')
  const isOld = existsSync(folder)
  try {
    return await openSqliteStore(folder, clock)
  } catch (error) {
    if (!isOld) {
      await rm(folder, { recursive: true, force: true })
      throw error
    }
    const aside = `${folder}.broken-${new Date(clock.now()).toISOString().replaceAll(':', '-')}`
    await rename(folder, aside)
    log.error(
      { folder, movedTo: aside, reason: reasonOf(error) },
      'The queue on disk cannot be read. It was moved aside and a new one made: waiting jobs are lost, the next sweep finds what they were for.',
    )
    await forgetOldBroken(dataDir)
    return openSqliteStore(folder, clock)
  }
}

async function forgetOldBroken(dataDir: string): Promise<void> {
  const broken = (await readdir(dataDir)).filter((name) => name.startsWith('queue.broken-')).sort()
  for (const name of broken.slice(0, -KEPT_BROKEN_FOLDERS)) {
    await rm(join(dataDir, name), { recursive: true, force: true })
  }
}
