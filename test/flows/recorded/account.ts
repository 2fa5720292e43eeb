/** Pages that record what Perch does in each test of a file, with one section for each test and one line for each item. */
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
  /** The log lines. */
  readonly logged: readonly string[]
}

let accounts: Account[] | undefined

/** Records a world of the current test, if the test's page is kept. It is written when the test ends. */
export function keepAccount(account: Account): void {
  accounts?.push(account)
}

interface Page {
  readonly place: URL
  /** The tests in the order of the file. */
  readonly names: string[]
  /** The sections by the names of their tests. */
  readonly sections: Map<string, string>
}

type RecordedTest = (name: string, work: () => void | Promise<void>) => void

/**
 * A `test` for a file whose worlds are compared with its page. `PERCH_WRITE_PAGES=1` writes the page again. `file`: the file's
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

/** The section of a world: counts, log lines, the final state on GitHub, and the memo. */
async function textOf({ state, ledger, memo, logged }: Account): Promise<string> {
  const named = commitNames()
  // A command with this reaction was seen. Its answer has its own line.
  const isSeen = (text: string): boolean => text.startsWith('👀')
  const things = [...seenOn(state)].filter(([, text]) => !isSeen(text))
  const seen = things.map(([name, text]) => lineOf(named(name), named(text)))
  const memory = memoryLines(await memo().entries(''))
  return [...ledger.take(), ...logged, ...seen, ...memory].map(named).join('\n')
}

const MAX_LENGTH = 120

/** An item in one line: its beginning, and a number that changes with the rest. */
function lineOf(name: string, text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !/^(?:labels|assignees): $/.test(line))
  const count = name.startsWith('#') ? 3 : name.startsWith('comment') ? 2 : 1
  const begins = lines.slice(0, count).join(' · ').slice(0, MAX_LENGTH)
  const sum = createHash('sha1').update(text).digest('hex').slice(0, 6)
  return lines.length <= count && begins.length < MAX_LENGTH ? `${name}: ${begins}` : `${name}: ${begins} … (${sum})`
}
