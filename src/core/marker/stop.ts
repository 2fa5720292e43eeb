import type { Stop } from '../stop/stop.ts'
import { BREAK, titleText } from '../text/inert.ts'

const MAX_WORDS = 2_000

const TRAILERS = {
  by: 'Stop-By',
  reason: 'Stop-Reason',
  until: 'Stop-Until',
  cause: 'Stop-Cause',
  state: 'Stop-State',
} as const

/** The last paragraph of the commit message of a stop. `stopFrom` parses it. */
export function stopTrailers({ by, reason, until, cause, state }: Omit<Stop, 'kind'>): string {
  const lines = [
    `${TRAILERS.by}: ${quiet(by ?? '')}`,
    ...(reason === undefined ? [] : [`${TRAILERS.reason}: ${quiet(reason)}`]),
    ...(until === undefined ? [] : [`${TRAILERS.until}: ${new Date(until).toISOString()}`]),
    ...(cause === undefined ? [] : [`${TRAILERS.cause}: ${cause}`]),
    ...(state === undefined ? [] : [`${TRAILERS.state}: ${state}`]),
  ]
  return lines.map((line) => line.trim()).join('\n')
}

/** GitHub also acts on mentions and closing keywords in commit messages. */
function quiet(text: string): string {
  return titleText(text, MAX_WORDS)
}

/** Reads a stop from the name of its branch and the message of its commit. */
export function stopFrom(branch: string, message: string): Stop {
  const lines = message.split('\n')
  const read = (trailer: string): string | undefined => {
    const value = lines.findLast((line) => line.startsWith(`${trailer}: `))?.slice(trailer.length + 2)
    return value === undefined || value === '' ? undefined : value.replaceAll(BREAK, '')
  }
  const until = Date.parse(read(TRAILERS.until) ?? '')
  const cause = read(TRAILERS.cause)
  const state = read(TRAILERS.state)
  return {
    kind: branch.startsWith('perch/freeze/') ? 'freeze' : 'hold',
    by: read(TRAILERS.by),
    reason: read(TRAILERS.reason),
    until: Number.isNaN(until) ? undefined : until,
    ...(cause === undefined ? {} : { cause }),
    ...(state === undefined ? {} : { state }),
  }
}
