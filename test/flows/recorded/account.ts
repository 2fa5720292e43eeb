/** Pages that keep what Perch does in each test of a file: one section for each test, one line for each thing. */
import { createHash } from 'node:crypto'
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { commitNames, seenOn } from '../conversations/transcript.ts'
import type { GitHubState } from '../../memory/github/github.ts'
import type { Memo } from '../../../src/ports/memo.ts'
import { type Ledger, memoryLines } from './ledger.ts'

interface Account {
  readonly state: GitHubState
  readonly ledger: Ledger
  readonly memo: () => Memo
  /** What was logged. */
  readonly logged: readonly string[]
}

let accounts: Account[] | undefined

/** What is made in a test whose page is kept, is written down when the test ends. */
export function keepAccount(account: Account): void {
  accounts?.push(account)
}

interface Page {
  readonly place: URL
  /** In the order of the file. */
  readonly names: string[]
  /** By the test's name. */
  readonly sections: Map<string, string>
}

type RecordedTest = (name: string, work: () => void | Promise<void>) => void

/**
 * A `test` for a file whose worlds are compared with its page: `PERCH_WRITE_PAGES=1` writes that anew. `file` is the file's
 * `import.meta.url`.
 */
export function recordedIn(file: string): RecordedTest {
  const [, path = ''] = fileURLToPath(file).split('/test/flows/')
  const name = path.replace(/\.test\.ts.*$/, '').replaceAll('/', '-')
  const place = new URL(`pages/${name}.md`, import.meta.url)
  const page: Page = { place, names: [], sections: sectionsOf(place) }
  return (title, work) => {
    page.names.push(title)
    test(title, async () => {
      const made: Account[] = []
      accounts = made
      try {
        await work()
      } finally {
        accounts = undefined
      }
      const texts = await Promise.all(made.map(textOf))
      compare(page, title, texts.join('\n\n'))
    })
  }
}

function sectionsOf(place: URL): Map<string, string> {
  const kept = existsSync(place) ? readFileSync(place, 'utf8') : ''
  const sections = kept.split(/^## /m).slice(1)
  return new Map(
    sections.map((section): [string, string] => {
      const end = section.indexOf('\n')
      return [section.slice(0, end), section.slice(end).trim()]
    }),
  )
}

function compare({ place, names, sections }: Page, title: string, now: string): void {
  if (process.env['PERCH_WRITE_PAGES'] === '1') {
    sections.set(title, now)
    const written = names.filter((name) => (sections.get(name) ?? '') !== '')
    writeFileSync(place, written.map((name) => `## ${name}\n\n${sections.get(name)}\n`).join('\n'))
  }
  assert.deepEqual(
    now.split('\n'),
    (sections.get(title) ?? '').split('\n'),
    `${place.pathname.split('/').at(-1)}: ${title}`,
  )
}

/** What a world came to: what was counted, what was logged, what is seen on GitHub at the end, and what is remembered. */
async function textOf({ state, ledger, memo, logged }: Account): Promise<string> {
  const named = commitNames()
  // A command that was seen: its answer is a line of its own.
  const isSeen = (text: string): boolean => text.startsWith('👀')
  const things = [...seenOn(state)].filter(([, text]) => !isSeen(text))
  const seen = things.map(([name, text]) => lineOf(named(name), named(text)))
  const memory = memoryLines(await memo().entries(''))
  return [...ledger.take(), ...logged, ...seen, ...memory].map(named).join('\n')
}

const MAX_LENGTH = 120

/** A thing in one line: how it begins, and a number that changes with the rest. */
function lineOf(name: string, text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !/^(?:labels|assignees): $/.test(line))
  const count = name.startsWith('#') ? 3 : name.startsWith('comment') ? 2 : 1
  const begins = lines.slice(0, count).join(' · ').slice(0, MAX_LENGTH)
  const sum = createHash('sha1').update(text).digest('hex').slice(0, 6)
  return lines.length <= count && begins.length < MAX_LENGTH ? `${name}: ${begins}` : `${name}: ${begins} … (${sum})`
}
