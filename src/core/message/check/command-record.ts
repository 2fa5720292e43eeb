import type { PendingComment } from '../../command/pending.ts'
import { clip, MAX_TITLE } from '../../text/limits.ts'
import { code } from '../markdown/markdown.ts'

/** The record of a comment's commands, as GitHub shows it among the checks of the repository's first commit. */
export function recordWords(
  pull: number,
  { id, login, commands }: PendingComment,
): { readonly cause: string; readonly title: string; readonly summary: string } {
  const lines = commands.map(({ text }) => `- ${code(text)}`)
  return {
    cause: String(id),
    title: clip(`Commands of ${login} on #${pull}`, MAX_TITLE),
    summary: `Perch has carried out these commands of ${code(login)} on #${pull}:\n\n${lines.join('\n')}\n\nBecause of this record, Perch does not carry them out twice.`,
  }
}

/** The same for a button that somebody pressed. */
export function pressedWords(
  pull: number,
  { id, login, name }: { readonly id: string; readonly login: string; readonly name: string },
): ReturnType<typeof recordWords> {
  return {
    cause: id,
    title: clip(`A button that ${login} pressed on #${pull}`, MAX_TITLE),
    summary: `Perch has carried out the button ${code(name)} on #${pull}, which ${code(login)} pressed.\n\nBecause of this record, Perch does not carry it out twice.`,
  }
}
