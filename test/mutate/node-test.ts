/**
 * Replaces `node:test` in the process that tests mutants. Tests are only collected, so that they can run one by one, in part, and
 * again on other code.
 */
import { mock } from 'node:test'

type Work = (context: Context) => unknown
interface Options {
  readonly skip?: boolean | string
}

interface Context {
  readonly name: string
  after(work: () => unknown): void
  diagnostic(): void
  skip(): void
  test(name: string, ...rest: Rest): Promise<void>
  readonly mock: typeof mock
}
type Rest = readonly [Work] | readonly [Options, Work]

export interface CollectedTest {
  readonly name: string
  readonly run: () => Promise<void>
}

let collected: CollectedTest[] = []
let hooks = noHooks()

function noHooks(): Record<'before' | 'after' | 'beforeEach' | 'afterEach', (() => unknown)[]> {
  return { before: [], after: [], beforeEach: [], afterEach: [] }
}

/** The tests and hooks that files have defined since the last call. */
export function takeTests(): { readonly tests: readonly CollectedTest[]; readonly hooks: typeof hooks } {
  const taken = { tests: collected, hooks }
  collected = []
  hooks = noHooks()
  return taken
}

function define(name: string, ...rest: Rest): void {
  const [options, work] = rest.length === 1 ? [{}, rest[0]] : rest
  if (options.skip !== undefined && options.skip !== false) return
  collected.push({ name, run: () => runTest(name, work) })
}

async function runTest(name: string, work: Work): Promise<void> {
  const cleanups: (() => unknown)[] = []
  const context: Context = {
    name,
    after: (cleanup) => void cleanups.push(cleanup),
    diagnostic: () => {},
    skip: () => {},
    test: async (inner, ...rest) => {
      const [options, own] = rest.length === 1 ? [{}, rest[0]] : rest
      if (options.skip === undefined || options.skip === false) await runTest(inner, own)
    },
    mock,
  }
  try {
    await work(context)
  } finally {
    for (const cleanup of cleanups.toReversed()) await cleanup()
  }
}

export const test = Object.assign(define, { skip: () => {}, todo: () => {} })
export const it = test
export const before = (work: () => unknown): void => void hooks.before.push(work)
export const after = (work: () => unknown): void => void hooks.after.push(work)
export const beforeEach = (work: () => unknown): void => void hooks.beforeEach.push(work)
export const afterEach = (work: () => unknown): void => void hooks.afterEach.push(work)
export { mock }
