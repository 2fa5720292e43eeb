/**
 * What a tutorial tells a reader to do: files to write, changes for the next pull request, and lines of conversation, in order.
 */

export type TutorialStep =
  | { readonly kind: 'file'; readonly path: string; readonly text: string }
  | { readonly kind: 'change'; readonly path: string; readonly lines: readonly string[] }
  | { readonly kind: 'opens'; readonly who: string; readonly pull: number; readonly title: string }
  | { readonly kind: 'command'; readonly who: string; readonly pull: number; readonly text: string }
  | {
      readonly kind: 'does'
      readonly who: string
      readonly pull: number
      readonly what: 'merges' | 'approves' | 'closes'
    }
  | { readonly kind: 'check'; readonly pull: number; readonly name: string; readonly conclusion: string }
  | { readonly kind: 'says'; readonly pull: number; readonly text: string }
  | { readonly kind: 'reports'; readonly who: string; readonly context: string }
  | { readonly kind: 'pass'; readonly ms: number }

/** Throws at the first fence or line that it does not understand, so that no part of a page is skipped. */
export function readTutorial(page: string): readonly TutorialStep[] {
  const fences = page.matchAll(/(?:^`([^`\n]+)`\n\n)?^```(\w*)\n([\s\S]*?)^```$/gm)
  return [...fences].flatMap(([, path, language, body = '']) => readFence({ path, language, body }))
}

function readFence(fence: {
  path: string | undefined
  language: string | undefined
  body: string
}): readonly TutorialStep[] {
  const { path, language, body } = fence
  if (language === 'text') return body.split('\n').filter(Boolean).map(readLine)
  if (path === undefined) throw new Error(`A fence needs the path of its file above it:\n${body}`)
  if (language === 'diff') return [{ kind: 'change', path, lines: body.replace(/\n$/, '').split('\n') }]
  return [{ kind: 'file', path, text: body }]
}

function readLine(line: string): TutorialStep {
  const passed = /^ +(\d+) minutes pass$/.exec(line)
  if (passed !== null) return { kind: 'pass', ms: Number(passed[1]) * 60_000 }
  const reported = /^(\w+) +reports (\S+)$/.exec(line)
  if (reported !== null) return { kind: 'reports', who: reported[1] ?? '', context: reported[2] ?? '' }
  const [, who = '', number, words = ''] = /^(\w+) +#(\d+) +(.+)$/.exec(line) ?? []
  if (words === '') throw new Error(`Not a line of a conversation: ${line}`)
  return said(who, Number(number), words)
}

function said(who: string, pull: number, words: string): TutorialStep {
  const title = /^opens "(.+)"$/.exec(words)?.[1]
  if (title !== undefined) return { kind: 'opens', who, pull, title }
  if (words.startsWith('/')) return { kind: 'command', who, pull, text: words }
  if (words === 'merges' || words === 'approves' || words === 'closes') return { kind: 'does', who, pull, what: words }
  const check = /^(canary\/\w+) is (\w+)$/.exec(words)
  if (check !== null) return { kind: 'check', pull, name: check[1] ?? '', conclusion: check[2] ?? '' }
  if (who === 'perch') return { kind: 'says', pull, text: words }
  throw new Error(`Nobody knows what ${who} does: ${words}`)
}

/**
 * Applies a change in the form of a hunk without numbers. Its context and removed lines must appear exactly once. A new file gets
 * all lines.
 */
export function changed(text: string, lines: readonly string[]): string {
  const before = lines.filter((line) => !line.startsWith('+')).map((line) => line.slice(1))
  const after = lines.filter((line) => !line.startsWith('-')).map((line) => line.slice(1))
  if (text === '') return `${after.join('\n')}\n`
  const [head, tail, ...more] = text.split(`${before.join('\n')}\n`)
  if (head === undefined || tail === undefined || more.length > 0) {
    throw new Error(
      `The file has these lines ${tail === undefined ? 'nowhere' : 'several times'}:\n${before.join('\n')}`,
    )
  }
  return `${head}${after.join('\n')}\n${tail}`
}
