import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Nodes } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmFromMarkdown } from 'mdast-util-gfm'
import { gfm } from 'micromark-extension-gfm'
import { parse } from 'yaml'
import type { Verdict } from '../../../src/core/gate/gate.ts'
import type { Review } from '../../../src/core/gate/review.ts'
import { findingProblems } from '../../../src/core/problem/findings.ts'
import {
  configProblem,
  manifestProblem,
  refusalProblem,
  renderedProblem,
  renderProblem,
} from '../../../src/core/problem/files.ts'
import {
  brokenBaseNote,
  conflictProblem,
  disagreement,
  straySplit,
  mixedRepairProblem,
  staleGroupProblem,
  raisedByConfigProblem,
  lostStopProblem,
  renamedByConfigProblem,
  vanishedProblem,
} from '../../../src/core/problem/merge.ts'
import { failureProblems, lineRemark, objectRemark } from '../../../src/core/problem/tools.ts'
import type { Problem } from '../../../src/core/problem/problem.ts'
import { templateProblemsOf, templateReports } from './template-samples.ts'
import { analysisTable, analysisWords } from '../../../src/core/message/gate/analysis.ts'
import { answer, buttonAnswer } from '../../../src/core/message/comment/answer.ts'
import { gateReport, validateReport } from '../../../src/core/message/check/checks.ts'
import { stopMessage } from '../../../src/core/message/pull-request/stop.ts'
import { calm, seen, terminalText, titleText } from '../../../src/core/text/inert.ts'
import { lineAddress, webUrl } from '../../../src/core/text/web-url.ts'
import { code, fence, linked, linkedWords, plainText, table } from '../../../src/core/message/markdown/markdown.ts'
import { LISTED_STATES } from '../../../src/core/dashboard/dashboard.ts'
import { dashboardBody, dashboardOffBody } from '../../../src/core/message/dashboard/dashboard.ts'
import { notice, notLiveNotice } from '../../../src/core/message/comment/notice.ts'
import { plainWords } from '../../../src/core/message/markdown/plain-words.ts'
import { MOVE_TRAILER } from '../../../src/core/marker/trailer.ts'
import { onboardingBody } from '../../../src/core/message/onboarding/pull-request.ts'
import { closingComment } from '../../../src/core/message/pull-request/closing.ts'
import * as pulls from '../../../src/core/message/pull-request/pull-request.ts'
import { explainRefusal } from '../../../src/core/message/refusal/refusal.ts'
import { reportWords } from '../../../src/core/message/check/report.ts'
import { summaryPages } from '../../../src/core/message/comment/summary.ts'
import * as terminal from '../../../src/core/message/command-line/terminal-review.ts'
import { statusText } from '../../../src/core/message/command-line/terminal.ts'
import { standingOf } from '../../../src/core/rollout/standing.ts'
import type { Target } from '../../../src/core/rollout/target.ts'
import * as hostile from './hostile-samples.ts'
import { sample, snapshotOf } from '../samples.ts'
import type { StandingLine } from '../../../src/core/rollout/related.ts'
import type { Refusal } from '../../../src/core/refusal/refusal.ts'
import type { Outcome } from '../../../src/core/command/outcome.ts'
import { drawn, drawnCount } from '../../drawn.ts'

/**
 * Names in files, branches, reasons, errors: whatever anybody writes, in Perch's posts it mentions nobody, links nothing, closes
 * no issue and ends no cell, and on a terminal it has no effect. Parsed like GitHub's Markdown.
 */

const ATTACKS = [
  '@octo/team',
  '@alice',
  '&commat;alice',
  '&#64;alice',
  '&#x40;alice',
  'a&commat;b.example',
  'bob@example.com',
  '\\@alice',
  '#4242',
  '&num;12',
  'GH-12',
  'gh-12',
  'owner/repo#1',
  'fixes #1',
  'Closes: owner/repo#1',
  'resolves GH-3',
  'fixes https://github.com/o/r/issues/1',
  'https://evil.example',
  'http\u200B://evil.example',
  'ftp://evil.example',
  'www.evil.example',
  'mailto:bob@example.com',
  '3f2a91c',
  '3f2a91c0d1e2f3a4b5c6d7e8f9a0b1c2d3e4f5a6',
  'owner/repo@3f2a91c0d1e2f3a4b5c6d7e8f9a0b1c2d3e4f5a6',
  '[x](http://evil)',
  '![x](http://evil)',
  '[x]: http://evil',
  '<http://evil.example>',
  '[^1]',
  '~~x~~',
  '**x**',
  '`',
  '```',
  '~~~',
  '`|`',
  '|',
  '\\|',
  '\\\\|',
  '\\',
  '\\`|`',
  ' | x | y |',
  '\n| - | - |\n',
  '\n',
  '\r\n',
  '\r',
  '\n\n',
  '# ',
  '- ',
  '1. ',
  '> ',
  '> [!NOTE]',
  '- [ ] ',
  '    ',
  '\t',
  '***',
  '---',
  '===',
  '<details>',
  '</details>',
  '</summary>',
  '</b>',
  '<img src=x>',
  '<script>',
  '<!-- perch:summary -->',
  '<!-- perch:answer:1 -->',
  '<!--',
  '-->',
  '<!',
  '&lt;b&gt;',
  '&',
  '<',
  '$x$',
  '$$x$$',
  '$`x`$',
  '\\$x\\$',
  '$',
  ':tada:',
  '"]; click s0 "http://evil"',
  '\u200B',
  '\u200D',
  '\u00AD',
  '\u202E',
  '\u2066',
  '\uFEFF',
  '\u{E0041}',
  '\u0000',
  '\u001B[31m',
  '\u009B31m',
  '\u0007',
  '\u2028',
  '\uD83D',
  '🐤',
  '::error::x',
  '::set-output name=x::y',
  '\n::error file=a::x',
  '##[error]x',
  '##vso[task.setvariable]x',
  'section_start:1:x',
  '$&',
]
const text = fc
  .array(fc.oneof({ arbitrary: fc.constantFrom(...ATTACKS), weight: 4 }, fc.string({ unit: 'binary', maxLength: 8 })), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => parts.join(''))

/** Perch's own HTML, and nothing else. */
const OURS =
  /^(?:<!-- \/?perch:[\w:%.~!*'()-]+ -->|<details><summary><b>[^<]*<\/b>[^<]*<\/summary>|<\/details>|<\/?sub>|<\/?span>|<br>|)$/
/** What GitHub's filters look for in rendered text. `#7` is from Perch. */
const CALLS =
  /@[a-z\d]|(?<![\w#])#(?!7\b)\d|\bGH-\d|[\w-]+\/[\w-]+#\d|:\/\/|\bwww\.|(?<![\w/])[\da-f]{7,40}(?!\w)|:(?!\d\d:)[\w+-]+:/i
/** The samples have commits of Perch with these 40 and these 7 digits. */
const OWN_COMMITS = /\b(?:a{7,40}|b{7,40})\b/g

/** A dollar sign in Perch's HTML, which begins no formula. */
const DOLLAR = '<span>$</span>'

function leavesOf(node: Nodes): readonly Nodes[] {
  return 'children' in node ? [node, ...node.children.flatMap(leavesOf)] : [node]
}

const GITHUB = { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }

const NOT_OURS = ['link', 'image', 'linkReference', 'imageReference', 'definition', 'footnoteReference', 'delete']

/** The address of the repository's own pages. */
const OWN_PAGES = 'https://own.example/o/r'

function isInert(node: Nodes): boolean {
  // A single dollar sign is no formula, and another element separates it from the next.
  if (node.type === 'text')
    return (node.value === '$' || !node.value.includes('$')) && !CALLS.test(node.value.replaceAll(OWN_COMMITS, ''))
  if (node.type === 'html') {
    const lines = node.value.replaceAll(DOLLAR, '').split('\n')
    return lines.every((line) => OURS.test(line)) && !/[@#]\w/.test(node.value)
  }
  if (node.type === 'link') return node.url.startsWith(`${OWN_PAGES}/`)
  if (node.type === 'table') return new Set(node.children.map(({ children }) => children.length)).size === 1
  return !NOT_OURS.includes(node.type)
}

function assertInert(page: string): void {
  for (const node of leavesOf(fromMarkdown(page, GITHUB)))
    if (!isInert(node)) assert.fail(`${JSON.stringify(node).slice(0, 300)} in ${JSON.stringify(page.slice(0, 1_000))}`)
  assertUnseen(page)
}

/** No control characters and no invisible ones, except Perch's own breaks. */
function assertUnseen(page: string): void {
  const hidden =
    // eslint-disable-next-line no-control-regex -- these must not be there
    /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u061C\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF]|\p{Cs}/u
  assert.doesNotMatch(page, hidden)
  assert.doesNotMatch(page, /[\u{E0000}-\u{E007F}]/u)
}

/** For titles and commit messages, in which GitHub looks for mentions, issues and closing keywords. */
function assertTitle(title: string): void {
  assert.doesNotMatch(title, /@[a-z\d]|(?<!in )#\d|\bGH-\d|:\/\//i, title)
  assertUnseen(title)
}

const TARGET = sample(95, 5)

function targetNamed(name: string): Target {
  return { ...TARGET, environment: name, service: name, environments: [name] }
}

function changeOf(name: string): Review['changes'][number] {
  const verdicts = hostile.gateReasons(name).flatMap((reason): Verdict[] => [
    { gate: 'live', target: name, state: 'wait', reason },
    { gate: 'freeze', target: name, state: 'block', reason },
    { gate: 'live', target: name, state: 'pass', reason, override: { gate: 'live', by: name, reason: name } },
  ])
  const version = { role: 'canary', from: name, to: name } as const
  return { target: targetNamed(name), from: 5, to: 25, version, finishes: false, verdicts }
}

function problemsOf(t: string): readonly Problem[] {
  const place = { file: t, line: 1 }
  const asked = { tool: 'opa', place, side: 'head', environment: t } as const
  const failed = (
    [
      'tool-missing',
      'build-failed',
      'values-unknown',
      'values-by-hand',
      'timed-out',
      'too-large',
      'out-of-memory',
    ] as const
  ).map((one) => renderProblem({ environment: t, file: t, rendered: { code: one, detail: t } }))
  return [
    ...failed,
    ...(['not-yaml', 'template', 'too-large', 'alias-bomb'] as const).map((one) =>
      manifestProblem({ code: one, ...place, detail: t, chart: t }),
    ),
    configProblem({ file: t, line: 1, path: t, message: t }, 'head'),
    brokenBaseNote({ file: t, line: 1, path: t, message: t }, 'repairs'),
    mixedRepairProblem(staleGroupProblem(t), [t]),
    refusalProblem({ code: 'remote', ...place, entry: t }),
    ...hostile.renderProblems(t).map((one) => renderedProblem(t, one)),
    ...templateProblemsOf(t),
    vanishedProblem(standingOf(targetNamed(t)), t),
    renamedByConfigProblem(standingOf(targetNamed(t))),
    ...[{ environment: t }, { environment: t, service: t }].map((scope) =>
      lostStopProblem({ scope, stop: { kind: 'hold', by: t, reason: t, until: undefined } }),
    ),
    raisedByConfigProblem(standingOf(targetNamed(t))),
    disagreement({ environment: t, target: targetNamed(t), said: 5, rendered: 6 }),
    straySplit({ environment: t, route: t, was: 5, share: 'unknown' }),
    staleGroupProblem(t),
    conflictProblem([t, t]),
    ...findingProblems(
      hostile.findingDetails(t).map((detail) => {
        const object = { group: t, kind: t, namespace: t, name: t }
        return { environment: t, finding: { detail, object, path: [], grade: 'error' as const }, place }
      }),
    ),
    ...(['opa', 'kubeconform', 'kubectl-validate', 'istioctl'] as const).map((tool) =>
      objectRemark(tool, { rule: t, text: t, level: 'error' }, { environment: t, title: t, place }),
    ),
    ...hostile.dryRunProblems(t, place),
    lineRemark({ rule: t, text: t, level: 'warning', file: t, line: 1 }),
    ...(['missing', 'timed-out', 'too-large', 'failed'] as const).flatMap((one) =>
      failureProblems({ code: one, detail: t }, asked),
    ),
    ...hostile.FAULTS.flatMap((one) =>
      failureProblems({ code: 'not-valid', faults: [{ file: t, line: 1, code: one, text: t }] }, asked),
    ),
  ]
}

function reviewOf(t: string, found: readonly Problem[]): Review {
  const after = [{ name: t, share: 75, place: { file: t, line: 7 } }]
  const row = { environment: t, route: t, rule: t, before: [{ name: t, share: 95 }], after }
  const patch = t.replaceAll(/^/gm, '+')
  const resource = {
    title: t,
    kind: t,
    namespace: t,
    name: t,
    change: 'changed',
    added: 1,
    removed: 0,
    unshown: 2,
  } as const
  return {
    compared: { base: 'a'.repeat(40), head: 'b'.repeat(40) },
    changes: [changeOf(t)],
    newVersions: [{ target: changeOf(t).target, from: t, to: t, after: [] }],
    rows: [row],
    diffs: [
      {
        environment: t,
        state: 'changed',
        unknownBefore: renderProblem({
          environment: t,
          file: t,
          rendered: { code: 'build-failed', detail: t },
        }),
        hidden: 1,
        resources: [{ ...resource, traffic: [row], patch }],
      },
    ],
    lostNames: [{ environment: t }],
    problems: found,
    notes: found,
    renderer: t,
    validators: [t],
  }
}

function movedByFlagger(t: string): StandingLine {
  const target = targetNamed(t)
  const identity = { group: 'flagger.app', kind: 'Canary', namespace: t, name: t }
  const owner = {
    writer: 'flagger',
    identity,
    title: t,
    place: { file: t, line: 7 },
    routes: [],
    object: target.object,
  } as const
  return { standing: standingOf({ ...target, owner }), open: [] }
}

function outcomesOf(t: string): readonly Outcome[] {
  const all: readonly Refusal[] = [
    ...hostile.refusals(t),
    ...hostile.moveRefusals(t).map((refusal): Refusal => ({ code: 'cannot-edit', refusal })),
    ...hostile.commandProblems(t).map((problem): Refusal => ({ code: 'not-understood', problem })),
  ]
  const stop = { kind: 'freeze', by: t, reason: t, until: 1 } as const
  const sha = 'a'.repeat(40)
  const review = reviewOf(t, problemsOf(t).slice(0, 2))
  return [
    ...all.map((refusal): Outcome => ({ code: 'refused', refusal })),
    { code: 'set', name: t, from: 5, to: 25, sha, proof: { rendered: [t, t], changed: [t] } },
    { code: 'already', name: t, share: 5 },
    { code: 'proposed', title: t, pull: 7 },
    { code: 'aborted', closed: [7], rollbacks: [7], rolledBack: [7], unreadable: [t], owned: [] },
    { code: 'aborted', closed: [], rollbacks: [], rolledBack: [], unreadable: [], owned: [], takenBack: [t] },
    {
      code: 'status',
      standings: [
        { standing: standingOf(targetNamed(t)), open: [7] },
        { ...movedByFlagger(t), told: { phase: t, message: t, began: 0, at: 0 } },
      ],
      proposed: [
        { target: targetNamed(t), from: 5, to: 25, version: undefined },
        { target: targetNamed(t), from: 5, to: 5, version: { role: 'canary', from: t, to: t } },
      ],
    },
    { code: 'committed', sha, headline: t },
    { code: 'help' },
    { code: 'plan', name: t, plan: [5], share: 5, proposed: 25 },
    { code: 'planned', name: t, plan: [5], sha },
    { code: 'held', names: [t], isNew: true },
    { code: 'held', names: [t], isNew: true, isAsked: true },
    { code: 'held', names: [t], isNew: false },
    { code: 'resumed', names: [t] },
    { code: 'frozen', environment: t, stop, isNew: true },
    { code: 'frozen', environment: t, stop, isNew: false },
    { code: 'unfrozen', environment: t },
    { code: 'why', review },
    { code: 'diff', review },
    { code: 'looked-again' },
    { code: 'overridden', record: { gate: 'live', by: t, reason: t, sha, seal: 'seal' } },
  ]
}

/** Every attack alone, and many together. With --full, more of these. */
function always(check: (t: string) => void): void {
  for (const attack of ATTACKS) check(attack)
  fc.assert(fc.property(text, check), { numRuns: drawnCount(4, 30) })
}

/** Attacks in combination, for slower tests: some of these groups, or all with --full. */
function often(check: (t: string) => void): void {
  const groups = Array.from({ length: Math.ceil(ATTACKS.length / 6) }, (_, at) => ATTACKS.slice(at * 6, at * 6 + 6))
  const texts = groups.map((group, at) => group.join(at % 2 === 0 ? ' ' : ''))
  for (const one of drawn('attacks', texts, 5)) check(one)
  fc.assert(fc.property(text, check), { numRuns: drawnCount(2, 8) })
}

test('a link leads to a page of the web, and nothing ends it early or begins another', () => {
  often((t) => {
    const address = webUrl(t)
    assert.ok(address === undefined || /^https?:\/\/[^/]/.test(address), address)
    for (const url of [webUrl(`https://x.example/${t}`), webUrl(`https://x.example/?q=${t}`), address]) {
      if (url === undefined) continue
      const page = table(['a', 'b'], [[`see ${linked(t, url)}.`, 'x']])
      const nodes = leavesOf(fromMarkdown(page, GITHUB))
      const links = nodes.filter((node) => node.type === 'link')
      assert.deepEqual([links.length, links[0]?.children.map(({ type }) => type)], [1, ['inlineCode']], page)
      assert.equal(new URL(links[0]?.url ?? '').host, new URL(url).host)
      assert.ok(
        nodes.every((node) => node.type === 'link' || isInert(node)),
        page,
      )
    }
  })
})

test('the link to a file leads to that file, whatever its path contains', () => {
  often((t) => {
    const place = { file: `a/${t}`, line: 7 }
    const page = table(['a', 'b'], [[`stable ${linkedWords('**5%**', lineAddress(OWN_PAGES, 'c0ffee', place))}.`, 'x']])
    const nodes = leavesOf(fromMarkdown(page, GITHUB))
    const [link, ...others] = nodes.filter((node) => node.type === 'link')
    assert.ok(link !== undefined && others.length === 0, page)
    assert.ok(
      nodes.every((node) => node.type === 'link' || isInert(node)),
      page,
    )
    const { host, pathname, hash } = new URL(link.url ?? '')
    assert.deepEqual([host, hash], ['own.example', '#L7'])
    if (!/^\.{1,2}$/m.test(t) && !t.includes('/.'))
      assert.equal(decodeURIComponent(pathname), `/o/r/blob/c0ffee/a/${t.toWellFormed()}`)
  })
})

test('an answer to any command is inert, and forges no marker', () => {
  often((t) => {
    for (const outcome of outcomesOf(t)) {
      const body = answer(7, t, [{ command: t, outcome }])
      assertInert(body)
      const markers = body.match(/<!-- *\/?perch:/g)?.length
      assert.equal(markers, outcome.code === 'overridden' ? 2 : 1)
    }
    assertInert(buttonAnswer({ id: t, name: t, login: t }, { code: 'looked-again' }))
  })
})

test('comments and checks of any review are inert', () => {
  often((t) => {
    const all = problemsOf(t)
    for (const review of [reviewOf(t, []), reviewOf(t, all), ...all.map((one) => reviewOf(t, [one])).slice(0, 3)]) {
      const { comment, text: more = '' } = summaryPages(review, { repository: OWN_PAGES })
      for (const report of [validateReport(review), gateReport(review)]) {
        assertInert(report.summary)
        assertInert(report.text ?? '')
        assertTitle(report.title)
        for (const { title, message } of report.annotations ?? []) assertUnseen(`${title}${message}`)
      }
      assertInert(comment)
      assertInert(more)
      assertInert(summaryPages({ ...review, changes: [], rows: [] }).comment)
      assert.equal(comment.match(/<!-- *perch:/g)?.length, 1)
    }
  })
})

test('the issue that lists all rollouts is inert', () => {
  often((t) => {
    const rollouts = LISTED_STATES.map((state) => {
      return {
        name: t,
        state,
        share: 5,
        version: t,
        since: 0,
        origin: 7,
        pulls: [7],
        stuck: explainRefusal({ code: 'mixed' }),
      }
    })
    const listing = { code: 'listed', rollouts, owned: 1 } as const
    const pulls = new Map([[7, { code: 'red' } as const]])
    assertInert(
      dashboardBody({
        defaultBranch: t,
        listings: [
          [t, listing],
          ['b', { code: 'config' }],
        ],
        pulls,
      }),
    )
    assertInert(dashboardOffBody(t))
  })
})

test('the pull request that proposes a config is inert', () => {
  const files = { 'app/vs.yaml': ONE_DESTINATION }
  const found = snapshotOf(files)
  assert.equal(found.targets.length, 1)
  often((t) => {
    const [untold] = found.targets.map((target) => ({ ...target, service: t, environment: t, environments: [t] }))
    assert.ok(untold !== undefined)
    const problems = problemsOf(t).map((problem) => ({ ...problem, environments: [t] }))
    const remoteCharts = found.remoteCharts.concat({ title: t, chart: t, name: t })
    const snapshot = { ...found, targets: [targetNamed(t), untold], problems, remoteCharts }
    for (const has of [true, false])
      assertInert(onboardingBody({ snapshot, text: '', written: { hasEnvironments: has, hasServices: has } }))
  })
})

/** A route whose canary Perch cannot tell. */
const ONE_DESTINATION = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: legacy}
spec:
  hosts: [legacy]
  http: [{route: [{destination: {host: legacy}}]}]
`

test('pull requests, commits, notices, reports and stops are inert', () => {
  often((t) => {
    const target = targetNamed(t)
    const [good, failure] = [hostile.analysisReports(t)[0], hostile.analysisReports(t)[1]]
    const moves = [
      { kind: 'share', from: 5, to: 25 },
      { kind: 'rollback', from: 25 },
      { kind: 'finish-version', from: t, to: t },
      { kind: 'finish-weights' },
    ] as const
    for (const move of moves) {
      const asked = { login: t, pull: 7, reason: t }
      const proposal = { move, target, version: t, origin: 7, asked, driver: `${t}/`, failure }
      assertInert(pulls.moveBody(proposal))
      assertTitle(pulls.moveTitle(proposal))
      const commit = pulls.moveCommit(proposal)
      const second = pulls.commandCommit({ ...proposal, login: 'alice', pull: 7, id: '1' })
      for (const { headline, body } of [commit, second])
        assertTitle(`${headline}\n${body.replace(`by ${t} `, 'by x ')}`)
      assert.equal(commit.body.split('\n').at(-1)?.startsWith(`${MOVE_TRAILER}: `), true)
      for (const refusal of hostile.refusals(t).slice(0, 8)) assertInert(notice(proposal, refusal))
      for (const liveness of hostile.livenesses(t)) assertInert(notLiveNotice(target, liveness, [`${t}/`]))
    }
    if (good !== undefined && failure !== undefined) {
      assertInert(pulls.withMeasurements('A body.', [good, failure]))
      assertInert(closingComment('failed', { failure, drivers: [`${t}/`] }))
      assertInert(analysisTable(failure))
      for (const report of templateReports(t)) assertInert(`${analysisWords(report)}\n\n${analysisTable(report)}`)
    }
    const words = reportWords({ name: t, commit: 'a', state: 'failure', at: 0, reason: t, teller: t })
    assertInert(words.summary)
    assertTitle(words.title)
    assertTitle(stopMessage({ environment: t, service: t }, { by: t, reason: t, until: undefined }))
  })
})

/** The commands of the runners of GitHub, Azure, TeamCity and GitLab. */
const OBEYED = /^\s*::|##\[|##vso\[|##teamcity\[|section_(?:start|end):/m

test('no text is executed by a terminal or the log of a CI system', () => {
  often((t) => {
    const review = reviewOf(t, problemsOf(t))
    const pages = [
      statusText([standingOf(targetNamed(t))]),
      terminal.diffText(review),
      terminal.problemLines(review.problems),
      ...outcomesOf(t).flatMap((one) => (one.code === 'refused' ? [plainWords(explainRefusal(one.refusal))] : [])),
      `${JSON.stringify([{ name: t, [t]: t }], null, 2)}\n`,
    ]
    for (const page of pages) {
      const printed = terminalText(page)
      assert.doesNotMatch(printed, OBEYED)
      assertUnseen(printed)
    }
    // In JSON the values stay the same, and its readers notice no difference.
    const data = [{ name: t.toWellFormed(), list: [t.toWellFormed()] }]
    assert.deepEqual(JSON.parse(terminalText(JSON.stringify(data, null, 2))), data)
  })
})

test('a cell, a code span and a fence hold what was put in, and nothing else', () => {
  always((t) => {
    const page = table(['A', 'B'], [[code(t), plainText(t)]])
    const nodes = leavesOf(fromMarkdown(page, GITHUB))
    const values = nodes.flatMap((node) => (node.type === 'inlineCode' ? [node.value.replaceAll('\u200B', '')] : []))
    const line = seen(t.replaceAll(/\s+/g, ' ')).replaceAll('\u200B', '').trim()
    assert.deepEqual(values.slice(0, 1), [line === '' ? ' ' : line])
    const [block] = fromMarkdown(fence(t)).children
    assert.equal(block?.type === 'code' && block.value, seen(t).replace(/\n$/, ''))
  })
})

test('other people’s text before Perch’s own words keeps its meaning', () => {
  for (const [begin, rest] of [
    ['a\\', '.'],
    ['a\\', '`b`'],
    ['a<', 'b>'],
    ['a&', 'amp;'],
    ['a!', '[x](y)'],
  ] as const) {
    const [paragraph] = fromMarkdown(`${plainText(begin)}${rest}`).children
    assert.ok(paragraph?.type === 'paragraph')
    const [first] = paragraph.children
    assert.ok(first?.type === 'text' && first.value.startsWith(begin), `${begin}${rest}`)
    assert.ok(!paragraph.children.some(({ type }) => type === 'html' || type === 'image'))
  }
})

test('invisible characters are written out, except those in emoji, and harmless text stays unchanged', () => {
  assert.equal(seen('a\u202Eb\u0000c\u{E0041}\r'), 'a\\u202eb\\u0000c\\udb40\\udc41\\u000d')
  assert.equal(seen('👩\u200D💻 ⚠\uFE0F a\u200Db'), '👩\u200D💻 ⚠\uFE0F a\\u200db')
  assert.equal(titleText('at 17:21:07 UTC :tada:'), 'at 17:21:07 UTC :\u200Btada:')
  always((t) => {
    assert.equal(calm(calm(t)), calm(t))
    assert.equal(titleText(titleText(t)), titleText(t))
  })
})

test('JSON for machines is also YAML for machines', () => {
  assert.deepEqual(parse(terminalText(JSON.stringify({ a: '\u009B31m ##[error]' }))), { a: '\u009B31m ##[error]' })
})
