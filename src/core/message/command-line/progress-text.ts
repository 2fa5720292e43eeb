/** The line that a terminal shows while a command works, without a line break. */
export function progressText(state: {
  readonly done: number
  readonly running: number
  readonly seconds: number
}): string {
  const { done, running, seconds } = state
  const what = done + running === 0 ? 'Reading the files' : `Rendering: ${done} done, ${running} in progress`
  return `${what} (${seconds} s)`
}
