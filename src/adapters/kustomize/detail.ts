import { dirname } from 'node:path'
import { redact } from '../../core/diff/redact.ts'

const MAX_LENGTH = 2000

export interface ToolOutput {
  readonly stderr: string
  /** The folder that contained the files. */
  readonly folder: string
  readonly files: ReadonlyMap<string, string>
}

/** The tool's error output for people, without paths of this machine, Secret values from the files, or log prefixes. */
export function detailOf({ stderr, folder, files }: ToolOutput): string {
  // The folder also has a sibling with files for values.
  // Every build repeats kustomize's warnings about deprecated fields. They would hide the error of this build.
  // Times and memory addresses differ from build to build, and nobody reads them.
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
 * Takes the message out of kustomize's `Error: …`, and of kubectl's log: `E1120 17:58:42.615785 6604 run.go:72] "command failed"
 * err="…"`. kubectl quotes the message as Go does. If it has several lines, kubectl indents them between `err=<` and ` >`.
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
