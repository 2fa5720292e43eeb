/**
 * How sentences vary with their facts: with none, one or many of something, without optional parts, and with booleans reversed.
 */
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { SIDE_TROUBLES } from '../../../../src/core/analysis/side.ts'
import type { DeliveryGap } from '../../../../src/core/delivery/generators/generator-gap.ts'
import { isRecord } from '../../../../src/core/manifest/data.ts'
import type { Unclear } from '../../../../src/core/layer/build/unclear.ts'
import { mergeReports } from '../../../../src/core/message/check/commit-checks.ts'
import { answer } from '../../../../src/core/message/comment/answer.ts'
import { summaryPages } from '../../../../src/core/message/comment/summary.ts'
import { canaryCheckWords } from '../../../../src/core/message/flagger/news.ts'
import { analysisTable, analysisWords } from '../../../../src/core/message/gate/analysis.ts'
import { liveSentence } from '../../../../src/core/message/gate/live.ts'
import { progressLine, remedy, verdictLine } from '../../../../src/core/message/gate/verdict.ts'
import { explainProblem } from '../../../../src/core/message/problem/problem.ts'
import { WRITER_NAMES } from '../../../../src/core/message/refusal/owner-refusal.ts'
import { explainRefusal } from '../../../../src/core/message/refusal/refusal.ts'
import type { FaultCode, ToolFailure } from '../../../../src/core/policy/remark.ts'
import type { GitHubAction, RefusalCause } from '../../../../src/core/refusal/github-refusal.ts'
import { assertPage } from '../page.ts'
import { canaryNews, outcomes, review } from '../word-outcomes.ts'
import { gateReasons, livenesses, problems, refusals, reports } from '../word-samples.ts'

/** Facts that have their own page, or that no sentence depends on. */
const OTHERS = new Set(['target', 'standing', 'standings', 'owner', 'diffs'])
const MANY = 25

/** Facts that are one of several words. Samples with the first of them show the others too. */
const CHOICES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  action: [
    wordsOf<GitHubAction>({
      'create-branch': 0,
      'move-branch': 0,
      'delete-branch': 0,
      commit: 0,
      'open-pull': 0,
      'edit-pull': 0,
      merge: 0,
      comment: 0,
      check: 0,
      deploy: 0,
      issue: 0,
      read: 0,
      work: 0,
    }),
  ],
  cause: [
    wordsOf<RefusalCause>({
      'in-the-way': 0,
      rule: 0,
      'name-too-long': 0,
      permission: 0,
      archived: 0,
      suspended: 0,
      'not-installed': 0,
      locked: 0,
      'pulls-disabled': 0,
      other: 0,
    }),
  ],
  trouble: [SIDE_TROUBLES],
  fault: [
    wordsOf<FaultCode>({
      'no-kubeconfig': 0,
      link: 0,
      'no-modules': 0,
      'no-rules': 0,
      'no-schemas': 0,
      'no-crds': 0,
      'no-version': 0,
      'too-many': 0,
      'too-long': 0,
      'not-text': 0,
      'not-json': 0,
      'not-a-mapping': 0,
      twice: 0,
      reserved: 0,
      'reaches-out': 0,
      'not-in-base': 0,
      said: 0,
      'not-a-kubeconfig': 0,
      'runs-program': 0,
      'not-verified': 0,
      'not-supported': 0,
    }),
  ],
  code: [
    wordsOf<ToolFailure['code']>({
      missing: 0,
      busy: 0,
      'timed-out': 0,
      'too-large': 0,
      failed: 0,
      unreachable: 0,
      unauthorized: 0,
      'too-many': 0,
      fork: 0,
    }),
  ],
  why: [
    wordsOf<DeliveryGap['why']>({ generator: 0, expression: 0, patch: 0, overlay: 0 }),
    wordsOf<Unclear['why']>({
      selector: 0,
      patch: 0,
      replacement: 0,
      twice: 0,
      schema: 0,
      transformer: 0,
      variable: 0,
      chart: 0,
      deployers: 0,
    }),
  ],
  writer: [Object.keys(WRITER_NAMES)],
}

function wordsOf<K extends string>(words: Readonly<Record<K, 0>>): readonly string[] {
  return Object.keys(words)
}
const DATE = 1e11

interface Variant {
  readonly what: string
  readonly data: unknown
}

function variants(data: unknown, at = ''): readonly Variant[] {
  if (typeof data === 'number')
    return data > DATE ? [] : [0, 1, 2].map((other) => ({ what: `${at} ${other}`, data: other }))
  if (typeof data === 'boolean') return [{ what: `${at} ${!data}`, data: !data }]
  if (Array.isArray(data)) {
    const list: readonly unknown[] = data
    const [first] = list
    const many = Array.from({ length: MANY }, (_, index) => (typeof first === 'string' ? `${first}${index}` : first))
    return [
      ...list.flatMap((item, index) =>
        variants(item, `${at}[${index}]`).map((one) => ({ ...one, data: list.with(index, one.data) })),
      ),
      { what: `no ${at}`, data: [] },
      ...(first === undefined
        ? []
        : [
            { what: `one ${at}`, data: [first] },
            { what: `many ${at}`, data: many },
          ]),
    ]
  }
  if (!isRecord(data)) return []
  return Object.entries(data).flatMap(([key, value]) => {
    if (OTHERS.has(key)) return []
    const path = at === '' ? key : `${at}.${key}`
    return [
      { what: `without ${path}`, data: { ...data, [key]: undefined } },
      ...choicesOf(key, value).map((other) => ({ what: `${path} ${other}`, data: { ...data, [key]: other } })),
      ...variants(value, path).map((one) => ({ ...one, data: { ...data, [key]: one.data } })),
    ]
  })
}

function choicesOf(key: string, value: unknown): readonly string[] {
  return CHOICES[key]?.find(([first]) => first === value)?.slice(1) ?? []
}

/** The part of a text that differs. Undefined if none does, or if the facts are impossible. */
function turned(usual: string, now: string): string | undefined {
  if (usual === now || /undefined|NaN|Invalid Date/.test(now)) return undefined
  let start = 0
  while (start < now.length && now[start] === usual[start]) start += 1
  let end = 0
  while (end < Math.min(usual.length, now.length) - start && usual.at(-1 - end) === now.at(-1 - end)) end += 1
  const from = Math.max(0, now.lastIndexOf(' ', start))
  return now.slice(from, now.length - end + 20)
}

/**
 * The sentences of each sample for each variant. Variants with the same result share one line, and results of other samples are
 * left out.
 */
function turns<T>(samples: readonly T[], words: (sample: T) => string): readonly string[] {
  const seen = new Set<string>()
  return samples.flatMap((sample) => {
    const usual = words(sample)
    const found = new Map<string, string[]>()
    for (const { what, data } of variants(sample)) {
      const turn = turned(usual, made(data as T, words) ?? usual)
      const key = `${what.replaceAll(/[^\s[.]*[[.]|\d+/g, '')} ${turn?.replaceAll(/\d+/g, '0')}`
      if (turn === undefined || seen.has(key)) continue
      seen.add(key)
      found.set(turn, [...(found.get(turn) ?? []), what])
    }
    const lines = [...found].map(([turn, all]) => `- ${all.join(' · ')}: ${brief(turn)}`)
    return lines.length === 0 ? [] : [[brief(usual), ...lines].join('\n')]
  })
}

/** A digest replaces what nobody reads to the end. */
function brief(text: string): string {
  const line = text.replaceAll('\n', '⏎')
  if (line.length <= 120) return line
  return `${line.slice(0, 100)}… ${createHash('sha256').update(line).digest('hex').slice(0, 6)}`
}

function made<T>(data: T, words: (sample: T) => string): string | undefined {
  try {
    return words(data)
  } catch {
    return undefined
  }
}

test('the variants of each sentence are on a page that somebody has approved', () => {
  const states = ['pass', 'wait', 'block'] as const
  assertPage('variants/words.md', {
    Refusals: turns(refusals(), explainRefusal),
    Problems: turns(problems(), (problem) => Object.values(explainProblem(problem)).join(' → ')),
    Live: turns(livenesses(), liveSentence),
    Measurements: turns(reports(), (report) => `${analysisWords(report)}\n${analysisTable(report)}`),
    Gates: turns(gateReasons(), (reason) =>
      states
        .flatMap((state) => {
          const verdict = { gate: 'live', target: 'production/web', state, reason } as const
          return [verdictLine(verdict), progressLine(verdict), remedy(verdict) ?? '']
        })
        .join('\n'),
    ),
    Answers: turns(outcomes(), (outcome) => answer(12, 'alice', [{ command: '/canary', outcome }])),
    'Of Flagger': turns(canaryNews(), (news) => Object.values(canaryCheckWords('production/web', news)).join('\n')),
    Comment: turns([review()], (one) => summaryPages(one).comment),
    Check: turns([review()], (one) =>
      JSON.stringify(mergeReports(one, { pull: 7, base: 'main', judgedFor: 'main', isStep: true, comment: undefined })),
    ),
  })
})
