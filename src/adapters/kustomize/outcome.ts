/** What the end of a build comes to. */
import type { RenderResult } from '../../ports/renderer.ts'
import type { ProcessEnd } from '../process-sandbox/run-here.ts'
import { detailOf, type ToolOutput } from './detail.ts'

export interface BuildLimits {
  readonly timeoutMs: number
  readonly maxBytes: number
}

/** A build lives for a moment: with the garbage collected four times as rarely it takes a fifth less time, and 30 MB more. */
export const GO = { GOGC: '400', GOMEMLIMIT: '1GiB' }

/** What a program in Go says when it gets no more, above a page about itself. */
const OUT_OF_MEMORY = /^(?:runtime|fatal error): (?:out of memory|cannot allocate|runtime: cannot allocate)/m

export function resultOf(finished: ProcessEnd, { folder, files }: Pick<ToolOutput, 'folder' | 'files'>): RenderResult {
  if (finished.end === 'not-started') return { ok: false, code: 'tool-missing', detail: '' }
  if (finished.end !== 'exited') return { ok: false, code: finished.end, detail: '' }
  if (finished.code === 0) return { ok: true, yaml: finished.stdout.toString() }
  if (OUT_OF_MEMORY.test(finished.stderr)) return { ok: false, code: 'out-of-memory', detail: '' }
  return { ok: false, code: 'build-failed', detail: detailOf({ stderr: finished.stderr, folder, files }) }
}
