import { watchPrograms } from '../../adapters/process-sandbox/run.ts'
import type { Log } from '../../ports/log.ts'
import { type Tracer, UNTRACED } from '../../ports/tracer.ts'
import type { ProcessEnvironment } from '../env.ts'

/** The tracer of a thread, if traces are enabled. Its packages are loaded only then. */
export async function openTraces(
  { tracesTo }: Pick<ProcessEnvironment, 'tracesTo'>,
  log: Log,
): Promise<{ readonly tracer: Tracer; readonly close: () => Promise<void> }> {
  if (tracesTo === undefined) return { tracer: UNTRACED, close: async () => undefined }
  const { openTracer } = await import('../../adapters/tracer/opentelemetry.ts')
  const tracer = openTracer({ log })
  watchPrograms((name, run) =>
    tracer.span({ name }, async (note) => {
      const finished = await run()
      note({ 'perch.end': finished.end, ...(finished.end === 'exited' ? { 'process.exit.code': finished.code } : {}) })
      return finished
    }),
  )
  return { tracer, close: () => tracer.close() }
}
