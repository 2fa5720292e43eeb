import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { fromMarkdown } from 'mdast-util-from-markdown'
import type { EnvironmentDiff, ResourceDiff, Review, TrafficRow } from '../../../src/core/gate/review.ts'
import { explainProblem } from '../../../src/core/message/problem/problem.ts'
import { renderProblem } from '../../../src/core/problem/files.ts'
import { conflictProblem } from '../../../src/core/problem/merge.ts'
import type { Problem } from '../../../src/core/problem/problem.ts'
import { SUMMARY_MARKER } from '../../../src/core/marker/comment.ts'
import { answer } from '../../../src/core/message/comment/answer.ts'
import { gateReport, validateReport } from '../../../src/core/message/check/checks.ts'
import { mergeReports } from '../../../src/core/message/check/commit-checks.ts'
import { bounded } from '../../../src/core/message/markdown/bounded.ts'
import { summaryPages } from '../../../src/core/message/comment/summary.ts'
import type { Outcome } from '../../../src/core/command/outcome.ts'
import { sizeOf } from '../../../src/core/text/limits.ts'

/**
 * Whatever other people write, and however much of it, Perch's posts fit, are well-formed, mention nobody, and say what is
 * missing.
 */

const MAX_COMMENT = 65_536
const MAX_CHECK = 65_535

const EMPTY: Review = {
  compared: { base: 'a'.repeat(40), head: 'b'.repeat(40) },
  changes: [],
  newVersions: [],
  rows: [],
  diffs: [],
  lostNames: [],
  problems: [],
  notes: [],
  renderer: 'kustomize v5.5.0',
  validators: ['opa 1.22.2'],
}

const row = (environment: string, name = 'api'): TrafficRow => ({
  environment,
  route: `VirtualService default/${name}`,
  rule: 'main',
  before: [
    { name: 'stable', share: 95 },
    { name: 'canary', share: 5 },
  ],
  after: [
    { name: 'stable', share: 75 },
    { name: 'canary', share: 25 },
  ],
})

const resource = (name: string, lines: number, fields: Partial<ResourceDiff> = {}): ResourceDiff => ({
  title: `ConfigMap default/${name}`,
  kind: 'ConfigMap',
  namespace: 'default',
  name,
  change: 'changed',
  traffic: [],
  patch: [`@@ -1,${lines} +1,${lines} @@`, ...Array.from({ length: lines }, (_, n) => `+line ${n} of ${name}`)].join(
    '\n',
  ),
  added: lines,
  removed: 0,
  unshown: 0,
  ...fields,
})

const environment = (name: string, resources: readonly ResourceDiff[], fields: Partial<EnvironmentDiff> = {}) => ({
  environment: name,
  state: 'changed' as const,
  unknownBefore: undefined,
  resources,
  hidden: 0,
  ...fields,
})

function posted(review: Review): readonly string[] {
  const [validate, gate] = [validateReport(review), gateReport(review)]
  const { comment } = summaryPages(review)
  return [comment, validate.summary, validate.text ?? '', gate.summary]
}

test('a small diff is all in the comment, with what it does to traffic before the hunk', () => {
  const vs = { title: 'VirtualService default/api', kind: 'VirtualService', name: 'api', traffic: [row('production')] }
  const review = { ...EMPTY, rows: [row('production')], diffs: [environment('production', [resource('api', 2, vs)])] }
  const { comment, text } = summaryPages(review)
  assert.equal(text, undefined)
  assert.ok(
    comment.includes(
      '<details><summary><b>production</b>: 1 resource changes</summary>\n\n`VirtualService default/api` changed (+2 −0)\n\n- **api main: 95/5 → 75/25 (stable/canary)**\n\n```diff\n@@ -1,2 +1,2 @@\n',
    ),
    comment,
  )
  assert.doesNotMatch(comment, /shown/)
})

test('shares link to their lines if all rows fit with links; otherwise more rows are shown without links', () => {
  const linkedRow = (name: string): TrafficRow => ({
    ...row(name),
    after: [{ name: 'canary', share: 25, place: { file: 'overlays/a b/route.yaml', line: 7 } }],
  })
  const of = (count: number): string => {
    const rows = Array.from({ length: count }, (_, index) => linkedRow(`environment-${index}`))
    return summaryPages({ ...EMPTY, rows }, { repository: 'https://github.com/acme/gitops' }).comment
  }
  const head = 'b'.repeat(40)
  const link = `canary [**25%**](https://github.com/acme/gitops/blob/${head}/overlays/a%20b/route.yaml#L7)`
  assert.equal(of(40).split(link).length, 41)
  assert.match(of(1), /^<sub>Looked at commit \[`b{12}`\]\(https:\/\/github.com\/acme\/gitops\/commit\/b{40}\)\. /m)
  const crowded = of(1_000)
  assert.ok(!crowded.includes('/blob/') && crowded.includes('more rules in'), crowded)
  assert.ok(crowded.split('**25%**').length > 100)
})

test('the answer to `/canary diff` says how many of the changed resources it shows', () => {
  const resources = Array.from({ length: 60 }, (_, index) => resource(`a-${index}`, 150))
  const shownBy = (diffs: readonly EnvironmentDiff[]): readonly [shown: number, said: string | undefined] => {
    const text = answer(1, 'alice', [
      { command: '/canary diff', outcome: { code: 'diff', review: { ...EMPTY, diffs } } },
    ])
    assert.ok(sizeOf(text) <= MAX_COMMENT)
    return [[...text.matchAll(/^`ConfigMap default\/\S+` changed/gm)].length, /(\d+) of 60 shown/.exec(text)?.[1]]
  }
  const [shown, said] = shownBy([environment('a', resources)])
  assert.ok(shown > 10 && shown < 60)
  assert.equal(said, String(shown))
  assert.deepEqual(shownBy([environment('a', resources.slice(0, 3)), environment('b', resources.slice(3, 5))]), [
    5,
    undefined,
  ])
})

test('the check has what does not fit into the comment, nothing appears twice, and what fits nowhere is counted', () => {
  const diffs = ['a', 'b', 'c'].map((name) =>
    environment(
      name,
      Array.from({ length: 20 }, (_, n) => resource(`${name}-${String(n).padStart(2, '0')}`, 150)),
    ),
  )
  const { comment, text = '' } = summaryPages({ ...EMPTY, rows: [row('a')], diffs })
  const titles = (page: string) =>
    [...page.matchAll(/^`ConfigMap default\/(\S+)` changed/gm)].map(([, name = '']) => name)
  const [first, second] = [titles(comment), titles(text)]
  const all = diffs.flatMap(({ resources }) => resources.map(({ name }) => name))
  assert.deepEqual([...first, ...second], all.slice(0, first.length + second.length))
  assert.ok(first.length > 10 && second.length > 10 && first.length + second.length < 60)
  assert.ok(
    comment.includes(
      `${first.length} of 60 resources shown, the next ${second.length} in the check \`canary/validate\`, all of it with \`perch diff aaaaaaaaaaaa...bbbbbbbbbbbb\` in a checkout.`,
    ),
  )
  assert.match(
    text,
    new RegExp(`Resources ${first.length + 1} to ${first.length + second.length} of 60 shown, those before`),
  )
  for (const page of [comment, text])
    for (const name of titles(page)) assert.ok(page.includes(`line 149 of ${name}\n\`\`\``))
})

test('the check continues the diff where the comment ends, also if links leave the comment less room', () => {
  const place = { file: 'overlays/production/route.yaml', line: 7 }
  const rows = Array.from({ length: 60 }, (_, index): TrafficRow => {
    return { ...row(`environment-${index}`), after: [{ name: 'canary', share: 25, place }] }
  })
  const names = Array.from({ length: 60 }, (_, index) => `map-${index}`)
  const diffs = [
    environment(
      'a',
      names.map((name) => resource(name, 60)),
    ),
  ]
  const titles = (page: string): readonly string[] =>
    [...page.matchAll(/^`ConfigMap default\/(\S+)` changed/gm)].map(([, name = '']) => name)
  const shown = { isFork: false, repository: 'https://github.com/acme/gitops' }
  const { comment } = summaryPages({ ...EMPTY, rows, diffs }, shown)
  const merge = { pull: 7, base: 'main', judgedFor: 'main', isStep: false, comment: shown }
  const { text = '' } = mergeReports({ ...EMPTY, rows, diffs }, merge).validate
  const both = [...titles(comment), ...titles(text)]
  assert.ok(titles(comment).length > 0 && titles(text).length > 0)
  assert.deepEqual(both, names.slice(0, both.length))
})

test('without traffic there is no comment to rely on: the check has the diff from its start', () => {
  const review = { ...EMPTY, diffs: [environment('a', [resource('x', 3)])] }
  const { comment, text = '' } = summaryPages(review)
  assert.match(text, /^`ConfigMap default\/x` changed/m)
  assert.doesNotMatch(text, /shown/)
  assert.match(comment, /The diff of 1 resource is in the check `canary\/validate`/)
})

test('a resource that alone is too large is cut between lines, its fence closed', () => {
  const huge = resource('huge', 10_000)
  const small = resource('small', 3)
  const { comment, text = '' } = summaryPages({ ...EMPTY, rows: [row('a')], diffs: [environment('a', [huge, small])] })
  const left = Number(/^… (\d+) more lines\n```$/m.exec(comment)?.[1])
  const shown = comment.match(/^\+line \d+ of huge$/gm)?.length ?? 0
  assert.equal(shown + left, 10_000)
  assert.match(text, /small/)
  const alone = summaryPages({ ...EMPTY, rows: [row('a')], diffs: [environment('a', [huge])] })
  assert.equal(alone.text, undefined)
  assert.match(alone.comment, /Not all lines are shown: all of it with `perch diff aaaaaaaaaaaa\.\.\.bbbbbbbbbbbb`/)
})

test('a thousand environments: the table is cut between rows, and says how many more there are', () => {
  const names = Array.from({ length: 1000 }, (_, n) => `environment-${n}`)
  const rows = names.map((name) => row(name))
  const diffs = names.map((name) => environment(name, [resource('x', 3)], { state: 'added' }))
  const review = { ...EMPTY, rows, diffs }
  const [comment = '', summary = ''] = posted(review)
  for (const page of [comment, summary]) {
    const shown = page.match(/^\| environment-/gm)?.length ?? 0
    assert.ok(shown > 50)
    assert.ok(page.includes(`\n\n… and ${1000 - shown} more rules in ${1000 - shown} environments.`))
  }
  for (const page of posted(review)) assert.ok(sizeOf(page) <= MAX_CHECK)
})

test('environments that are added, removed or not comparable are described in words', () => {
  const rendered = { code: 'timed-out', detail: '' } as const
  const unbuilt = renderProblem({ environment: 'odd', file: undefined, rendered })
  const diffs = [
    environment('gone', [resource('a', 1), resource('b', 1)], { state: 'removed' }),
    environment('new', [resource('a', 1)], { state: 'added' }),
    environment('odd', [resource('a', 1)], { unknownBefore: unbuilt, hidden: 3 }),
  ]
  const { comment } = summaryPages({ ...EMPTY, rows: [row('odd')], diffs })
  assert.match(comment, /- Environment `gone` is removed: 2 resources\./)
  assert.match(comment, /- Environment `new` is new: 1 resource\./)
  assert.match(
    comment,
    /- ⚠️ Perch cannot compare environment `odd` with its state before: Environment `odd` took too long to build\. All of it counts as new\./,
  )
  assert.match(comment, /- 3 resources change only in fields that `\.github\/canary\.yml` hides\./)
})

test('a thousand problems: the lists are cut between lines, and the annotations are bounded', () => {
  const problems = Array.from({ length: 1000 }, (_, n) =>
    renderProblem({
      environment: `e${n}`,
      file: `e${n}/kustomization.yaml`,
      line: n,
      rendered: { code: 'build-failed', detail: `no such thing ${'x'.repeat(n)}` },
    }),
  )
  const report = validateReport({ ...EMPTY, problems })
  const shown = report.summary.match(/^- ⛔/gm)?.length ?? 0
  assert.ok(
    report.summary.includes(`… and ${1000 - shown} more problems: \`perch validate\` in a checkout lists them all.`),
  )
  assert.equal(report.annotations?.length, 150)
  for (const page of posted({ ...EMPTY, problems })) assert.ok(sizeOf(page) <= MAX_CHECK)
})

/** Text that other people may write: characters that Markdown, HTML and GitHub interpret, and invisible ones. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '@octo/team',
        '@alice',
        '#12',
        '```',
        '``````',
        '`',
        '</details>',
        '<details>',
        '<!-- perch:summary -->',
        '<!--',
        '-->',
        '<!-- perch:answer:1 -->',
        '<img src=x>',
        '|',
        '\n',
        '\r\n',
        '\n\n',
        '~~~',
        '\u202E',
        '\u2066',
        '\u0000',
        '\u001B[31m',
        '**',
        '[x](http://evil)',
        'https://evil.example',
        'www.evil.example',
        '\\',
        '$&',
        '\uD83D',
        '🐤',
        '- ',
        '> ',
        '# ',
        '    ',
        '&lt;',
        '</b>',
        '</summary>',
        '<script>',
      ),
      fc.string({ unit: 'binary', maxLength: 20 }),
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((parts) => parts.join(''))
const long = fc
  .tuple(nasty, fc.integer({ min: 1, max: 4000 }))
  .map(([text, times]) => text.repeat(times).slice(0, 20_000))
const anyText = fc.oneof({ arbitrary: nasty, weight: 5 }, { arbitrary: long, weight: 1 })

const anyRow = fc.record({ environment: anyText, route: anyText, rule: anyText }).map((names): TrafficRow => {
  return { ...row('x'), ...names, after: [{ name: names.rule, share: 5 }] }
})
const anyResource = fc
  .record({ title: anyText, patch: anyText, traffic: fc.array(anyRow, { maxLength: 2 }) })
  .map((fields) =>
    resource('x', 1, {
      ...fields,
      patch: fields.patch
        .split('\n')
        .map((line) => `+${line}`)
        .join('\n'),
    }),
  )
const anyDiff = fc
  .record({ name: anyText, resources: fc.array(anyResource, { maxLength: 6 }) })
  .map(({ name, resources }) => environment(name, resources))
const anyProblem = anyText.map((detail): Problem =>
  renderProblem({ environment: detail, file: 'a.yaml', rendered: { code: 'build-failed', detail } }),
)
const anyReview = fc
  .record({
    rows: fc.array(anyRow, { maxLength: 4 }),
    diffs: fc.array(anyDiff, { maxLength: 4 }),
    problems: fc.array(anyProblem, { maxLength: 3 }),
  })
  .map((fields): Review => ({ ...EMPTY, ...fields }))

/** Perch's own HTML, and nothing else. */
const OURS =
  /^(?:<!-- perch:(?:summary|answer:7) -->|<details><summary><b>(?:[^<]|<span>\$<\/span>)*<\/b>(?:[^<]|<span>\$<\/span>)*<\/summary>|<\/details>|<sub>|<\/sub>|<\/?span>)$/

interface Node {
  readonly type: string
  readonly value?: string
  readonly children?: readonly Node[]
}

function leavesOf(node: Node): readonly Node[] {
  return node.children === undefined ? [node] : node.children.flatMap(leavesOf)
}

function assertWellFormed(page: string): void {
  for (const node of leavesOf(fromMarkdown(page))) {
    if (node.type === 'html') {
      for (const line of (node.value ?? '').split('\n')) assert.match(line, OURS)
      assert.doesNotMatch(node.value ?? '', /[@#]\w/)
    }
    if (node.type === 'text') {
      assert.doesNotMatch(node.value ?? '', /@[A-Za-z0-9]|#\d|https?:\/\//)
    }
    assert.notEqual(node.type, 'image')
  }
  assert.equal(page.match(/<details>(?=<summary><b>)/g)?.length ?? 0, page.match(/^<\/details>$/gm)?.length ?? 0)
  // eslint-disable-next-line no-control-regex -- these must not be there
  assert.doesNotMatch(page, /[\u0000-\u0008\u000B-\u001F\u202A-\u202E\u2066-\u2069]/)
}

test('no name and no value in a review breaks the comment or the checks, or mentions anybody', () => {
  fc.assert(
    fc.property(anyReview, (review) => {
      const { comment, text = '' } = summaryPages(review)
      const { summary, title, annotations = [] } = validateReport(review)
      assert.ok(comment.length <= MAX_COMMENT && sizeOf(comment) <= MAX_COMMENT)
      assert.equal(comment.match(/<!-- *perch:/g)?.length, 1)
      assert.ok(comment.startsWith(SUMMARY_MARKER))
      for (const page of [text, summary]) {
        assert.ok(sizeOf(page) <= MAX_CHECK)
        assert.doesNotMatch(page, /<!-- *perch:/)
      }
      assert.ok(title.length <= 255)
      for (const annotation of annotations) assert.ok(sizeOf(annotation.message) < 64 * 1024)
      for (const page of [comment, text, summary]) assertWellFormed(page)
    }),
    { numRuns: 60 },
  )
})

test('no name in a refusal breaks an answer', () => {
  const outcomes = fc.array(
    fc
      .tuple(anyText, fc.array(fc.record({ service: anyText, environment: anyText }), { maxLength: 30 }))
      .map(([command, choices]): { command: string; outcome: Outcome } => ({
        command,
        outcome: { code: 'refused', refusal: { code: 'ambiguous', choices } },
      })),
    { minLength: 1, maxLength: 12 },
  )
  fc.assert(
    fc.property(outcomes, (all) => {
      const body = answer(7, 'alice', all)
      assert.ok(sizeOf(body) <= MAX_COMMENT)
      assert.equal(body.match(/<!-- *perch:/g)?.length, 1)
      assertWellFormed(body)
    }),
    { numRuns: 60 },
  )
})

test('many conflicts and many answers stay bounded, and an open fence is closed where they are cut', () => {
  assert.ok(sizeOf(explainProblem(conflictProblem(Array.from({ length: 5000 }, (_, n) => `a/${n}`))).what) < 1000)
  const text = `intro\n\n<details><summary>x</summary>\n\n\`\`\`\`diff\n${'+ line\n'.repeat(20_000)}\`\`\`\`\n\n</details>`
  const cut = bounded(text)
  assert.ok(sizeOf(cut) <= MAX_CHECK)
  assert.ok(cut.endsWith('+ line\n````\n\n</details>\n\n… The rest does not fit here.'))
  assert.equal(bounded('short'), 'short')
})
