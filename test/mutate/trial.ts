import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Answer, Footprint, Progress, Question } from './lab.ts'
import { type Mutant, withMutant } from './mutators.ts'
import { stretchAt, stretchesOf } from './probes.ts'

export type Outcome = 'failed' | 'too long' | 'survived' | 'not run by any test'

/** Which test runs what, and what runs while files are loaded. */
export type Survey = Extract<Answer, { type: 'surveyed' }>

/** Each mutant leaves its modules in the process: it is replaced now and then. */
const MUTANTS_PER_PROCESS = 30

/** How many plays of the simulation a mutant has to get through, of those without faults and of those with some. */
const PLAYS = '12'

/** A slow test can fail because the machine is busy: it must pass on the code as it is. */
const SLOW_MS = 500

/** Tries mutants in a process of its own. */
export function openLab() {
  let child: ChildProcess | undefined
  let used = 0

  async function ask(question: Question, limitMs: number): Promise<Answer | 'too long'> {
    if (used >= MUTANTS_PER_PROCESS) close()
    used += 1
    const lab = child ?? start()
    child = lab
    return new Promise((resolve) => {
      const end = (answer: Answer | 'too long'): void => {
        clearTimeout(timer)
        lab.removeAllListeners()
        if (answer === 'too long' || answer.type === 'broken') close()
        resolve(answer)
      }
      const timer = setTimeout(() => end('too long'), limitMs)
      lab.on('message', (said: Answer | Progress) => {
        if (said.type === 'begins') timer.refresh()
        else end(said)
      })
      lab.on('exit', (code) => end({ type: 'broken', why: `ended with ${code}` }))
      lab.send(question)
    })
  }

  function start(): ChildProcess {
    const lab = new URL('lab.ts', import.meta.url)
    return fork(lab, {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: { ...process.env, PERCH_PLAYS: PLAYS },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
  }

  function attempt(
    tests: readonly Footprint[],
    mutant: Extract<Question, { type: 'try' }>['mutant'],
  ): ReturnType<typeof ask> {
    // For each test: a loop without end is waited for; a busy machine is not taken for one.
    const limit = 30_000 + 15 * Math.max(...tests.map(({ ms }) => ms))
    return ask({ type: 'try', mutant, tests: tests.map(({ file, index }) => ({ file, index })) }, limit)
  }

  function close(): void {
    child?.removeAllListeners()
    child?.kill('SIGKILL')
    child = undefined
    used = 0
  }

  return {
    close,

    async survey(files: readonly string[]): Promise<Survey> {
      const answer = await ask({ type: 'survey', files }, 30 * 60_000)
      if (answer === 'too long' || answer.type !== 'surveyed')
        throw new Error(`The tests fail without a mutant: ${JSON.stringify(answer)}`)
      return answer
    },

    /** Runs the tests that run a mutant's place, until one fails. */
    async trial(mutant: Mutant, survey: Survey): Promise<Outcome> {
      const all = testsFor(mutant, survey)
      if (all.length === 0) return 'not run by any test'
      const changed = { file: mutant.file, text: withMutant(readFileSync(mutant.file, 'utf8'), mutant) }
      for (let tests = all; tests.length > 0;) {
        const answer = await attempt(tests, changed)
        if (answer === 'too long') return answer
        // What ends the whole process is noticed too.
        if (answer.type !== 'tried') return 'failed'
        const suspect = answer.at === undefined ? undefined : tests[answer.at]
        if (!answer.hasFailed) return 'survived'
        if (suspect === undefined || suspect.ms < SLOW_MS) return 'failed'
        const again = await attempt([suspect], undefined)
        if (again !== 'too long' && again.type === 'tried' && !again.hasFailed) return 'failed'
        tests = tests.slice(tests.indexOf(suspect) + 1)
      }
      return 'survived'
    },
  }
}

/**
 * What a mutant may cost, as a share of all tests: of the code that every test runs, the likeliest tests are enough. Not a time: a busy machine
 * would run fewer of them.
 */
const MAX_SHARE = 0.25

/** Tests that compare with a page all that a play or a change comes to. */
const PAGED = /\/conversations\/|\/judgement\/reviews|\/making\/(?:changes|promotions)|\/core\/pages\//

/** How many times as long a page may take as another test to be run before it: it shows all that people see. */
const PAGE_STRENGTH = 8

/**
 * The tests that run a place, or whose file does so while it is loaded, as many as a mutant may cost. Those come first that run it
 * themselves, then those that run something else of its file, of these the quickest.
 */
function testsFor({ file, start }: Mutant, { tests, loading }: Survey): readonly Footprint[] {
  const stretch = stretchAt(stretchesOf(file, readFileSync(file, 'utf8')), start)
  const runs = (ran: Footprint['ran'] | undefined): boolean => ran?.[file]?.includes(stretch) === true
  const rank = ({ ran }: Footprint): number => (runs(ran) ? 0 : file in ran ? 1 : 2)
  const cost = (test: Footprint): number => test.ms / (PAGED.test(test.file) ? PAGE_STRENGTH : 1)
  const likely = tests
    .filter((test) => runs(test.ran) || runs(loading[test.file]))
    .toSorted((a, b) => rank(a) - rank(b) || cost(a) - cost(b))
  const most = MAX_SHARE * tests.reduce((sum, { ms }) => sum + ms, 0)
  let spent = 0
  return likely.filter(({ ms }) => (spent += ms) <= most || spent === ms)
}
