import { openValidators } from '../../../src/adapters/policy/validators.ts'
import type { ToolName } from '../../../src/core/policy/remark.ts'

export const QUIET = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** Where programs are looked for in tests: where the service looks too, whatever PATH says. */
export const TOOL_PATH = `${process.env['PATH'] ?? ''}:/usr/local/bin:/usr/bin:/bin`

const found = await openValidators({ log: QUIET, path: TOOL_PATH }).tools()

/** For tests that ask a real program. None can be had everywhere; the README says why. */
export function needsTool(...names: readonly ToolName[]): { readonly skip: string | false } {
  const missing = names.filter((name) => !found.has(name))
  return { skip: missing.length > 0 && `optional: ${missing.join(' and ')} not installed` }
}
