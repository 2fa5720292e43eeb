import { styleText } from 'node:util'
import type { CliCall, CliResult } from './cli-call.ts'

/** Colours a diff on stdout if the terminal shows colours. */
export function coloured({ terminal }: Pick<CliCall, 'terminal'>, result: CliResult): CliResult {
  return terminal.isColourful ? { ...result, out: result.out.split('\n').map(colouredLine).join('\n') } : result
}

function colouredLine(line: string): string {
  if (/^(?:---|\+\+\+) /.test(line) || line.startsWith('===')) return styled('bold', line)
  if (line.startsWith('+')) return styled('green', line)
  if (line.startsWith('-')) return styled('red', line)
  return line.startsWith('@@') ? styled('cyan', line) : line
}

/** Does not ask again whether there are colours, because that was decided when the terminal was opened. */
function styled(format: Parameters<typeof styleText>[0], text: string): string {
  return styleText(format, text, { validateStream: false })
}
