import { openValidators } from '../../../src/adapters/policy/validators.ts'
import type { ToolName } from '../../../src/core/policy/remark.ts'
import { QUIET } from '../../quiet-log.ts'

/** Where tests look for programs. The service looks there too, whatever PATH is. */
export const TOOL_PATH = `${process.env['PATH'] ?? ''}:/usr/local/bin:/usr/bin:/bin`

const found = await openValidators({ log: QUIET, path: TOOL_PATH }).tools()

/** For tests with a real program. The README says why none is available everywhere. */
export function needsTool(...names: readonly ToolName[]): { readonly skip: string | false } {
  const missing = names.filter((name) => !found.has(name))
  return { skip: missing.length > 0 && `optional: ${missing.join(' and ')} not installed` }
}
