import { progressText } from '../../core/message/command-line/progress-text.ts'
import type { Renderer } from '../../ports/renderer.ts'
import type { Terminal } from './cli-call.ts'

/** Shows nothing for this long, because most commands are done by then. */
const SILENT_MS = 1_000

/** Moves to the start of the line and clears it. */
const CLEAR_LINE = '\r\u001B[K'

export interface Progress {
  /** From now on, shows what a renderer does. */
  watch(renderer: Renderer): Renderer
  /** Erases the line. Called before anything else is printed. */
  stop(): void
}

/** A progress line on stderr. It appears after a second, if stderr is a terminal. */
export function createProgress({ isWatched, err }: Pick<Terminal, 'isWatched' | 'err'>): Progress {
  const state = { done: 0, running: 0, seconds: 0 }
  let timer: NodeJS.Timeout | undefined
  const show = (): void => {
    state.seconds += 1
    err(`${CLEAR_LINE}${progressText(state)}`)
  }
  return {
    watch(renderer) {
      if (isWatched) timer ??= setInterval(show, SILENT_MS)
      return {
        ...renderer,
        async render(files, source) {
          state.running += 1
          try {
            return await renderer.render(files, source)
          } finally {
            state.running -= 1
            state.done += 1
          }
        },
      }
    },
    stop() {
      clearInterval(timer)
      if (state.seconds > 0) err(CLEAR_LINE)
    },
  }
}
