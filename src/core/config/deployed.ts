import { matcher } from '../text/matcher.ts'
import { readOneDocument } from '../manifest/yaml/documents.ts'
import { recordOf } from '../manifest/data.ts'
import { err, ok, type Result } from '../result.ts'
import { type ConfigProblem, readConfig } from './read.ts'
import { Config } from './schema.ts'

/**
 * The deployed branches in the config. Undefined if the config does not list them. A mistake elsewhere in the file does not matter,
 * because it must not make a branch look undeployed.
 */
export function readBranches(
  text: string | undefined,
  config = readConfig(text),
): Result<readonly string[] | undefined, readonly ConfigProblem[]> {
  if (config.ok) return ok(config.value.branches)
  const problems = config.error.filter(({ path }) => path === '' || path === 'branches' || path.startsWith('branches.'))
  if (problems.length > 0) return err(problems)
  const document = readOneDocument(text ?? '')
  const data = document.ok ? document.value?.data : undefined
  const named = Config.shape.branches.safeParse(recordOf(data)['branches'])
  return ok(named.success ? named.data : undefined)
}

/**
 * Whether the config asks for an issue that lists all rollouts. Undefined if the config cannot be read; false if its text does not
 * contain the key, whatever else is wrong with it.
 */
export function wantsDashboard(text: string | undefined, config = readConfig(text)): boolean | undefined {
  if (text === undefined || !text.includes('dashboard')) return false
  return config.ok ? config.value.dashboard : undefined
}

/** Branches that Perch or the merge queue creates. Patterns never match them. */
const MADE = /^(?:canary|perch|gh-readonly-queue)\//

/** Whether the config names a branch. `*` stands for any characters. */
export function isNamed(names: readonly string[], branch: string): boolean {
  return names.some((name) => name === branch || (!MADE.test(branch) && matcher(name)(branch)))
}
