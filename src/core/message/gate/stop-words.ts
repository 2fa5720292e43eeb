import type { Stop } from '../../stop/stop.ts'
import { code, plainText } from '../markdown/markdown.ts'
import { time } from '../markdown/time.ts'

/** Who made a stop, until when, and why. Continues a sentence: `the environment is frozen by …`. */
export function stopWords({ by, reason, until }: Stop): string {
  const who = by === undefined ? '' : ` by ${code(by)}`
  const end = until === undefined ? '' : ` until ${time(until)}`
  return `${who}${end}: ${reason === undefined ? 'no reason was given' : plainText(reason)}.`
}
