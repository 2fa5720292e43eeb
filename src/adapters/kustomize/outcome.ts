/** Turns the end of a build into a result. */
import type { RenderResult } from '../../ports/renderer.ts'
import type { ProcessEnd } from '../process-sandbox/run-here.ts'
import { detailOf, type ToolOutput } from './detail.ts'

export interface BuildLimits {
  readonly timeoutMs: number
  readonly maxBytes: number
}

/** A build is short. Collecting garbage a quarter as often saves a fifth of the time, and costs 30 MB. */
export const GO = { GOGC: '400', GOMEMLIMIT: '1GiB' }

/** What a Go program prints when it gets no more memory, before a page of diagnostics. */
const OUT_OF_MEMORY = /^(?:runtime|fatal error): (?:out of memory|cannot allocate|runtime: cannot allocate)/m

export function resultOf(finished: ProcessEnd, { folder, files }: Pick<ToolOutput, 'folder' | 'files'>): RenderResult {
  if (finished.end === 'not-started') return { ok: false, code: 'tool-missing', detail: '' }
  if (finished.end !== 'exited') return { ok: false, code: finished.end, detail: '' }
  if (finished.code === 0) return { ok: true, yaml: finished.stdout.toString() }
  if (OUT_OF_MEMORY.test(finished.stderr)) return { ok: false, code: 'out-of-memory', detail: '' }
  return { ok: false, code: 'build-failed', detail: detailOf({ stderr: finished.stderr, folder, files }) }
}

/** What kustomize prints of a file outside of the root. */
const OUTSIDE = /security; file '([^']+)' is not in or below '/g

/** The result of a build that should read files of the repository outside of the root, but was not allowed to. */
export function restrictedResultOf(
  finished: ProcessEnd,
  { folder, files }: Pick<ToolOutput, 'folder' | 'files'>,
): RenderResult {
  const result = resultOf(finished, { folder, files })
  if (result.ok || finished.end !== 'exited') return result
  const refused = [...finished.stderr.matchAll(OUTSIDE)].map(([, file = '']) => file)
  const isNeeded = refused.some((file) => file.startsWith(`${folder}/`) && files.has(file.slice(folder.length + 1)))
  return isNeeded ? { ...result, code: 'not-confined' } : result
}
