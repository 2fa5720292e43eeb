import type { Checked, LineRemark } from '../../core/policy/remark.ts'
import type { Kind, Program } from './program.ts'

export const YAMLLINT: Kind = {
  name: 'yamllint',
  versionArgs: ['--version'],
  versionIn: (said) => /^yamllint (\S+)/.exec(said)?.[1],
}

/** In the order in which yamllint looks for them. */
const SETTINGS = ['.yamllint', '.yamllint.yaml', '.yamllint.yml']

/** Lints files by the configuration among `settings`, or by yamllint's own relaxed one. */
export async function lint(
  program: Program,
  files: ReadonlyMap<string, string>,
  settings: ReadonlyMap<string, string>,
): Promise<Checked<LineRemark>> {
  const chosen = SETTINGS.find((path) => settings.has(path))
  const output = await program.run({
    // The settings last: the pull request's version of them does not count.
    files: new Map([...files, ...settings]),
    args: ['--format', 'parsable', ...(chosen === undefined ? ['-d', 'relaxed'] : ['-c', chosen]), '.'],
    codes: [0, 1],
  })
  if (output.ok) return { ok: true, remarks: remarksIn(output.stdout, files) }
  const { failure } = output
  const said = 'detail' in failure ? /^invalid config: (.*)$/m.exec(failure.detail)?.[1] : undefined
  if (chosen === undefined || said === undefined) return { ok: false, failure }
  const fault = { file: chosen, line: 1, code: 'said', text: said } as const
  return { ok: false, failure: { code: 'not-valid', faults: [fault] } }
}

/** `./a/b.yaml:3:7: [error] trailing spaces (trailing-spaces)`; what is said of other files (the settings) is left out. */
function remarksIn(stdout: string, files: ReadonlyMap<string, string>): readonly LineRemark[] {
  return stdout.split('\n').flatMap((line): LineRemark[] => {
    const parts = /^(?:\.\/)?(.+):(\d+):\d+: \[(error|warning)\] (.*)$/.exec(line)
    const [, file = '', number = '1', level, said = ''] = parts ?? []
    if (!files.has(file)) return []
    const [, text = said, rule = ''] = /^(.*) \(([\w-]+)\)$/.exec(said) ?? []
    return [{ level: level === 'warning' ? 'warning' : 'error', rule, text, file, line: Number(number) }]
  })
}
