import { spawnSync } from 'node:child_process'

const found = spawnSync('promtool', ['--version'], { encoding: 'utf8' })

/** Why tests that need promtool cannot run here. False if they can. */
export const withoutPromtool = found.error === undefined ? false : 'promtool is not installed'

/** Runs promtool. Returns its output, and whether it succeeded. */
export function promtool(args: readonly string[], input = ''): { readonly ok: boolean; readonly words: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' })
  return { ok: status === 0, words: `${stdout}${stderr}`.trim() }
}
