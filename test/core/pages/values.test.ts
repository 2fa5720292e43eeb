/** The results of small functions for texts and numbers at the edges of their cases. */
import { test } from 'node:test'
import { windowEnd, windowStart } from '../../../src/core/stop/window.ts'
import { breachOf } from '../../../src/core/analysis/bars.ts'
import { differs, proves } from '../../../src/core/analysis/observed-share.ts'
import { countedRangesOf, numbersOf, promDuration, rangesOf, windowOf } from '../../../src/core/analysis/window.ts'
import { isNamed } from '../../../src/core/config/deployed.ts'
import { formatDuration } from '../../../src/core/config/duration.ts'
import { directoryOptions, takesFile } from '../../../src/core/delivery/directory.ts'
import { rounded } from '../../../src/core/message/gate/analysis-reason.ts'
import { bounded } from '../../../src/core/message/markdown/bounded.ts'
import { driversWords } from '../../../src/core/message/markdown/drivers.ts'
import {
  code,
  htmlText,
  linkedWords,
  list,
  percent,
  plainText,
  table,
} from '../../../src/core/message/markdown/markdown.ts'
import { plainWords } from '../../../src/core/message/markdown/plain-words.ts'
import { planPicture } from '../../../src/core/message/markdown/plan-picture.ts'
import { sparkline } from '../../../src/core/message/markdown/sparkline.ts'
import { calm, oneLine, seen, terminalText, titleText } from '../../../src/core/text/inert.ts'
import { clip, fitLines } from '../../../src/core/text/limits.ts'
import { matcher } from '../../../src/core/text/matcher.ts'
import { pathPattern } from '../../../src/core/text/path-pattern.ts'
import { webUrl } from '../../../src/core/text/web-url.ts'
import { assertPage, made } from './page.ts'

const NUMBERS = [
  0, 5e-4, 99e-5, 0.001, 0.0123456, 0.99996, 0.5, 1, 1.005, 12.345, 98.9996, 98.99996, 98.9999996, 99.5, 99.999,
  99.99999, 100, 100.04, 100.06, 100.00001, 999.96, 999.999, 1e3, 1000.4, 1000.6, 999999999, 1e9, 15e11, -5e-4, -5.5,
]

const TEXTS = [
  'plain',
  'two words',
  'a-b',
  'a',
  'A b-c',
  'a  b',
  ' a',
  'a ',
  '',
  'ä',
  'a1',
  'v1.2.3',
  'a/b:c@d,e=f+g',
  '-a',
  '=a',
  '@alice',
  '#12',
  'GH-7',
  'xGH-7',
  'gh-7',
  'GH-x',
  'www.example.com',
  'awww.x',
  'www',
  'https://x',
  '10:30:05',
  ':smile:',
  ':a',
  ':a-b+c',
  'a: b',
  'x:+1:',
  'x:1',
  ':-',
  'end:',
  'abcdef1',
  'abcdef',
  '0123456789abcdef',
  'a1'.repeat(20),
  `${'a1'.repeat(20)}b`,
  'xabcdef1',
  'abcdef1_',
  'ABCDEF12',
  '<!-- perch:x -->',
  '<!--perch:x',
  '<!-- other',
  '<!--  PERCH:x',
  '`a`',
  'a|b',
  'a\\|b',
  'a\\',
  'a&',
  'a<',
  'a!',
  'a\\&',
  '*a*',
  '$a$',
  'a$',
  '$',
  '$$',
  '"q"',
  'a\nb',
  'a	b',
  'a​b',
  'a‮b',
  '👩‍🚀',
  '⚠️',
  'a️',
  'a‍b',
  '\ud800x',
  '\0',
  '::error::x',
  ' ::x',
  'a ::x',
  ':x',
  '##[error]x',
  '##vso[x',
  '##teamcity[x',
  '##x',
  'section_start:1',
  'section_end:1',
  'section_x:1',
]

test('the results for texts are on a page that somebody has approved', () => {
  assertPage('values-text.md', {
    calm: made(TEXTS, calm),
    seen: made(TEXTS, seen),
    oneLine: made([...TEXTS, 'x'.repeat(2001), ' a  b '], (text) => oneLine(text).slice(-20)),
    titleText: made([...TEXTS, 'x'.repeat(201)], (text) => titleText(text)),
    'titleText of 5': made(['abcde', 'abcdef', 'abcd👩', '@abcde'], (text) => titleText(text, 5)),
    terminalText: made(TEXTS, terminalText),
    plainText: made(TEXTS, plainText),
    htmlText: made([...TEXTS, 'a>b'], htmlText),
    code: made([...TEXTS, 'x'.repeat(199), 'x'.repeat(200), '_a', '*a'], code),
    linkedWords: made(['https://x/a b(c)|`<>$\\', 'https://x/?a=1&b=2', undefined], (url) => linkedWords('words', url)),
    list: made([0, 1, 2, 20, 21, 25], (count) => list(Array.from({ length: count }, (_, index) => `n${index}`))),
    table: made([['a|b', 'a\\|b', 'a\\\\|b', '`a|b`', 'a\n\nb']], (cells) => table(cells, [cells])),
    plainWords: made(
      [
        'a `b` **c** [d](https://x)',
        'a\n\nb',
        'a:\n- b\n- c',
        '> q\n\na',
        '<span>$</span>x',
        '<b>x</b>',
        'a\n- b\n\n  c',
        '```\ncode\n```',
      ],
      plainWords,
    ),
    driversWords: made(
      [
        [],
        ['alice'],
        ['alice', 'bob'],
        ['a_b-1'],
        ['-a'],
        ['_a'],
        ['@a'],
        ['x a'],
        ['a b'],
        ['A9'],
        ['a'.repeat(100)],
        ['a'.repeat(101)],
        ['a.b'],
      ],
      driversWords,
    ),
    clip: made(['ab', 'abc', 'abcd', 'a👩b', 'ab👩'], (text) => clip(text, 3)),
    fitLines: made([0, 10, 11, 12, 13, 14, 15, 16, 30], (room) =>
      fitLines(['abc', 'de', 'fghij', 'ü'], room, (left) => `+${left}`),
    ),
    bounded: made(
      [
        'a\n'.repeat(200),
        '```diff\na\n'.concat('b\n'.repeat(200)),
        '```\na\n```\n'.concat('b\n'.repeat(200)),
        '````\n```\n'.concat('b\n'.repeat(200)),
        '<details>\n'.concat('b\n'.repeat(200)),
        '<details>\n</details>\n'.concat('b\n'.repeat(200)),
        '<details>\n</details>\n<details><summary>x</summary>\n'.concat('b\n'.repeat(200)),
        '<details>\n<details>\n</details>\n'.concat('b\n'.repeat(200)),
        'a\n'.repeat(160),
      ].map((text) => text.replace(/\n$/, '')),
      (text) => bounded(text, 340),
    ).map((line) => line.replaceAll(/(?:[ab]\\n){5,}/g, '…\\n')),
    webUrl: made(
      [
        undefined,
        null,
        '',
        'x',
        'https://a',
        'http://a/b?c#d',
        'ftp://a',
        'javascript:x',
        'https://u@a',
        'https://:p@a',
        `https://a/${'x'.repeat(990)}`,
        `https://a/${'x'.repeat(991)}`,
      ],
      (text) => webUrl(text)?.slice(0, 30),
    ),
  })
})

test('the results for numbers are on a page that somebody has approved', () => {
  const picture = { plan: [5, 25, 100], now: 5, next: 25 }
  assertPage('values-number.md', {
    rounded: made(NUMBERS, rounded),
    percent: made(NUMBERS, percent),
    sparkline: made(
      [
        [],
        [1],
        [1, 1],
        [1, 2],
        [0, 1, 2, 3, 4, 5, 6, 7],
        [3, -1, 0.5],
        Array.from({ length: 80 }, (_, index) => (index === 40 ? 0 : index % 2 === 0 ? 10 : index < 60 ? 12 : 6)),
        ...[40, 41, 80, 100].map((length) => Array.from({ length }, (_, index) => (index === 37 ? 50 : index % 3))),
      ],
      sparkline,
    ),
    planPicture: made(
      [
        picture,
        { ...picture, next: undefined },
        { ...picture, now: 0, next: 5 },
        { ...picture, now: 7 },
        { ...picture, now: 100 },
        { ...picture, plan: [] },
      ],
      planPicture,
    ),
    formatDuration: made(
      [-1, 0, 1, 1000, 1001, 59_000, 59_001, 60_000, 60_001, 3_540_000, 3_540_001, 3_600_000, 5_400_000, 90_000_000],
      formatDuration,
    ),
    'observed shares that differ from 5%, by chance or more': [100, 400, 1000, 10_000].flatMap((requests) =>
      [0, 2, 4, 6, 8, 12, 50].map((share) => {
        const seen = { code: 'seen', share, requests, windowMs: 60_000 } as const
        const said = [differs(seen, 5, 0), differs(seen, 5, 2), proves(seen, { share: 5, before: 25, tolerance: 2 })]
        return `${share}% of ${requests}: ${said.join(' ')}`
      }),
    ),
    promDuration: made([1, 999, 1000, 1500, 60_000], promDuration),
  })
})

test('the matches of patterns are on a page that somebody has approved', () => {
  const fits = (
    patterns: readonly string[],
    texts: readonly string[],
    fit: (pattern: string, text: string) => unknown,
  ): readonly string[] =>
    patterns.map((pattern) => `${pattern}: ${texts.filter((text) => fit(pattern, text) === true).join(' · ')}`)
  assertPage('values-pattern.md', {
    matcher: fits(
      ['', '*', 'a', 'a*', '*a', 'a*a', 'a*b*c', '**', 'a**c'],
      ['', 'a', 'aa', 'ab', 'ba', 'abc', 'axbxc', 'ac', 'abcb', 'cba'],
      (pattern, text) => matcher(pattern)(text),
    ),
    'matcher: ends that share letters': fits(['ab*ba', 'aba*ba'], ['aba', 'abba', 'ababa', 'abaxba'], (pattern, text) =>
      matcher(pattern)(text),
    ),
    pathPattern: [
      ...fits(
        ['a', '/a/', './a', 'a/*', 'a/**', '**/a', 'a/**/b', '*.yaml', 'a?c', '{a,b}/c', 'a.c', '**'],
        ['a', 'a/b', 'a/b/c', 'b/a', 'c/b/a', 'a/x/b', 'a/x/y/b', 'x.yaml', 'a/x.yaml', 'abc', 'a/c', 'b/c', 'axc'],
        (pattern, text) => pathPattern(pattern)?.(text),
      ),
      ...made(
        [
          '[a]',
          'a]',
          'a\\b',
          'x'.repeat(300),
          'x'.repeat(301),
          '*/*/*/*/*/*',
          '*/*/*/*/*/*/*',
          '**/**/**/**/**/**',
          './'.repeat(160),
        ],
        (pattern) => pathPattern(pattern) !== undefined,
      ),
    ],
    'takesFile: include and exclude': [
      '',
      '*.yaml',
      'a/*',
      '{*.yml,b.yaml}',
      '{a,b}{1,2}',
      'a?',
      '[a]',
      '!a',
      '{a',
      '{}',
      '{x,{y,z}}',
    ].flatMap((pattern) =>
      [true, false].map((recurse) => {
        const taken = (options: object): string =>
          ['a.yaml', 'a/b.yaml', 'b.yaml', 'c.yml', 'a1', 'b2', 'x', 'a/b/c.yml']
            .filter((path) => takesFile({ ...directoryOptions(options), recurse }, path))
            .join(' ')
        return `${pattern}${recurse ? ', all folders' : ''}: ${taken({ include: pattern })} · ${taken({ exclude: pattern })}`
      }),
    ),
    'takesFile: limits': [
      ...[6, 7].map((count) => '*a'.repeat(count)),
      ...[50, 51].map((count) => `{${Array.from({ length: count }, (_, index) => `p${index}`).join(',')}}`),
      ...[7, 8].map(
        (count) => `{${Array.from({ length: count }, (_, index) => `p${index}`).join(',')}}{a,b,c,d,e,f,g}`,
      ),
    ].map(
      (pattern) =>
        `${clip(pattern, 30)}: ${['x', 'p0', 'p49', 'p0a'].filter((path) => takesFile(directoryOptions({ include: pattern }), path)).join(' ')}`,
    ),
    directoryOptions: made(
      [undefined, {}, { recurse: true }, { recurse: 'true', include: 5, exclude: 'a' }],
      directoryOptions,
    ),
    isNamed: fits(
      ['main', 'release/*', '*', 'canary/*', 'canary/x', 'perch/x'],
      ['main', 'release/1', 'canary/x', 'perch/x', 'gh-readonly-queue/main', 'canaryx', 'x/canary/y'],
      (pattern, text) => isNamed([pattern], text),
    ),
  })
})

test('the results for times are on a page that somebody has approved', () => {
  const week = { from: 'Fri 16:00', until: 'Mon 08:00', timezone: 'UTC' }
  const once = { from: '2026-12-20', until: '2026-12-21 10:30', timezone: 'UTC' }
  const times = [
    '2026-11-27T15:59:59Z',
    '2026-11-27T16:00:00Z',
    '2026-11-29T23:59:00Z',
    '2026-11-30T07:59:59.999Z',
    '2026-11-30T08:00:00Z',
    '2026-12-01T00:00:00Z',
    '2026-10-23T14:00:00Z',
    '2026-10-25T12:00:30Z',
    '2026-12-19T23:59:59Z',
    '2026-12-20T00:00:00Z',
    '2026-12-21T10:29:00Z',
    '2026-12-21T10:30:00Z',
    '2027-01-01T00:00:00Z',
    '2026-03-29T00:30:00Z',
  ]
  const at = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : new Date(ms).toISOString())
  const windows = [
    week,
    { ...week, timezone: 'Europe/Berlin' },
    { ...week, timezone: 'America/New_York' },
    { ...week, from: 'Mon 00:00', until: 'Sun 23:59' },
    { ...week, from: 'Mon 08:00', until: 'Mon 08:00' },
    once,
    { ...once, timezone: 'Asia/Kolkata' },
    { ...once, from: '2026-03-29 01:30', until: '2026-03-29 03:30', timezone: 'Europe/Berlin' },
    { ...once, from: '2026-10-25 02:30', until: '2026-10-25 04:00', timezone: 'Europe/Berlin' },
  ]
  const pace = { since: 1_000_000, settleMs: 30_000, bakeMs: 630_000, intervalMs: 60_000 }
  const paces = [
    { ...pace, after: -1 },
    ...[0, 29_999, 30_000, 89_999, 90_000, 570_000, 599_999, 600_000, 629_999, 630_000, 6_000_000].map((after) => ({
      ...pace,
      after,
    })),
    ...[600_000, 660_000].map((after) => ({ ...pace, settleMs: 600_000, after })),
    { ...pace, bakeMs: 86_400_000, after: 43_200_000 },
    { ...pace, bakeMs: 7_260_000, after: 7_260_000 },
    ...[1008, 1009, 1010, 1011, 1500].map((points) => ({ ...pace, after: 30_000 + points * 60_000 })),
    ...[508, 509, 510, 528, 529, 530, 549, 550, 10_508, 10_529, 11_000].map((points) => ({
      ...pace,
      after: 30_000 + points * 60_000,
    })),
  ]
  assertPage('values-time.md', {
    windowEnd: windows.flatMap((window) => [
      JSON.stringify(window),
      ...made(times, (time) => at(windowEnd(window, Date.parse(time)))),
    ]),
    windowStart: windows.flatMap((window) => [
      JSON.stringify(window),
      ...made(times, (time) => at(windowStart(window, Date.parse(time)))),
    ]),
    windowOf: made(paces, ({ after, ...own }) => windowOf(own, own.since + after)),
    ranges: made(paces, ({ after, ...own }) => {
      const window = windowOf(own, own.since + after)
      const numbers = numbersOf(window)
      const counted = numbersOf(window, countedRangesOf(window))
      return {
        asked: rangesOf(window),
        counted: countedRangesOf(window),
        numbers: [numbers.length, numbers[0], numbers.at(-1)],
        countedNumbers: [counted.length, counted[0], counted.at(-1)],
      }
    }),
    breachOf: made(
      [
        { kind: 'min', value: 99 } as const,
        { kind: 'max', value: 500 } as const,
        { kind: 'max-below', by: 2, isPercent: false } as const,
        { kind: 'max-below', by: 20, isPercent: true } as const,
        { kind: 'max-above', by: 2, isPercent: false } as const,
        { kind: 'max-above', by: 20, isPercent: true } as const,
      ],
      (bar) =>
        [undefined, 100, -50, 0].map((stable) => [98, 99, 100, 501, -41].map((value) => breachOf(bar, value, stable))),
    ),
  })
})
