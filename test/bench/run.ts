/** Measures the budgets: `npm run bench` all of them, `npm run bench -- edit` those whose name holds a word. */
import { benchBusy } from './busy.ts'
import { benchEdge, type BenchResult } from './edge.ts'
import { benchEdit } from './edit.ts'
import { benchFreeze } from './freeze.ts'
import { benchRender } from './render.ts'
import { benchWorst } from './worst.ts'

const BENCHES: Readonly<Record<string, () => Promise<BenchResult>>> = {
  busy: benchBusy,
  edge: benchEdge,
  edit: benchEdit,
  freeze: benchFreeze,
  render: benchRender,
  worst: benchWorst,
}

const words = process.argv.slice(2)
const chosen = Object.entries(BENCHES).filter(
  ([name]) => words.length === 0 || words.some((word) => name.includes(word)),
)
if (chosen.length === 0) {
  console.error(`No bench has ${words.join(' or ')} in its name. There are: ${Object.keys(BENCHES).join(', ')}.`)
  process.exitCode = 2
}
for (const [, bench] of chosen) {
  const { name, rows, ok } = await bench()
  const width = Math.max(...rows.map(({ what }) => what.length))
  console.log(`\n${name}: ${ok ? 'within budget' : 'BUDGET BROKEN'}`)
  for (const { what, value, budget } of rows)
    console.log(`  ${what.padEnd(width)}  ${value.padStart(9)}${budget === undefined ? '' : `  (budget ${budget})`}`)
  if (!ok) process.exitCode = 1
}
