import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Answer, Footprint, Progress, Question, Survey } from './lab.ts'
import { type Mutant, withMutant } from './mutators.ts'
import { testsFor } from './tests-for.ts'

export type Outcome = 'failed' | 'too long' | 'survived' | 'not run by any test'

/** Each mutant leaves its modules in the process, so the process is replaced now and then. */
const MUTANTS_PER_PROCESS = 30

/** The number of plays of the simulation for a mutant, both of those without faults and of those with faults. */
const PLAYS = '12'

/** A slow test can fail because the machine is busy. Such a test must then pass on the unchanged code. */
const SLOW_MS = 500

/** Tries mutants in a process of its own. */
export function openLab() {
  let child: ChildProcess | undefined
  let used = 0
  // No mutant changes what kustomize and helm render, and most render what another has rendered.
  const renders = mkdtempSync(join(tmpdir(), 'perch-mutate-'))

  /** `limitMs`: for the test with this index, or for a whole survey. */
  async function ask(question: Question, limitMs: (at: number) => number): Promise<Answer | 'too long'> {
    if (used >= MUTANTS_PER_PROCESS) stop()
    used += 1
    const lab = child ?? start()
    child = lab
    return new Promise((resolve) => {
      const end = (answer: Answer | 'too long'): void => {
        clearTimeout(timer)
        lab.removeAllListeners()
        if (answer === 'too long' || answer.type === 'broken') stop()
        resolve(answer)
      }
      const wait = (at: number): NodeJS.Timeout => setTimeout(() => end('too long'), limitMs(at))
      let timer = wait(0)
      lab.on('message', (said: Answer | Progress) => {
        clearTimeout(timer)
        if (said.type === 'begins') timer = wait(said.at)
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
      env: { ...process.env, PERCH_PLAYS: PLAYS, PERCH_TEST_RENDERS: renders },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
  }

  function attempt(
    tests: readonly Footprint[],
    mutant: Extract<Question, { type: 'try' }>['mutant'],
  ): ReturnType<typeof ask> {
    // Long enough that only an endless loop exceeds it, and not a busy machine.
    const limit = (at: number): number => 30_000 + 15 * (tests[at]?.ms ?? 0)
    return ask({ type: 'try', mutant, tests: tests.map(({ file, index }) => ({ file, index })) }, limit)
  }

  function stop(): void {
    child?.removeAllListeners()
    child?.kill('SIGKILL')
    child = undefined
    used = 0
  }

  return {
    close() {
      stop()
      rmSync(renders, { recursive: true, force: true })
    },

    async survey(files: readonly string[]): Promise<Survey> {
      const answer = await ask({ type: 'survey', files }, () => 60 * 60_000)
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
        // A mutant that ends the whole process is detected too.
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
