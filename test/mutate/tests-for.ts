/** Which tests are tried for a mutant, and in which order. */
import { globSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { directImportersOf } from './importers.ts'
import type { Footprint, Survey } from './lab.ts'
import type { Mutant } from './mutators.ts'
import { type Stretch, stretchAt, stretchesOf } from './probes.ts'
import { usesOf } from './uses.ts'

/**
 * The maximum cost of a mutant, as a share of the time of all tests. For code that every test runs, the most likely tests are
 * enough. It is not an absolute time, because a busy machine would then run fewer tests.
 */
const MAX_SHARE = 0.25

/** Tests that compare the whole result of a play or change with a recorded page. */
const PAGED =
  /\/conversations\/|\/judgement\/(?:reviews|one-after)|\/making\/(?:changes|promotions)|\/rollout\/situations|\/core\/pages\//

/** Pages that are about everything they run, because they show what the core reads. */
const CORE_PAGE = /\/core\/pages\//

/** By which factor a page may take longer than another test and still run first, because it shows everything that people see. */
const PAGE_STRENGTH = 8

/**
 * The tests that run a place, or whose file does when it is loaded, up to the maximum cost. First come tests that run the place
 * themselves, then those that use the constant at the place, then those that run other code of the same file. If only some of them
 * run a part of the changed text, the others may see no difference, so the tests with the rarest part come first. Of these, pages of
 * the core and tests that call the file's folder themselves come first, because they are about it, and then the fastest.
 */
export function testsFor(mutant: Mutant, { tests, loading }: Survey): readonly Footprint[] {
  const { file, start } = mutant
  const stretches = stretchesOf(file, readFileSync(file, 'utf8'))
  const stretch = stretchAt(stretches, start)
  const uses = stretch === 0 ? [...usesOf(file, start)] : []
  const users = usersOfParts(mutant, stretches, tests)
  const about = testsAbout(dirname(file))
  const runs = (ran: Footprint['ran'] | undefined): boolean => ran?.[file]?.includes(stretch) === true
  const hasUse = (ran: Footprint['ran']): boolean =>
    uses.some(([user, used]) => ran[user]?.some((index) => used.has(index)) === true)
  const rank = ({ ran }: Footprint): number => (runs(ran) || hasUse(ran) ? 0 : file in ran ? 1 : 2)
  const rarity = ({ ran }: Footprint): number =>
    Math.min(tests.length, ...(ran[file] ?? []).map((index) => users.get(index) ?? tests.length))
  const distance = (test: Footprint): number => (about.has(test.file) || CORE_PAGE.test(test.file) ? 0 : 1)
  const cost = (test: Footprint): number => test.ms / (PAGED.test(test.file) ? PAGE_STRENGTH : 1)
  const likely = tests
    .filter((test) => runs(test.ran) || runs(loading[test.file]))
    .toSorted((a, b) => rank(a) - rank(b) || rarity(a) - rarity(b) || distance(a) - distance(b) || cost(a) - cost(b))
  const most = MAX_SHARE * tests.reduce((sum, { ms }) => sum + ms, 0)
  let spent = 0
  return likely.filter(({ ms }) => (spent += ms) <= most || spent === ms)
}

/** The files that import a file of a folder themselves. */
function testsAbout(folder: string): ReadonlySet<string> {
  return new Set(globSync(`${folder}/*.ts`).flatMap(directImportersOf))
}

/** How many tests run each part of a changed text, by the index of the part's stretch. */
function usersOfParts(
  { file, start, end }: Mutant,
  stretches: readonly Stretch[],
  tests: readonly Footprint[],
): ReadonlyMap<number, number> {
  const isPart = (one: Stretch | undefined): boolean => one !== undefined && start <= one.start && one.end <= end
  const parts = tests.flatMap(({ ran }) => (ran[file] ?? []).filter((index) => isPart(stretches[index])))
  return new Map([...Map.groupBy(parts, (index) => index)].map(([index, users]) => [index, users.length]))
}
