const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
const MAX_WIDTH = 40

/**
 * Numbers as a row of small blocks. The lowest block stands for the lowest number. If there are too many numbers for the row, each
 * block shows the one of its part that is farthest from the median.
 */
export function sparkline(numbers: readonly number[]): string {
  const shown = numbers.length <= MAX_WIDTH ? numbers : squeezed(numbers)
  const [least, most] = [Math.min(...shown), Math.max(...shown)]
  const height = most - least
  return shown.map((value) => BLOCKS[height > 0 ? Math.round(((value - least) / height) * 7) : 3] ?? '').join('')
}

/** In each part, the value that is farthest from the median of all values, so that no peak or dip is lost. */
function squeezed(numbers: readonly number[]): readonly number[] {
  const middle = numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
  return Array.from({ length: MAX_WIDTH }, (_, index) => {
    const from = Math.floor((index * numbers.length) / MAX_WIDTH)
    const part = numbers.slice(from, Math.max(from + 1, Math.floor(((index + 1) * numbers.length) / MAX_WIDTH)))
    return part.reduce((far, value) => (Math.abs(value - middle) > Math.abs(far - middle) ? value : far), middle)
  })
}
