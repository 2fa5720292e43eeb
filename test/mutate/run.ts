/**
 * Mutation testing: changes the code in one small place at a time and checks whether a test fails.
 *
 *     npm run mutate                                  100 random mutants of core and 100 of flows
 *     npm run mutate -- --seed 7 --sample 40          40 in all, always the same
 *     npm run mutate -- --only core --file rollout    in the core's files with `rollout` in their path
 *     npm run mutate -- --file core/gate/,core/stop/  in the files with one of these in their path
 *     npm run mutate -- --wanted 95                   fails below 95 % (default 92)
 *
 * Mutants are drawn evenly from all kinds of change. Those that do not compile are left out. For each mutant, the fast tests that
 * run its place run until one fails. Survivors are printed with their place and their change.
 */
import { globSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { randomFrom } from '../stories/random.ts'
import { draw } from './draw.ts'
import { equivalentOf } from './equivalent.ts'
import { describe, type Mutant, placeOf } from './mutators.ts'
import { openLab, type Outcome } from './trial.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    sample: { type: 'string', default: '200' },
    only: { type: 'string' },
    file: { type: 'string', default: '' },
    wanted: { type: 'string', default: '92' },
  },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9))
const wanted = Number(values.wanted)
const layers = ['core', 'flows'].filter((layer) => values.only === undefined || layer === values.only)
/**
 * Core contains the plans for promotions, waves and nested charts, and most tests of those are conversations in the flows. It also
 * contains the words of the command line and the questions of Flagger.
 */
const TESTS: Readonly<Record<string, readonly string[]>> = {
  core: [
    'test/core/**/*.test.ts',
    'test/layouts/*.test.ts',
    'test/flows/**/*.test.ts',
    'test/entry/command-line.test.ts',
    'test/entry/flagger/*.test.ts',
  ],
  flows: [
    'test/flows/**/*.test.ts',
    'test/layouts/*.test.ts',
    'test/simulate/*.test.ts',
    'test/core/rollout/cases.test.ts',
    'test/core/analysis/*.test.ts',
  ],
}

/** Tests of execution time. They are slow, and fail when the machine is busy. */
const isTiming = (file: string): boolean => file.endsWith('growth.test.ts')

interface Tried {
  readonly mutant: Mutant
  readonly outcome: Outcome | 'equivalent'
}

console.log(`seed ${seed}`)
let isBelow = false
for (const layer of layers) {
  const tried = await tryLayer(layer, Math.ceil(Number(values.sample) / layers.length))
  report(layer, tried)
}
process.exitCode = isBelow ? 1 : 0

async function tryLayer(layer: string, count: number): Promise<readonly Tried[]> {
  const parts = values.file.split(',')
  const sources = globSync(`src/${layer}/**/*.ts`).filter((file) => parts.some((part) => file.includes(part)))
  const mutants = await draw(sources.sort(), count, randomFrom(seed))
  const lab = openLab()
  const survey = await lab.survey(
    globSync([...(TESTS[layer] ?? [])])
      .filter((file) => !isTiming(file))
      .sort(),
  )
  for (const name of survey.failing) console.error(`left out, it fails without a mutant: ${name}`)
  console.error(`${survey.tests.length} tests, ${mutants.length} mutants`)
  const tried: Tried[] = []
  for (const [index, mutant] of mutants.entries()) {
    const isKnown = equivalentOf(mutant) !== undefined
    const outcome = isKnown ? 'equivalent' : await lab.trial(mutant, survey)
    tried.push({ mutant, outcome })
    console.error(`${index + 1}/${mutants.length} ${outcome}: ${words(mutant)}`)
  }
  lab.close()
  return tried
}

function words(mutant: Mutant): string {
  const text = readFileSync(mutant.file, 'utf8')
  return `${placeOf(text, mutant)} ${describe(text, mutant)}`
}

function report(layer: string, tried: readonly Tried[]): void {
  const isDead = ({ outcome }: Tried): boolean => outcome === 'failed' || outcome === 'too long'
  const score = (some: readonly Tried[]): string => {
    const counted = some.filter(({ outcome }) => outcome !== 'equivalent')
    const dead = counted.filter(isDead).length
    return `${dead} of ${counted.length} = ${((100 * dead) / counted.length).toFixed(1)} %`
  }
  const counted = tried.filter(({ outcome }) => outcome !== 'equivalent')
  console.log(`\n${layer}: ${score(tried)} killed, ${tried.length - counted.length} equivalent`)
  const folders = Map.groupBy(tried, ({ mutant }) => dirname(mutant.file))
  for (const folder of [...folders.keys()].toSorted()) console.log(`  ${folder}: ${score(folders.get(folder) ?? [])}`)
  for (const { mutant, outcome } of counted.filter((one) => !isDead(one))) console.log(`  ${outcome}: ${words(mutant)}`)
  if (counted.filter(isDead).length * 100 < wanted * counted.length) isBelow = true
}
