/** What a review says about a change depends on what was so before: of each two changes, the review of the second after the first. */
import { test } from 'node:test'
import { assertPage } from '../../page.ts'
import { type Changes, REPOSITORIES } from './repositories.ts'
import { type Files, reviewLines } from '../reviewing.ts'

/** What the second line-up adds and lacks. */
function difference(alone: readonly string[], after: readonly string[]): readonly string[] {
  return [
    ...after.filter((line) => !alone.includes(line)).map((line) => `  - and: ${line}`),
    ...alone.filter((line) => !after.includes(line)).map((line) => `  - not: ${line}`),
  ]
}

/** The review of each change alone, and how it differs after another change, also of the change that takes that one back. */
async function pageOf(files: Files, changes: Changes): Promise<string> {
  const parts: string[] = []
  for (const [what, change] of Object.entries(changes)) {
    const alone = await reviewLines(files, change)
    const lines = [`### ${what}`, '', ...alone.map((line) => `- ${line}`)]
    for (const [earlier, first] of Object.entries(changes)) {
      const before = Object.fromEntries(Object.entries({ ...files, ...first }).filter(([, text]) => text !== undefined))
      const isSame = earlier === what
      const undone = Object.fromEntries(Object.keys(change).map((path) => [path, files[path]]))
      const after = await reviewLines(before as Files, isSame ? undone : change)
      const beside = isSame ? after.map((line) => `  - ${line}`) : difference(alone, after)
      if (beside.length > 0) lines.push(isSame ? '- taken back:' : `- after “${earlier}”:`, ...beside)
    }
    parts.push(`${lines.join('\n')}\n`)
  }
  return parts.join('\n')
}

test('the review of each change after each other change', async () => {
  const parts: string[] = []
  for (const [what, [files, changes]] of Object.entries(REPOSITORIES))
    parts.push(`## ${what}\n\n${await pageOf(files, changes)}`)
  assertPage(new URL('one-after-another.md', import.meta.url), parts.join('\n'))
})
