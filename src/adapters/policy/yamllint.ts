import { missingSettings, withoutDirectives } from '../../core/policy/lint.ts'
import type { ToolResult, Failure, Fault, LineRemark } from '../../core/policy/remark.ts'
import type { ProgramKind } from '../process-sandbox/installed.ts'
import type { Program } from './program.ts'

export const YAMLLINT: ProgramKind = {
  name: 'yamllint',
  versionArgs: ['--version'],
  versionIn: (said) => /^yamllint (\S+)/.exec(said)?.[1],
}

/** In the order in which yamllint looks for them. */
const SETTINGS = ['.yamllint', '.yamllint.yaml', '.yamllint.yml']

/** Lints files with the configuration in `settings`, or with yamllint's own `relaxed` configuration. */
export async function lint(
  program: Program,
  files: ReadonlyMap<string, string>,
  settings: ReadonlyMap<string, string>,
): Promise<ToolResult<LineRemark>> {
  const chosen = SETTINGS.find((path) => settings.has(path))
  const own = new Map([...settings].filter(([path]) => path === chosen || !SETTINGS.includes(path)))
  const [missing] = missingSettings(own)
  if (missing !== undefined) return notValid({ file: missing.file, code: 'not-in-base', text: missing.path })
  const texts = [...files].map(([path, text]) => [path, withoutDirectives(text)] as const)
  const output = await program.run({
    // The settings come last, so that they replace the pull request's version of the same files.
    files: new Map([...texts, ...own]),
    args: ['--format', 'parsable', ...(chosen === undefined ? ['-d', 'relaxed'] : ['-c', chosen]), '.'],
    codes: [0, 1],
  })
  if (output.ok && !isCrash(output)) return { ok: true, remarks: remarksIn(output.stdout, files) }
  const failure: Failure = output.ok ? { code: 'failed', detail: lastLine(output.stderr) } : output.failure
  const said = 'detail' in failure ? /^invalid config: (.*)$/m.exec(failure.detail)?.[1] : undefined
  if (chosen === undefined || said === undefined) return { ok: false, failure }
  return notValid({ file: chosen, code: 'said', text: said })
}

function notValid(fault: Omit<Fault, 'line'>): { readonly ok: false; readonly failure: Failure } {
  return { ok: false, failure: { code: 'not-valid', faults: [{ ...fault, line: 1 }] } }
}

/**
 * Python exits with 1 if it crashes, and yamllint if it found an error. But yamllint then reports an error, and prints nothing on
 * stderr.
 */
function isCrash({
  code,
  stdout,
  stderr,
}: {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}) {
  return /^Traceback \(most recent call last\)/m.test(stderr) || (code === 1 && !stdout.includes(' [error] '))
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}

/** Parses `./a/b.yaml:3:7: [error] trailing spaces (trailing-spaces)`. Remarks about other files (the settings) are left out. */
function remarksIn(stdout: string, files: ReadonlyMap<string, string>): readonly LineRemark[] {
  return stdout.split('\n').flatMap((line): LineRemark[] => {
    const parts = /^(?:\.\/)?(.+):(\d+):\d+: \[(error|warning)\] (.*)$/.exec(line)
    const [, file = '', number = '1', level, said = ''] = parts ?? []
    if (!files.has(file)) return []
    const [, text = said, rule = ''] = /^(.*) \(([\w-]+)\)$/.exec(said) ?? []
    return [{ level: level === 'warning' ? 'warning' : 'error', rule, text, file, line: Number(number) }]
  })
}
