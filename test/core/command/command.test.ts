import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isButton } from '../../../src/core/command/buttons.ts'
import { COMMAND_NAMES, COMMANDS, readCommand, usageOf } from '../../../src/core/command/commands.ts'
import { parseCommands } from '../../../src/core/command/parse.ts'
import { pendingComments } from '../../../src/core/command/pending.ts'
import { answer } from '../../../src/core/message/comment/answer.ts'

const none = { service: undefined, environment: undefined, sha: undefined }

function only(body: string): unknown {
  const lines = parseCommands(body)
  assert.equal(lines.length, 1, `${body}: ${JSON.stringify(lines)}`)
  const result = lines[0]?.result
  return result?.ok === true ? result.command : result?.problem
}

test('every way to write a command that is one', () => {
  assert.deepEqual(only('/canary 25'), { name: 'set', percent: 25, ...none })
  assert.deepEqual(only('/Canary 25%'), { name: 'set', percent: 25, ...none })
  assert.deepEqual(only('Ship it\r\n\r\n/canary 0.5 api-service --env production\r\n'), {
    name: 'set',
    percent: 0.5,
    service: 'api-service',
    environment: 'production',
    sha: undefined,
  })
  assert.deepEqual(only('/canary 5 --env=eu/production @abc1234'), {
    name: 'set',
    percent: 5,
    service: undefined,
    environment: 'eu/production',
    sha: 'abc1234',
  })
  assert.deepEqual(only('/canary next web'), { name: 'next', ...none, service: 'web' })
  assert.deepEqual(only('/canary abort errors in eu'), { name: 'abort', reason: 'errors in eu' })
  assert.deepEqual(only('/canary status'), { name: 'status' })
  assert.deepEqual(only('/canary plan'), { name: 'plan', steps: undefined, ...none })
  for (const steps of ['5,25,100', '[5,25,100]', '[5, 25, 100]', '5% 25% 100%'])
    assert.deepEqual(only(`/canary plan ${steps}`), { name: 'plan', steps: [5, 25, 100], ...none })
  assert.deepEqual(only('/canary plan 0.5,100 web --env production'), {
    name: 'plan',
    steps: [0.5, 100],
    service: 'web',
    environment: 'production',
    sha: undefined,
  })
  assert.deepEqual(only('/canary plan web2'), { name: 'plan', steps: undefined, ...none, service: 'web2' })
  for (const plan of ['[50,25]', '5,5', '0,5', '5,,25', '[5', '5,101', '5.']) {
    assert.deepEqual(only(`/canary plan ${plan}`), { code: 'bad-plan', word: plan })
  }
  assert.deepEqual(only('/canary'), { name: 'help' })
})

test('a byte order mark, which some editors write before a text, does not hide a command', () => {
  for (const body of [
    '\uFEFF/canary 25',
    '\uFEFFShip it\n\n/canary 25',
    'Ship it\n\n\uFEFF/canary 25',
    '/canary 25\uFEFF',
  ])
    assert.deepEqual(only(body), { name: 'set', percent: 25, ...none }, JSON.stringify(body))
})

test('a line of dashes below a command, as before a signature, does not hide it', () => {
  for (const body of [
    '/canary 25\n---\nThanks!',
    '/canary 25\n-- \nAlice',
    'Ship it\n/canary 25\n===',
    '/canary 25\n-',
  ])
    assert.deepEqual(only(body), { name: 'set', percent: 25, ...none }, JSON.stringify(body))
})

test('two commands in one comment are two commands', () => {
  assert.deepEqual(
    parseCommands('/canary 5\n/canary status').map(({ text }) => text),
    ['/canary 5', '/canary status'],
  )
})

test('what is quoted, code, HTML, a list, a heading or another slash is not a command', () => {
  for (const body of [
    '> /canary 100',
    '```\n/canary 100\n```',
    '    /canary 100',
    '`\n/canary 100\n`',
    '<!-- /canary 100 -->',
    '<!--\n/canary 100\n-->',
    '- /canary 100',
    '# /canary 100',
    '∕canary 100',
    '／canary 100',
    '\u200B/canary 100',
    'please /canary 100',
    '/canary-like things',
    '/assign me',
    '/rebase',
    '[/canary 100](https://example.com)',
  ]) {
    assert.deepEqual(parseCommands(body), [], body)
  }
})

test('a percentage is written in digits from 0 to 100, and not in other notations of numbers', () => {
  for (const word of ['101', '+10', '-5', '1e1', '٢٥', '0x10', '25%%', '5.123', '.5', '1000', '25,5']) {
    assert.deepEqual(only(`/canary ${word}`), { code: 'bad-percent', word }, word)
  }
})

test('for a similar word Perch asks once, and other words are ignored', () => {
  assert.deepEqual(only('/canray 25'), { code: 'unknown-command', word: '/canray', meant: '/canary 25' })
  assert.deepEqual(only('/canary statsu'), { code: 'unknown-command', word: 'statsu', meant: '/canary status' })
  assert.deepEqual(only('/canary dance'), { code: 'unknown-command', word: 'dance', meant: undefined })
  // `help` is two letters away, too.
  assert.deepEqual(only('/canary hol'), { code: 'unknown-command', word: 'hol', meant: '/canary hold' })
  assert.deepEqual(only('/freze production'), {
    code: 'unknown-command',
    word: '/freze',
    meant: '/freeze production',
  })
})

test('each command of the table begins in its own way, and a line of that alone is the command or lacks its arguments', () => {
  const starts = COMMAND_NAMES.map((name) => COMMANDS[name].start)
  assert.equal(new Set(starts).size, starts.length)
  const alone = COMMAND_NAMES.filter((name) => name !== 'set').map((name) => {
    const found = only(COMMANDS[name].start)
    return typeof found === 'object' && found !== null && 'name' in found ? found.name : found
  })
  assert.deepEqual(
    alone,
    COMMAND_NAMES.filter((name) => name !== 'set'),
  )
  for (const name of COMMAND_NAMES) assert.ok(usageOf(name).startsWith(COMMANDS[name].start))
})

test('commands that stop or lower traffic are never gated, and a button needs no argument', () => {
  assert.deepEqual(
    COMMAND_NAMES.filter((name) => 'isNeverGated' in COMMANDS[name]),
    ['hold', 'abort', 'freeze'],
  )
  for (const name of COMMAND_NAMES.filter(isButton)) assert.ok(readCommand(name, []).ok, name)
})

test('extra words are refused, not guessed at', () => {
  assert.deepEqual(only('/canary 25 web now'), { code: 'bad-argument', word: 'now', name: 'set' })
  assert.deepEqual(only('/canary 25 $(id)'), { code: 'bad-argument', word: '$(id)', name: 'set' })
  assert.deepEqual(only('/canary 25 --env'), { code: 'missing-value', word: '--env', name: 'set' })
})

test('a command after a long comment is carried out, or answered: it is never lost', () => {
  const log = '2026-11-26T10:00:00Z level=info msg="a line of a log"\n'.repeat(1_000)
  for (const before of [
    `${log}\n`,
    `\`\`\`\n${log}\`\`\`\n`,
    '- a list\n\n  > with a quote\n\n',
    '😀'.repeat(60_000) + '\n\n',
  ])
    assert.deepEqual(only(`${before}/canary 5`), { name: 'set', percent: 5, ...none })
  // Lines that separate paragraphs look like nested lists, and cost nothing.
  const row = (sign: string): string => `${sign} `.repeat(10)
  for (const line of [row('-'), row('*'), row('_'), `  ${row('-')}`, row('-').trim(), '-----------', '*****'])
    assert.deepEqual(only(`a\n\n${line}\n\n/canary 5`), { name: 'set', percent: 5, ...none }, line)
  // Text after the command is not read at all.
  assert.deepEqual(only(`/canary 5\n\n${'> '.repeat(10_000)}a`), { name: 'set', percent: 5, ...none })
  const costly = {
    'too many lines': 'a\n'.repeat(3_000),
    'nested quotes': `${'> '.repeat(9)}a\n`,
    'nested lists': `${'- '.repeat(9)}a\n`,
    'nested lists after spaces': `${'  - '.repeat(9)}a\n`,
    'nested lists in a quote': `> ${'- '.repeat(9)}\n`,
    'a ladder of lists': Array.from({ length: 17 }, (_, depth) => `${'  '.repeat(depth)}- a\n`).join(''),
    'a ladder of quotes': `${'> '.repeat(8)}a\n ${'> '.repeat(8)}a\n${' '.repeat(16)}> a\n`,
    'many list items': '- a\n'.repeat(1_001),
    'too many characters': `${'a'.repeat(140_000)}\n`,
    'emphasis without end': '*a**b '.repeat(300),
  }
  for (const [what, before] of Object.entries(costly))
    assert.deepEqual(only(`${before}\n/canary 5`), { code: 'too-complex', word: '/canary 5' }, what)
  // Without a command there is nothing to report.
  for (const before of Object.values(costly)) assert.deepEqual(parseCommands(before), [])
})

test('more commands than anybody means are refused as one', () => {
  assert.equal(parseCommands('/canary status\n'.repeat(20)).length, 20)
  assert.deepEqual(only('/canary status\n'.repeat(21)), { code: 'too-many', most: 20 })
})

test('code before a command, in the same paragraph, does not hide it', () => {
  for (const before of ['`a b c`\n   ', 'a\nb `c d e f`\n', 'a `b\nc` d\n  '])
    assert.deepEqual(only(`${before}/canary 5`), { name: 'set', percent: 5, ...none }, before)
})

test('a paragraph that looks like another block is still a paragraph', () => {
  // After a definition, `2)` begins no list, so the following text is not an item.
  assert.deepEqual(only('[x]: y\n2) a\n/canary 5'), { name: 'set', percent: 5, ...none })
  assert.deepEqual(only('===\n/canary 5'), { name: 'set', percent: 5, ...none })
})

test('no comment makes the parser throw', () => {
  fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => Array.isArray(parseCommands(`/canary ${text}`))))
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => Array.isArray(parseCommands(text))))
})

test('a comment waits for an answer until it has one; edited, old and bots’ comments never do', () => {
  const comment = (id: number, over: object): Parameters<typeof pendingComments>[0][number] => ({
    id,
    author: { login: 'alice', isBot: false },
    body: '/canary 5',
    createdAt: 1000,
    isEdited: false,
    isOurs: false,
    ...over,
  })
  const comments = [
    comment(1, {}),
    comment(2, { isEdited: true }),
    comment(3, { author: { login: 'other[bot]', isBot: true } }),
    comment(4, { createdAt: -25 * 3_600_000 }),
    comment(5, {}),
    comment(6, { body: answer(1, 'alice', []), isOurs: true, author: { login: 'perch[bot]', isBot: true } }),
    comment(7, { body: '<!-- perch:answer:5 -->' }),
    comment(8, { createdAt: -27 * 3_600_000 }),
    // Its answer was deleted.
    comment(9, {}),
    // The previous App answered it.
    comment(10, {}),
    comment(11, { body: answer(10, 'alice', []), author: { login: 'perch-before[bot]', isBot: true } }),
    // No App can have answered a comment before it existed.
    comment(12, { createdAt: 1500 }),
    comment(13, { body: answer(12, 'alice', []), author: { login: 'other[bot]', isBot: true } }),
  ]
  assert.deepEqual(
    pendingComments(comments, 2000, new Set([9])).map(({ id, isLate }) => [id, isLate]),
    [
      [4, true],
      [5, false],
      [12, false],
    ],
  )
})

test('a freeze says for which environment, until when and why, in any order behind the environment', () => {
  const HOUR = 3_600_000
  const table: [string, unknown, string | undefined][] = [
    ['', undefined, undefined],
    [' the shop sells out', undefined, 'the shop sells out'],
    [' --until 2h', { afterMs: 2 * HOUR }, undefined],
    [' --until 2h the shop sells out', { afterMs: 2 * HOUR }, 'the shop sells out'],
    [' --until=2h the shop sells out', { afterMs: 2 * HOUR }, 'the shop sells out'],
    [' the shop --until 2h sells out', { afterMs: 2 * HOUR }, 'the shop sells out'],
    [' the shop sells out --until=2h', { afterMs: 2 * HOUR }, 'the shop sells out'],
    [' --until 2026-11-30', { at: Date.UTC(2026, 10, 30) }, undefined],
    [' --until 2026-11-30T09:30 quiet', { at: Date.UTC(2026, 10, 30, 9, 30) }, 'quiet'],
    [' --until 2026-11-30T09:30:00Z', { at: Date.UTC(2026, 10, 30, 9, 30) }, undefined],
    [' --until 2026-11-30T09:30+02:00', { at: Date.UTC(2026, 10, 30, 7, 30) }, undefined],
  ]
  for (const [words, until, reason] of table)
    assert.deepEqual(only(`/freeze eu/production${words}`), {
      name: 'freeze',
      environment: 'eu/production',
      until,
      reason,
    })
  for (const time of [
    'soon',
    '2026-13-01',
    '2026-02-30',
    '2026-02-29T18:00Z',
    '2026-11-30T25:00',
    '2h30',
    '30.11.2026',
  ])
    assert.deepEqual(only(`/freeze production --until ${time}`), { code: 'bad-time', word: time })
})

test('a freeze without an environment or a time is refused, and so is more than an environment behind /unfreeze', () => {
  const missing = (word: string, name: string): unknown => ({ code: 'missing-value', word, name })
  assert.deepEqual(only('/freeze'), missing('/freeze', 'freeze'))
  assert.deepEqual(only('/freeze --until 2h'), missing('/freeze', 'freeze'))
  assert.deepEqual(only('/freeze production --until'), missing('--until', 'freeze'))
  assert.deepEqual(only('/unfreeze'), missing('/unfreeze', 'unfreeze'))
  assert.deepEqual(only('/unfreeze --now'), missing('/unfreeze', 'unfreeze'))
  assert.deepEqual(only('/unfreeze production'), { name: 'unfreeze', environment: 'production' })
  assert.deepEqual(only('/unfreeze production now'), { code: 'bad-argument', word: 'now', name: 'unfreeze' })
})
