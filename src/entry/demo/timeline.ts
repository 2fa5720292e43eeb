import { styleText } from 'node:util'

/** Prints who did what, when, on which pull request: one line each, when it happens. */
export interface Timeline {
  say(who: string, pull: number | undefined, what: string): void
  heading(text: string): void
  plain(text: string): void
}

const COLOURS = { perch: 'cyan', flux: 'magenta' } as const

export function createTimeline(write: (text: string) => void): Timeline {
  const started = performance.now()
  return {
    say(who, pull, what) {
      const seconds = `${((performance.now() - started) / 1000).toFixed(1)}s`.padStart(6)
      const name = styleText(who === 'perch' || who === 'flux' ? COLOURS[who] : 'yellow', who.padEnd(6))
      write(`${styleText('dim', seconds)}  ${name} ${(pull === undefined ? '' : `#${pull}`).padStart(4)}  ${what}\n`)
    },
    heading: (text) => write(`\n${styleText('bold', text)}\n`),
    plain: (text) => write(`${text}\n`),
  }
}
