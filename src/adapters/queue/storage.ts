import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Db, PgBoss } from 'pg-boss'
import type { Log } from '../../ports/log.ts'
import { lockFolder } from './folder-lock.ts'
import { startPglite } from './pglite.ts'
import { CREATE_MEMO, PUT_BACK_ALL, QUEUE, SCHEMA } from './statements.ts'

export interface Place {
  readonly databaseUrl?: string
  readonly dataDir: string
  readonly log: Log
  /** After how long without a sign of life a replica's jobs go to another; at least 10. */
  readonly heartbeatSeconds: number
  readonly retryLimit: number
}

export interface Storage {
  readonly boss: PgBoss
  readonly db: Db
  /** Whether other processes may work on the same jobs. */
  readonly shared: boolean
  close(): Promise<void>
}

const HOUR = 3_600
/** Enough to look into what went wrong; each is as large as the queue was. */
const KEPT_BROKEN_FOLDERS = 3
const VACUUM_MS = 10 * 60_000

export async function openStorage(place: Place): Promise<Storage> {
  if (place.databaseUrl !== undefined) return openPostgres(place, place.databaseUrl)
  await mkdir(place.dataDir, { recursive: true, mode: 0o700 })
  const lock = await lockFolder(join(place.dataDir, 'queue.lock'))
  try {
    const storage = await openPgliteOrRenew(place)
    return {
      ...storage,
      async close() {
        await storage.close()
        await lock.release()
      },
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function openPostgres(place: Place, connectionString: string): Promise<Storage> {
  const boss = newBoss(place, { connectionString, application_name: 'perch' })
  try {
    await prepare(boss, place)
  } catch (error) {
    await boss.stop({ graceful: false })
    throw error
  }
  return { boss, db: boss.getDb(), shared: true, close: () => boss.stop({ graceful: false }) }
}

/** Git is the truth and the queue may be lost, so a folder that cannot be read is set aside instead of stopping us. */
async function openPgliteOrRenew(place: Place): Promise<Storage> {
  const folder = join(place.dataDir, 'queue')
  const isOld = existsSync(folder)
  try {
    return await openPglite(place, folder)
  } catch (error) {
    if (!isOld) {
      await rm(folder, { recursive: true, force: true })
      throw error
    }
    const aside = `${folder}.broken-${new Date().toISOString().replaceAll(':', '-')}`
    await rename(folder, aside)
    place.log.error(
      { folder, movedTo: aside, reason: reasonOf(error) },
      'The queue on disk cannot be read. It was moved aside and a new one made: waiting jobs are lost, the next sweep finds what they were for.',
    )
    await forgetOldBroken(place.dataDir)
    return openPglite(place, folder)
  }
}

async function openPglite(place: Place, folder: string): Promise<Storage> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const db = await startPglite(folder)
  const boss = newBoss(place, { db, backend: 'pglite', monitorVacuum: false })
  try {
    await prepare(boss, place)
    await db.executeSql(PUT_BACK_ALL)
  } catch (error) {
    await boss.stop({ graceful: false }).catch(() => undefined)
    await db.close()
    throw error
  }
  const stopVacuum = vacuumNowAndThen(place, db)
  return {
    boss,
    db,
    shared: false,
    async close() {
      stopVacuum()
      await boss.stop({ graceful: false })
      await db.close()
    },
  }
}

/** PGlite has no background processes, so nothing else would ever clean its tables or look at their statistics. */
function vacuumNowAndThen(place: Place, db: Db): () => void {
  const timer = setInterval(() => {
    db.executeSql(`VACUUM (ANALYZE) ${SCHEMA}.job, ${SCHEMA}.memo, ${SCHEMA}.queue`).catch((error: unknown) => {
      place.log.warn({ reason: reasonOf(error) }, 'The queue on disk could not be vacuumed.')
    })
  }, VACUUM_MS)
  timer.unref()
  return () => clearInterval(timer)
}

function newBoss(place: Place, options: ConstructorParameters<typeof PgBoss>[0] & object): PgBoss {
  const boss = new PgBoss({
    ...options,
    schema: SCHEMA,
    schedule: false,
    // A dead replica's jobs wait for a heartbeat to lapse and for this pass, so it decides how soon they run again.
    superviseIntervalSeconds: Math.min(10, place.heartbeatSeconds / 2),
    monitorIntervalSeconds: Math.min(10, place.heartbeatSeconds / 2),
    maintenanceIntervalSeconds: 900,
    // We use no flows; this only spares the idle database a query every five seconds.
    flowIntervalSeconds: HOUR,
  })
  boss.on('error', (error) => place.log.error({ reason: reasonOf(error) }, 'The job queue had an error.'))
  boss.on('warning', (warning) => place.log.warn({ reason: warning.message }, 'The job queue gave a warning.'))
  return boss
}

async function prepare(boss: PgBoss, place: Place): Promise<void> {
  await boss.start()
  const settings = {
    // One more than our own limit: a job whose process died on the last try is claimed once more, to be given up with words.
    retryLimit: place.retryLimit + 1,
    retryDelay: 1,
    retryBackoff: true,
    retryDelayMax: 60,
    heartbeatSeconds: place.heartbeatSeconds,
    // The end of a handler that hangs but whose process lives. Our own calls to the outside give up within minutes.
    expireInSeconds: HOUR,
    // How long a delivery's id is remembered.
    deleteAfterSeconds: 6 * HOUR,
  }
  await boss.createQueue(QUEUE, settings)
  // An existing queue keeps the settings it was made with unless told.
  await boss.updateQueue(QUEUE, settings)
  await boss.getDb().executeSql(CREATE_MEMO)
}

async function forgetOldBroken(dataDir: string): Promise<void> {
  const broken = (await readdir(dataDir)).filter((name) => name.startsWith('queue.broken-')).sort()
  for (const name of broken.slice(0, -KEPT_BROKEN_FOLDERS)) {
    await rm(join(dataDir, name), { recursive: true, force: true })
  }
}

/** The message only: an error of a driver may carry the query's parameters, and the connection string with its password. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
