/** As V8 writes them: https://chromedevtools.github.io/devtools-protocol/v8/Profiler/#type-FunctionCoverage */
interface FunctionCoverage {
  readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[]
}

/**
 * The stretches of a text that ran. Ranges lie in each other, and the innermost counts; a function that is not named did not
 * run. Node blanks types out, so that places stay those of the file.
 */
export function stretchesOf(functions: readonly FunctionCoverage[]): readonly (readonly [number, number])[] {
  const ranges = functions
    .flatMap((one) => one.ranges)
    .toSorted((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset)
  const edges = new Set(ranges.flatMap(({ startOffset, endOffset }) => [startOffset, endOffset]))
  const places = [...edges].toSorted((a, b) => a - b)
  const out: [number, number][] = []
  const open: (typeof ranges)[number][] = []
  let next = 0
  for (const [index, from] of places.entries()) {
    const to = places[index + 1]
    while ((open.at(-1)?.endOffset ?? Infinity) <= from) open.pop()
    for (let range = ranges[next]; range !== undefined && range.startOffset <= from; range = ranges[next]) {
      if (range.endOffset > from) open.push(range)
      next += 1
    }
    if (to === undefined || (open.at(-1)?.count ?? 0) === 0) continue
    const last = out.at(-1)
    if (last?.[1] === from) last[1] = to
    else out.push([from, to])
  }
  return out
}
