/**
 * Everything that Perch can say, on one page. So whoever changes a sentence reads it like its readers, and no sentence changes
 * unnoticed.
 */
import { test } from 'node:test'
import { NO_CHANGE } from '../../../src/core/gate/review.ts'
import { commitReports, mergeReports, orphanReport } from '../../../src/core/message/check/commit-checks.ts'
import { failedReports, idleReports, outageWords, workingReports } from '../../../src/core/message/check/checks.ts'
import { diffText, problemLines, validText } from '../../../src/core/message/command-line/terminal-review.ts'
import { setText, statusText } from '../../../src/core/message/command-line/terminal.ts'
import { answer, buttonAnswer, repeatedAnswer } from '../../../src/core/message/comment/answer.ts'
import {
  changedStepNotice,
  mergeNotice,
  notice,
  notLiveNotice,
  ownStartNotice,
} from '../../../src/core/message/comment/notice.ts'
import { redirection } from '../../../src/core/message/comment/redirection.ts'
import { stoppedWords } from '../../../src/core/message/comment/stopped-step.ts'
import { summaryPages } from '../../../src/core/message/comment/summary.ts'
import { analysisTable, analysisWords } from '../../../src/core/message/gate/analysis.ts'
import { liveSentence } from '../../../src/core/message/gate/live.ts'
import { explainProblem } from '../../../src/core/message/problem/problem.ts'
import { onboardingBody, onboardingCommit } from '../../../src/core/message/onboarding/pull-request.ts'
import { closingComment } from '../../../src/core/message/pull-request/closing.ts'
import * as pulls from '../../../src/core/message/pull-request/pull-request.ts'
import { explainRefusal } from '../../../src/core/message/refusal/refusal.ts'
import type { CheckReport } from '../../../src/core/rollout/facts.ts'
import type { Move } from '../../../src/core/rollout/move.ts'
import type { CloseReason } from '../../../src/core/rollout/transition.ts'
import { standingOf } from '../../../src/core/rollout/standing.ts'
import { flaggerCanary } from '../../owners.ts'
import { sample, snapshotOf } from '../samples.ts'
import { assertPage } from './page.ts'
import { canaryCheckWords, supersededWords } from '../../../src/core/message/flagger/news.ts'
import { hookWords } from '../../../src/core/message/flagger/hook.ts'
import { dashboards } from './word-dashboards.ts'
import { canaryNews, hookAnswers, outcomes, review } from './word-outcomes.ts'
import { livenesses, problems, refusals, remedies, reports, target, verdicts } from './word-samples.ts'

const MOVES: readonly Move[] = [
  { kind: 'share', from: 0, to: 5 },
  { kind: 'share', from: 5, to: 25 },
  { kind: 'share', from: 25, to: 5 },
  { kind: 'share', from: 5, to: 26 },
  { kind: 'rollback', from: 25 },
  { kind: 'finish-version', from: 'v1', to: 'v2' },
  { kind: 'finish-weights' },
]
const CLOSED: readonly CloseReason[] = [
  'rolling-back',
  'replaced',
  'superseded',
  'nothing-to-do',
  'aborted',
  'split',
  'misplaced',
  'failed',
  'not-deployed',
]

function pullRequests(): readonly string[] {
  const failure = reports()[2]
  const asked = { login: 'alice', pull: 7, reason: 'it is slow' }
  return MOVES.flatMap((move) =>
    [
      { move, target, version: 'v2', origin: undefined },
      {
        move,
        target,
        version: 'v2',
        origin: 7,
        previous: 11,
        closed: move.kind === 'rollback' ? [13] : [],
        asked,
        driver: 'alice',
        failure,
      },
      ...(move.kind === 'rollback'
        ? [{ move, target, version: 'v2', origin: undefined, driver: 'alice', isForRestart: true }]
        : []),
    ].flatMap((proposal) => {
      const { headline, body } = pulls.moveCommit(proposal)
      return [headline, body, pulls.moveTitle(proposal), pulls.moveBody(proposal)]
    }),
  )
}

function closings(): readonly string[] {
  const failure = reports()[2]
  return CLOSED.flatMap((reason) => [
    closingComment(reason),
    closingComment(reason, { failure, by: 7, cause: '12', drivers: ['alice'] }),
  ])
}

function checks(): readonly string[] {
  const merge = (pull: number | undefined, base: string, judgedFor: string, isStep: boolean, problem?: number) =>
    mergeReports(review({ problems: problem === undefined ? [] : problems().slice(0, problem) }), {
      pull,
      base,
      judgedFor,
      isStep,
      comment: undefined,
    })
  const shown = (all: readonly CheckReport[]): readonly string[] =>
    all.map(({ name, conclusion, title, summary, text, annotations = [], actions = [] }) =>
      [
        `${name} ${conclusion}: ${title}`,
        summary,
        text ?? '',
        ...annotations.map(
          ({ path, line, level, title: head, message }) => `${path}:${line} ${level} ${head}: ${message}`,
        ),
        ...actions.map(({ identifier, label, description }) => `[${identifier}: ${label}, ${description}]`),
      ].join('\n'),
    )
  const quiet = mergeReports(NO_CHANGE, { pull: 7, base: 'main', judgedFor: 'main', isStep: false, comment: undefined })
  return [
    ...shown(commitReports([quiet])),
    ...shown(commitReports([merge(7, 'main', 'main', true)])),
    ...shown(commitReports([merge(7, 'main', 'main', false, 2)])),
    ...shown(
      commitReports([
        merge(7, 'main', 'main', false),
        merge(8, 'next', 'main', false),
        merge(undefined, 'release', 'release', false, 1),
      ]),
    ),
    ...shown(commitReports([merge(8, 'next', 'main', false)])),
    ...shown([
      ...workingReports(),
      ...idleReports(),
      ...failedReports(outageWords('')),
      ...failedReports(outageWords('502')),
      orphanReport(),
    ]),
  ]
}

function onTerminal(): readonly string[] {
  const proof = { rendered: ['production', 'staging'], changed: ['production'] }
  const files = new Map([['a.yaml', { before: 'a: 1\n', after: 'a: 2\n' }]])
  return [
    setText({ target, from: 0, to: 5, files, proof, isDry: false }),
    setText({ target, from: 0, to: 5, files, proof, isDry: true }),
    setText({ target, from: 0, to: 5, files: new Map(), proof, isDry: false }),
    statusText([standingOf(target), standingOf(sample(100, 0))]),
    diffText(review()),
    diffText(NO_CHANGE),
    problemLines(problems().slice(0, 3)),
    problemLines(problems().slice(-1), 'note: '),
    validText(['a']),
    validText(['a', 'b']),
  ]
}

function firstComments(): readonly string[] {
  const one = { target: sample(100, 0), from: 'v2', to: 'v3', after: [] }
  const staging = { ...one, target: { ...one.target, environment: 'staging', environments: ['staging'] } }
  const later = { ...one, from: undefined, after: ['staging'] }
  return [
    summaryPages({ ...NO_CHANGE, newVersions: [one] }).comment,
    summaryPages({ ...NO_CHANGE, newVersions: [one] }, { isFork: true }).comment,
    summaryPages({ ...NO_CHANGE, newVersions: [staging, later] }).comment,
    summaryPages({ ...NO_CHANGE, newVersions: [one, { ...staging, from: undefined }] }, { isFork: true }).comment,
    summaryPages({ ...NO_CHANGE, newVersions: [...Array.from({ length: 11 }, () => one), later] }).comment,
    summaryPages({ ...NO_CHANGE, newVersions: [{ ...later, after: [one.target.environment] }] }).comment,
  ]
}

/** The Canaries that Flagger asks about. */
const ASKED = { repository: 'acme/gitops', name: 'web', namespace: 'shop', metadata: { key: 'k' } }

function onboardings(): readonly string[] {
  const legacy = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: legacy}
spec:
  hosts: [legacy]
  http: [{route: [{destination: {host: legacy}}]}]
`
  const found = snapshotOf({ 'app/legacy.yaml': legacy })
  const { targets: owned } = snapshotOf({ 'app/web.yaml': flaggerCanary() })
  const written = { hasEnvironments: true, hasServices: true }
  const { headline, body } = onboardingCommit()
  return [
    headline,
    body,
    onboardingBody({ snapshot: { ...found, targets: [sample(100, 0)] }, text: '', written }),
    onboardingBody({
      snapshot: { ...found, targets: [target, ...owned, ...found.targets] },
      text: '',
      written: { hasEnvironments: false, hasServices: false },
    }),
  ]
}

function page(): Readonly<Record<string, readonly string[]>> {
  const proposal = {
    move: { kind: 'share', from: 5, to: 25 },
    target,
    version: 'v2',
    origin: 7,
    driver: 'alice',
  } as const
  const { comment, text } = summaryPages(review(), { repository: 'https://github.com/acme/gitops' })
  return {
    Refusals: refusals().map(explainRefusal),
    Problems: problems().map(
      (problem) => `${problem.code} ${problem.line}: ${Object.values(explainProblem(problem)).join(' → ')}`,
    ),
    Live: livenesses().map(liveSentence),
    Measurements: reports().flatMap((report) => [analysisWords(report), analysisTable(report)]),
    Gates: verdicts(),
    'What turns a gate green': remedies(),
    Answers: [
      ...outcomes().map((outcome) => answer(12, 'alice', [{ command: '/canary', outcome }])),
      buttonAnswer({ id: 'x', name: 'hold', login: 'alice' }, { code: 'help' }),
      repeatedAnswer(12, 'alice'),
      redirection(9, 'alice'),
    ],
    Notices: [
      ...refusals()
        .slice(0, 12)
        .map((refusal) => notice(proposal, refusal)),
      ...refusals()
        .slice(0, 2)
        .map((refusal, index) => mergeNotice(refusal, ['alice', 'bob'].slice(0, index + 1))),
      changedStepNotice(),
      ...livenesses()
        .filter(({ state }) => state === 'overdue' || state === 'failed')
        .slice(0, 3)
        .map((liveness) => notLiveNotice(target, liveness, ['alice'])),
      ...refusals()
        .slice(0, 1)
        .map((refusal) => ownStartNotice({ id: 'start:default%2Fapi-service:first', target }, refusal)),
      ...[undefined, 7].map((origin) => stoppedWords(target, { share: 5, origin })),
    ],
    'Pull requests': [...pullRequests(), ...closings(), pulls.withMeasurements('Body', reports().slice(0, 1))],
    Onboarding: onboardings(),
    Dashboard: dashboards(),
    'Of Flagger': [
      ...canaryNews().map((one) => canaryCheckWords('production/web', one)),
      ...hookAnswers().flatMap((one) =>
        one.code === 'unapproved' || one.code === 'no-pull'
          ? canaryNews()
              .slice(1, 3)
              .map((news) => canaryCheckWords('production/web', news, one))
          : [],
      ),
      supersededWords('production/web'),
    ].map(({ conclusion = 'in progress', title, summary }) => `${conclusion}: ${title}\n\n${summary}`),
    'To Flagger': hookAnswers().map((one) => hookWords(one, ASKED)),
    Checks: checks(),
    Comment: [comment, text ?? '', summaryPages(NO_CHANGE).comment, ...firstComments()],
    Terminal: onTerminal(),
  }
}

test('every sentence is on a page that somebody has approved', () => assertPage('words.md', page()))
