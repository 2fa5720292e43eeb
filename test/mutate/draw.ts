import { readFileSync } from 'node:fs'
import { shuffled } from '../stories/random.ts'
import { compiling } from './compile.ts'
import { KINDS, type Mutant, mutantsOf } from './mutators.ts'

/** Random mutants that compile, with equally many of each kind. */
export async function draw(files: readonly string[], count: number, random: () => number): Promise<readonly Mutant[]> {
  const all = shuffled(
    files.flatMap((file) => mutantsOf(file, readFileSync(file, 'utf8'))),
    random,
  )
  const kinds = Map.groupBy(all, ({ kind }) => kind)
  const kept = new Map(KINDS.map((kind): [string, Mutant[]] => [kind, []]))
  const share = Math.ceil(count / KINDS.length)
  // Many drawn mutants do not compile. More are drawn until there are enough of each kind, or no more.
  for (let turn = 0; turn < 8; turn += 1) {
    const candidates = KINDS.flatMap((kind) => {
      const missing = 2 * share - (kept.get(kind) ?? []).length
      return missing <= 0 ? [] : (kinds.get(kind) ?? []).splice(0, kind === 'return' ? 6 * missing : 2 * missing)
    })
    if (candidates.length === 0) break
    for (const mutant of await compiling(candidates)) kept.get(mutant.kind)?.push(mutant)
  }
  const chosen: Mutant[] = []
  for (let turn = 0; chosen.length < count && turn < count; turn += 1)
    chosen.push(...KINDS.flatMap((kind) => kept.get(kind)?.[turn] ?? []))
  return shuffled(chosen.slice(0, count), random)
}
