/**
 * Measures the budgets. `npm run bench` runs all benches except the slow ones, `npm run bench -- edit` those whose name begins
 * with a word. Exits with 1 if a budget is exceeded.
 */
import { isBroken, report, type BenchResult } from './report.ts'

type Bench = () => Promise<BenchResult>

const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  start: async () => (await import('./programs/start.ts')).benchStart,
  memory: async () => (await import('./programs/memory.ts')).benchMemory,
  edge: async () => (await import('./events/edge.ts')).benchEdge,
  command: async () => (await import('./events/command.ts')).benchCommand,
  burst: async () => (await import('./events/burst.ts')).benchBurst,
  large: async () => (await import('./events/large.ts')).benchLarge,
  sweep: async () => (await import('./requests/sweep.ts')).benchSweep,
  merge: async () => (await import('./requests/merge.ts')).benchMerge,
  quiet: async () => (await import('./requests/quiet.ts')).benchQuiet,
  diff: async () => (await import('./programs/diff.ts')).benchDiff,
  cli: async () => (await import('./programs/cli.ts')).benchCli,
  replicas: async () => (await import('./programs/replicas.ts')).benchReplicas,
  busy: async () => (await import('./events/busy.ts')).benchBusy,
  edit: async () => (await import('./inputs/edit.ts')).benchEdit,
  freeze: async () => (await import('./events/freeze.ts')).benchFreeze,
  render: async () => (await import('./inputs/render.ts')).benchRender,
  definitions: async () => (await import('./inputs/definitions.ts')).benchDefinitions,
  worst: async () => (await import('./inputs/worst.ts')).benchWorst,
}

/** Installs all packages again. */
const SLOW: typeof BENCHES = {
  install: async () => (await import('./programs/install.ts')).benchInstall,
}

const words = process.argv.slice(2)
const chosen = Object.entries(words.length === 0 ? BENCHES : { ...BENCHES, ...SLOW }).filter(
  ([name]) => words.length === 0 || words.some((word) => name.startsWith(word)),
)
if (chosen.length === 0) {
  const names = Object.keys({ ...BENCHES, ...SLOW }).join(', ')
  console.error(`No bench begins with ${words.join(' or ')}. There are: ${names}.`)
  process.exitCode = 2
}
for (const [, load] of chosen) {
  const result = await (await load())()
  console.log(report(result))
  if (result.rows.some(isBroken)) process.exitCode = 1
}
