import { flushCompileCache } from 'node:module'
import { cannotStartWords } from '../core/message/command-line/setup-words.ts'
import { openMeter } from '../adapters/meter/prometheus-meter.ts'
import { readEnvironment } from './env.ts'
import { openLog } from './open-log.ts'
import { startService } from './service.ts'

/** `perch serve`: runs until it is told to stop. Exit codes: 0 stopped as told, 1 could not start. */
export async function serve(): Promise<number> {
  const env = readEnvironment()
  if (!env.ok) {
    console.error(cannotStartWords(env.problems))
    return 1
  }
  const meter = openMeter()
  const log = openLog(env.value.logLevel, meter)
  const service = await startService(env.value, log, { meter })
  // Flushed now, because a killed process writes nothing more.
  flushCompileCache()
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(name))
  })
  log.info({ signal }, 'stopping')
  await service.stop()
  return 0
}
