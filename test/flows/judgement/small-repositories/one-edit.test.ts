/** What `perch set 30` writes into a repository with one small change, and which config `perch init` proposes for it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { initCheckout } from '../../../../src/flows/checkout/init-checkout.ts'
import { setInCheckout } from '../../../../src/flows/checkout/checkout.ts'
import { WORK_TREE } from '../../../../src/ports/checkout.ts'
import { textVariants, variantLines } from '../../../core/pages/variants/variants.ts'
import { worktreeOf } from '../../../layouts/repository.ts'
import { memoryRenderer } from '../../../memory/renderer.ts'
import { assertPage } from '../../page.ts'
import { type Files } from '../reviewing.ts'
import { REPOSITORIES } from './repositories.ts'

type Texts = ReadonlyMap<string, string>

/** The new lines of each file, and which environments change; or why nothing is written. */
async function editOf(texts: Texts): Promise<readonly string[]> {
  const context = { worktree: worktreeOf(new Map(texts)), renderer: memoryRenderer() }
  const wish = { kind: 'share', percent: 30, service: undefined, environment: 'all' } as const
  const done = await setInCheckout(context, wish)
  if (!done.ok) return [`set: ${JSON.stringify(done.error)}`]
  const { target, from, files, proof } = done.value
  const written = [...files].flatMap(([file, { before, after }]) => {
    const old = new Set(before.split('\n'))
    const lines = after.split('\n').filter((line) => !old.has(line))
    return lines.map((line) => `set: ${file}: ${line}`)
  })
  return [...written, `set: from ${from} in ${target.environment}, ${JSON.stringify(proof)}`]
}

/** Which parts of the proposed config are in force, their lines, and what Perch could not tell. */
async function proposalOf(texts: Texts): Promise<readonly string[]> {
  const context = { worktree: worktreeOf(new Map(texts)), renderer: memoryRenderer() }
  const made = await initCheckout(context, { here: WORK_TREE, isDry: true })
  if (!made.ok) return [`init: ${JSON.stringify(made.error)}`]
  const lines = made.value.text.split('\n').filter((line) => /^(?:[^#]|# - )/.test(line))
  return [`init: ${JSON.stringify(made.value.written)}`, ...lines.map((line) => `init: ${line}`)]
}

async function pageOf(files: Files): Promise<string> {
  const texts: Texts = new Map(Object.entries(files))
  const variants = textVariants(texts, () => true)
  const lines = new Map<Texts, readonly string[]>()
  for (const some of [texts, ...variants.map(({ data }) => data)])
    lines.set(some, [...(await editOf(some)), ...(await proposalOf(some))])
  const read = (some: Texts): readonly string[] => lines.get(some) ?? assert.fail()
  return [...read(texts), '', ...variantLines(texts, variants, read)].join('\n')
}

for (const [what, [files]] of Object.entries(REPOSITORIES))
  test(`what is written into ${what} with one small change`, async () => {
    const page = `# ${what}\n\n${await pageOf(files)}\n`
    assertPage(new URL(`one-edit/${what.replaceAll(' ', '-')}.md`, import.meta.url), page)
  })
