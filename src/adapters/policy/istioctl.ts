import type { ToolResult, ObjectRemark } from '../../core/policy/remark.ts'
import type { Rendering } from '../../ports/validators.ts'
import { objectAt, objectFiles, OBJECTS } from './objects.ts'
import type { ProgramKind, Program } from './program.ts'
import { IstioMessages } from './schema.ts'
import { qualifiedTitle } from '../../core/manifest/identity.ts'

export const ISTIOCTL: ProgramKind = {
  name: 'istioctl',
  versionArgs: ['version', '--remote=false'],
  versionIn: (said) => /client version: (\S+)/.exec(said)?.[1],
}

/** What is said about the objects by themselves, without a cluster. */
export async function analyze(program: Program, { objects }: Rendering): Promise<ToolResult<ObjectRemark>> {
  const output = await program.run({
    files: objectFiles(objects),
    args: ['analyze', '--use-kube=false', '--all-namespaces', '--ignore-unknown', '--output', 'json', OBJECTS],
    // 79 where it found an error.
    codes: [0, 79],
  })
  if (!output.ok) return { ok: false, failure: output.failure }
  // Its log goes to stdout too, before the answer.
  const start = output.stdout.search(/^\[/m)
  const messages = IstioMessages.safeParse(start === -1 ? '' : output.stdout.slice(start))
  if (!messages.success) return { ok: false, failure: { code: 'failed', detail: output.stderr.trim().slice(0, 2_000) } }
  const said = messages.data.flatMap(({ code, level, message, origin, reference }): ObjectRemark[] => {
    const titled = objects.findIndex((object) => qualifiedTitle(object) === origin)
    const object = objectAt(reference) ?? titled
    return [{ level: level === 'Info' ? 'warning' : 'error', rule: code, text: message, object, path: [] }]
  })
  return { ok: true, remarks: [...said, ...unread(output.stderr)] }
}

/** An object that cannot be read is left out of the analysis, and said on stderr only. */
function unread(stderr: string): readonly ObjectRemark[] {
  const lines = stderr.matchAll(/^\s*\* error processing (\S+)\[\d+\]: (.*)$/gm)
  return [...lines].flatMap(([, file = '', text = '']): ObjectRemark[] => {
    const object = objectAt(file)
    return object === undefined ? [] : [{ level: 'error', rule: '', text, object, path: [] }]
  })
}
