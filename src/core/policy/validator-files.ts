/** The files of one folder that a repository may provide for a validator. */
import { type Entry, join } from '../environment/tree.ts'

/** The maximum number of files for a validator. */
export const MAX_VALIDATOR_FILES = 2_000
/** The maximum size of all files together, in characters. */
export const MAX_VALIDATOR_LENGTH = 20 * 1024 * 1024

/** The paths below a folder that match, sorted. */
export function validatorFiles(
  entries: Iterable<Entry>,
  folder: string,
  isWanted: (path: string) => boolean,
): readonly string[] {
  const root = join('', folder) ?? ''
  const prefix = root === '' ? '' : `${root}/`
  return [...entries]
    .filter(({ path, type }) => type === 'file' && path.startsWith(prefix) && isWanted(path))
    .map(({ path }) => path)
    .sort()
}
