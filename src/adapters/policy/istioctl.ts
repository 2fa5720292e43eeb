import type { ToolResult, ObjectRemark } from '../../core/policy/remark.ts'
import type { Rendering } from '../../ports/validators.ts'
import type { ProgramKind } from '../process-sandbox/installed.ts'
import { objectAt, objectFiles, OBJECTS } from './objects.ts'
import type { Program } from './program.ts'
import { IstioMessages } from './schema.ts'
import { qualifiedTitle } from '../../core/manifest/identity.ts'

export const ISTIOCTL: ProgramKind = {
  name: 'istioctl',
  versionArgs: ['version', '--remote=false'],
  versionIn: (said) => /client version: (\S+)/.exec(said)?.[1],
}

/** What istioctl says about the objects alone, without a cluster. */
export async function analyze(program: Program, { objects }: Rendering): Promise<ToolResult<ObjectRemark>> {
  const output = await program.run({
    files: objectFiles(objects),
    args: ['analyze', '--use-kube=false', '--all-namespaces', '--ignore-unknown', '--output', 'json', OBJECTS],
    // istioctl exits with 79 if it found an error.
    codes: [0, 79],
  })
  if (!output.ok) return { ok: false, failure: output.failure }
  // istioctl also writes its log to stdout, before the result.
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

/** istioctl leaves an object that it cannot read out of the analysis, and says so only on stderr. */
function unread(stderr: string): readonly ObjectRemark[] {
  const lines = stderr.matchAll(/^\s*\* error processing (\S+)\[\d+\]: (.*)$/gm)
  return [...lines].flatMap(([, file = '', text = '']): ObjectRemark[] => {
    const object = objectAt(file)
    return object === undefined ? [] : [{ level: 'error', rule: '', text, object, path: [] }]
  })
}
