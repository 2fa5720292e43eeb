/** What a review says about one small change, and about the change that takes it back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textVariants, variantLines } from '../../../core/pages/variants/variants.ts'
import { assertPage } from '../../page.ts'
import { REPOSITORIES } from './repositories.ts'
import { type Files, reviewLines } from '../reviewing.ts'

type Texts = ReadonlyMap<string, string>

/** The review of a change from some texts to others. */
function reviewOf(before: Texts, after: Texts): Promise<readonly string[]> {
  const paths = [...new Set([...before.keys(), ...after.keys()])]
  const changed = paths.filter((path) => before.get(path) !== after.get(path))
  return reviewLines(Object.fromEntries(before), Object.fromEntries(changed.map((path) => [path, after.get(path)])))
}

async function pageOf(files: Files): Promise<string> {
  const texts: Texts = new Map(Object.entries(files))
  const variants = textVariants(texts, () => true)
  const lines = new Map<Texts, readonly string[]>([[texts, []]])
  for (const { data } of variants) {
    const [there, back] = [await reviewOf(texts, data), await reviewOf(data, texts)]
    lines.set(data, [...there, ...back.map((line) => `back: ${line}`)])
  }
  return variantLines(texts, variants, (some) => lines.get(some) ?? assert.fail()).join('\n')
}

for (const [what, [files]] of Object.entries(REPOSITORIES))
  test(`the review of one small change in ${what}`, async () => {
    assertPage(
      new URL(`one-change/${what.replaceAll(' ', '-')}.md`, import.meta.url),
      `# ${what}\n\n${await pageOf(files)}\n`,
    )
  })
