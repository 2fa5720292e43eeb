import { dirname } from 'node:path'
import { redact } from '../../core/diff/redact.ts'

const MAX_LENGTH = 2000

export interface ToolOutput {
  readonly stderr: string
  /** The folder that the files were in. */
  readonly folder: string
  readonly files: ReadonlyMap<string, string>
}

/** What the tool said, for people: no path of this machine, no Secret of the files, no log line around it. */
export function detailOf({ stderr, folder, files }: ToolOutput): string {
  // Beside the files of the repository are those that values were written to.
  // Every build repeats kustomize's warnings about deprecated fields. They would hide what is wrong in this one.
  // Times and addresses in memory differ from build to build, and nobody reads them.
  const said = stderr
    .replaceAll(/^# Warning: .*\n/gm, '')
    .replaceAll(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /gm, '')
    .replaceAll(/\b0x[0-9a-f]{8,}\b/g, '0x…')
  const words = unwrap(said.trim())
    .replaceAll(`${folder}/`, '')
    .replaceAll(folder, 'the top folder')
    .replaceAll(`${dirname(folder)}/`, '')
  const detail = redact(words, files)
  return detail.length <= MAX_LENGTH ? detail : `${detail.slice(0, MAX_LENGTH - 1)}…`
}

/**
 * kustomize says `Error: …`. kubectl logs: `E1120 17:58:42.615785 6604 run.go:72] "command failed" err="…"`, with the words
 * quoted as Go does, or, when they have several lines, indented between `err=<` and ` >`.
 */
function unwrap(stderr: string): string {
  const logged = /^E\d{4} [^\]]*\] "command failed" err=(.*)$/ms.exec(stderr)?.[1]
  if (logged === undefined) return stderr.replace(/^error: /i, '')
  if (logged.startsWith('<\n'))
    return logged
      .slice(2)
      .replace(/\n >\s*$/, '')
      .replaceAll(/^\t/gm, '')
  const quoted = /^"((?:[^"\\]|\\.)*)"/s.exec(logged)?.[1]
  return quoted === undefined
    ? logged
    : quoted
        .replaceAll('\\n', '\n')
        .replaceAll('\\t', ' ')
        .replaceAll(/\\(["\\])/g, '$1')
}
