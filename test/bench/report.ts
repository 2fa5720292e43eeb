/** A measured value, and its budget. */
export interface BenchRow {
  readonly what: string
  readonly value: number
  readonly unit: Unit
  readonly budget?: Budget
}

export type Unit = 'ms' | 's' | 'MB' | '×' | ''
export type Budget = { readonly atMost: number } | { readonly atLeast: number }

export interface BenchResult {
  readonly name: string
  readonly rows: readonly BenchRow[]
  /** Facts that the rows do not show. */
  readonly notes?: readonly string[]
}

/** A value that could not be measured (NaN) is over every budget. */
export function isBroken({ value, budget }: BenchRow): boolean {
  if (budget === undefined) return false
  return 'atMost' in budget ? !(value <= budget.atMost) : !(value >= budget.atLeast)
}

/** The lines of a result. A bench is within budget if each of its rows is. */
export function report({ name, rows, notes = [] }: BenchResult): string {
  const broken = rows.filter(isBroken).length
  const verdict = broken === 0 ? 'within budget' : `${broken} of ${rows.length} BROKEN`
  const width = Math.max(0, ...rows.map(({ what }) => what.length))
  const lines = rows.map((row) => {
    const value = shown(row.value, row.unit).padStart(10)
    if (row.budget === undefined) return `  ${row.what.padEnd(width)}  ${value}`
    const bound =
      'atMost' in row.budget
        ? `at most ${shown(row.budget.atMost, row.unit)}`
        : `at least ${shown(row.budget.atLeast, row.unit)}`
    return `  ${row.what.padEnd(width)}  ${value}  ${isBroken(row) ? 'BROKEN' : 'ok'} (${bound})`
  })
  return [`\n${name}: ${verdict}`, ...lines, ...notes.map((note) => `  ${note}`)].join('\n')
}

/** At least two digits, and no more than are useful. */
function shown(value: number, unit: Unit): string {
  if (Number.isNaN(value)) return 'unknown'
  const digits = Number.isInteger(value) || value >= 100 ? 0 : value >= 10 ? 1 : 2
  return `${value.toFixed(digits)}${unit === '' ? '' : ` ${unit}`}`
}
