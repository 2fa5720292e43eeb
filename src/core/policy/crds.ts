/** The CustomResourceDefinitions of a repository for kubectl-validate, as texts, because it parses them itself and they are long. */
import { type Entry, isYaml } from '../environment/tree.ts'
import { isDefinition, splitPieces } from '../manifest/pieces.ts'
import { err, ok, type Result } from '../result.ts'
import { validatorFiles, MAX_VALIDATOR_FILES, MAX_VALIDATOR_LENGTH } from './validator-files.ts'
import type { Fault } from './remark.ts'

/** One document of a file. */
export interface CrdText {
  readonly file: string
  /** Where it begins, 1-based. */
  readonly line: number
  readonly text: string
}

/** The YAML files below a folder. */
export function crdFiles(entries: Iterable<Entry>, folder: string): readonly string[] {
  return validatorFiles(entries, folder, isYaml)
}

/** The documents in these files that define kinds. Other documents are ignored. */
export function crdsFrom(
  paths: readonly string[],
  texts: ReadonlyMap<string, string>,
): Result<readonly CrdText[], readonly Fault[]> {
  const fault = (code: Fault['code'], file?: string): Fault => ({ file, line: 1, code, text: '' })
  if (paths.length > MAX_VALIDATOR_FILES) return err([fault('too-many')])
  const unread = paths.filter((path) => !texts.has(path))
  if (unread.length > 0) return err(unread.map((path) => fault('not-text', path)))
  const found = paths.flatMap((file) =>
    splitPieces(texts.get(file) ?? '')
      .filter(isDefinition)
      .map(({ line, text }) => ({ file, line, text })),
  )
  if (found.length === 0) return err([fault('no-crds')])
  if (found.reduce((sum, { text }) => sum + text.length, 0) > MAX_VALIDATOR_LENGTH) return err([fault('too-long')])
  return ok(found)
}
