/**
 * The process that tests mutants. It loads everything once. For each mutant, it loads the mutant's file and its importers again
 * under new URLs, so that a mutant costs a fraction of a second. The parent ends this process if a mutant loops forever.
 */
import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { importersOf } from './importers.ts'
import type { CollectedTest } from './node-test.ts'
import { stretchesOf, withNotes } from './probes.ts'

/** One test: its file and its index in the file. */
export interface TestId {
  readonly file: string
  readonly index: number
}

/** The code that a test runs: for each source file, the indexes of its stretches (`stretchesOf`). */
export interface Footprint extends TestId {
  readonly name: string
  readonly ms: number
  readonly ran: Readonly<Record<string, readonly number[]>>
}

export type Question =
  | { readonly type: 'survey'; readonly files: readonly string[] }
  | {
      readonly type: 'try'
      readonly mutant: { readonly file: string; readonly text: string } | undefined
      readonly tests: readonly TestId[]
    }

export type Answer =
  | {
      readonly type: 'surveyed'
      readonly tests: readonly Footprint[]
      /** The code that runs while a test file is loaded, by the file's name. */
      readonly loading: Readonly<Record<string, Footprint['ran']>>
      /** Tests that fail on the unchanged code, and so say nothing about a mutant. */
      readonly failing: readonly string[]
    }
  /** `at`: the index of the failed test. Undefined if none failed, or if a file could not be loaded. */
  | { readonly type: 'tried'; readonly hasFailed: boolean; readonly at: number | undefined }
  | { readonly type: 'broken'; readonly why: string }

/** Which code each test runs, and which code runs while its file is loaded. */
export type Survey = Extract<Answer, { type: 'surveyed' }>

/** Sent when the next test begins, as a sign that the process is not stuck. */
export interface Progress {
  readonly type: 'begins'
  /** The index of the test. */
  readonly at: number
}

const ROOT = pathToFileURL(`${process.cwd()}/`).href
const SHIM = new URL('node-test.ts', import.meta.url).href
const texts = new Map<string, string>()
let turn = 0
let mutated: { readonly url: string; readonly text: string } | undefined
/** The files that are loaded again. Undefined for all. */
let stale: ReadonlySet<string> | undefined
/** Sources that record which stretches run, during a survey. */
let noting: Map<string, NotingSource> | undefined

interface NotingSource {
  readonly text: string
  /** The index of its first byte in `ran`. */
  readonly first: number
  readonly count: number
}

/** Larger than the number of stretches. */
const ran = new Uint8Array(200_000)
Object.assign(globalThis, { mutateRan: ran })

registerHooks({
  resolve(specifier, context, next) {
    const parent = /\?turn=\d+$/.exec(context.parentURL ?? '')
    if (parent === null && !specifier.includes('?turn=')) return next(specifier, context)
    if (specifier === 'node:test') return { url: SHIM, shortCircuit: true }
    const found = next(specifier, context)
    if (specifier === 'fast-check') return { ...found, url: `${found.url}?turn=check` }
    const file = found.url.startsWith(ROOT) ? found.url.slice(ROOT.length) : ''
    if (parent === null || !/^(?:src|test)\/.*\.ts$/.test(file)) return found
    return { ...found, url: `${found.url}?turn=${turnOf(file)}` }
  },
  load(url, context, next) {
    const [bare = '', query] = url.split('?')
    if (query === undefined || !query.startsWith('turn=')) return next(url, context)
    if (query === 'turn=check') return { format: 'module', source: fastCheckFor(bare), shortCircuit: true }
    const isMutant = bare === mutated?.url
    const source = isMutant
      ? stripTypeScriptTypes(mutated?.text ?? '')
      : (noted(bare) ?? texts.get(bare) ?? strip(bare))
    return { format: 'module', source, shortCircuit: true }
  },
})

/** Files that do not depend on the mutant are loaded once. So they keep their state and their optimized code. */
function turnOf(file: string): number {
  return stale === undefined || stale.has(file) ? turn : 0
}

/** fast-check with less random input. A mutant's mistake shows soon, and many mutants survive. */
function fastCheckFor(url: string): string {
  return `
    import * as all from '${url}'
    export * from '${url}'
    const few = (parameters) => ({ ...parameters, numRuns: Math.min(parameters?.numRuns ?? 100, globalThis.mutateRuns) })
    export const assert = (property, parameters) => all.assert(property, few(parameters))
    export default { ...all, assert }`
}

function setRuns(most: number): void {
  Object.assign(globalThis, { mutateRuns: most })
}

function strip(url: string): string {
  const stripped = stripTypeScriptTypes(readFileSync(fileURLToPath(url), 'utf8'))
  texts.set(url, stripped)
  return stripped
}

async function load(file: string): Promise<readonly CollectedTest[]> {
  const shim = (await import(SHIM)) as typeof import('./node-test.ts')
  shim.takeTests()
  await import(`${pathToFileURL(resolve(file)).href}?turn=${turn}`)
  const { tests, hooks } = shim.takeTests()
  for (const work of hooks.before) await work()
  return tests.map(({ name, run }) => ({
    name,
    run: async () => {
      for (const work of hooks.beforeEach) await work()
      try {
        await run()
      } finally {
        for (const work of hooks.afterEach) await work()
      }
    },
  }))
}

/** A source that records which of its stretches run. Undefined if none is requested. */
function noted(url: string): string | undefined {
  if (noting === undefined || !url.startsWith(`${ROOT}src/`)) return undefined
  const file = url.slice(ROOT.length)
  const known = noting.get(file)
  if (known !== undefined) return known.text
  const source = readFileSync(fileURLToPath(url), 'utf8')
  const stretches = stretchesOf(file, source)
  const first = [...noting.values()].reduce((sum, { count }) => sum + count, 0)
  const text = stripTypeScriptTypes(withNotes(source, stretches, first))
  noting.set(file, { text, first, count: stretches.length })
  return text
}

/** The stretches that ran since the last call. */
function takeRan(): Footprint['ran'] {
  const files = [...(noting ?? [])].flatMap(([file, { first, count }]) => {
    const stretches = Array.from({ length: count }, (_, index) => index).filter((index) => ran[first + index] === 1)
    return stretches.length === 0 ? [] : [[file, stretches] as const]
  })
  ran.fill(0)
  return Object.fromEntries(files)
}

/** Runs every test once, and records which stretches it runs. */
async function survey(files: readonly string[]): Promise<Answer> {
  noting = new Map()
  const tests: Footprint[] = []
  const failing: string[] = []
  const loading: Record<string, Footprint['ran']> = {}
  for (const file of files) {
    const began = performance.now()
    turn += 1
    const found = await load(file)
    loading[file] = takeRan()
    for (const [index, { name, run }] of found.entries()) {
      const before = performance.now()
      const isGood = await run().then(
        () => true,
        () => false,
      )
      const ms = performance.now() - before
      const ran = takeRan()
      if (isGood) tests.push({ file, index, name, ms, ran })
      else failing.push(`${file}: ${name}`)
    }
    process.stderr.write(`${Math.round(performance.now() - began)} ms ${file}\n`)
  }
  noting = undefined
  return { type: 'surveyed', tests, loading, failing }
}

/** Runs tests until one fails. Files are loaded when they are needed. */
async function attempt(tests: readonly TestId[]): Promise<Answer> {
  const loaded = new Map<string, readonly CollectedTest[]>()
  for (const [at, { file, index }] of tests.entries()) {
    process.send?.({ type: 'begins', at } satisfies Progress)
    const all = loaded.get(file) ?? (await load(file))
    loaded.set(file, all)
    try {
      const found = all[index]
      if (found === undefined) throw new Error(`${file} has no test ${index} any more`)
      await found.run()
    } catch {
      return { type: 'tried', hasFailed: true, at }
    }
  }
  return { type: 'tried', hasFailed: false, at: undefined }
}

async function answer(question: Question): Promise<Answer> {
  turn += 1
  mutated = undefined
  setRuns(question.type === 'survey' ? 10 : 60)
  stale = undefined
  if (question.type === 'survey') return survey(question.files)
  const { mutant } = question
  stale = mutant === undefined ? new Set() : importersOf(mutant.file)
  if (mutant !== undefined) mutated = { url: pathToFileURL(resolve(mutant.file)).href, text: mutant.text }
  try {
    return await Promise.race([attempt(question.tests), stray()])
  } catch {
    return { type: 'tried', hasFailed: true, at: undefined }
  }
}

let onStray: () => void = () => {}

/** A failure outside of the awaited test. */
function stray(): Promise<Answer> {
  return new Promise((resolve) => {
    onStray = () => resolve({ type: 'tried', hasFailed: true, at: undefined })
  })
}

process.on('uncaughtException', () => onStray())
process.on('message', (question: Question) => {
  answer(question).then(
    (found) => process.send?.(found),
    (error: unknown) => process.send?.({ type: 'broken', why: error instanceof Error ? error.stack : String(error) }),
  )
})
