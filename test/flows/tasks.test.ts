/** "Once for one cause": when two requests are one job, when a job is done, and how long it is tried. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Cause, type CauseOf, RULES } from '../../src/flows/tasks/causes.ts'
import { jobOf, Task } from '../../src/flows/tasks/tasks.ts'
import type { Job } from '../../src/ports/jobs.ts'

const PLACE = { installation: 5, repo: { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'main' } }
const NOW = Date.UTC(2026, 10, 26, 10)
const SECOND = 1_000
const MINUTE = 60 * SECOND
const HEAD = 'a'.repeat(40)
const OTHER = 'b'.repeat(40)

type Same<C> = C extends unknown
  ? { readonly one: C; readonly same?: readonly C[]; readonly other: readonly C[] }
  : never

/** For each kind of cause: variants that are the same cause, and variants that are another one. */
type Table<C extends Cause> = { readonly [Code in C['code']]: Same<Extract<C, { readonly code: Code }>> }

function byDelivery<C>(one: C): { one: C; other: readonly C[] } {
  return { one, other: [{ ...one, delivery: 'another' }] }
}

const delivery = 'guid'

const REVIEW: Table<CauseOf<'review'>> = {
  'new-head': byDelivery({ code: 'new-head', delivery, head: HEAD }),
  'pull-changed': byDelivery({ code: 'pull-changed', delivery }),
  reopened: byDelivery({ code: 'reopened', delivery }),
  signal: byDelivery({ code: 'signal', delivery, commit: HEAD }),
  command: byDelivery({ code: 'command', delivery }),
  rerun: byDelivery({ code: 'rerun', delivery }),
  unanswered: {
    one: { code: 'unanswered', comment: 7, at: NOW },
    same: [{ code: 'unanswered', comment: 7, at: NOW + MINUTE - 1 }],
    other: [
      { code: 'unanswered', comment: 7, at: NOW + MINUTE },
      { code: 'unanswered', comment: 8, at: NOW },
    ],
  },
  opened: {
    one: { code: 'opened', labels: ['canary'] },
    same: [{ code: 'opened', labels: ['canary'] }],
    other: [],
  },
  adopted: { one: { code: 'adopted', labels: ['canary'] }, other: [{ code: 'adopted', labels: [] }] },
  remade: { one: { code: 'remade', head: HEAD }, other: [{ code: 'remade', head: OTHER }] },
  'shared-commit': { one: { code: 'shared-commit', due: NOW }, other: [{ code: 'shared-commit', due: NOW + 500 }] },
  'base-moved': {
    one: { code: 'base-moved', branch: 'main', head: HEAD, at: NOW },
    other: [
      // It was reset in between.
      { code: 'base-moved', branch: 'main', head: HEAD, at: NOW + 1 },
      { code: 'base-moved', branch: 'main', head: OTHER, at: NOW },
    ],
  },
  'home-moved': {
    one: { code: 'home-moved', head: HEAD, at: NOW },
    other: [{ code: 'home-moved', head: HEAD, at: NOW + 1 }],
  },
  stops: {
    one: { code: 'stops', change: 'x', at: NOW },
    same: [{ code: 'stops', change: 'x', at: NOW + MINUTE - 1 }],
    other: [
      { code: 'stops', change: 'y', at: NOW },
      { code: 'stops', change: 'x', at: NOW + MINUTE },
    ],
  },
  measured: {
    one: { code: 'measured', rollout: 'main:production/api', outcome: 'fail', at: NOW },
    other: [
      { code: 'measured', rollout: 'main:production/api', outcome: 'fail', at: NOW + 1 },
      { code: 'measured', rollout: 'main:production/web', outcome: 'fail', at: NOW },
      { code: 'measured', rollout: 'main:production/api', outcome: 'pass', at: NOW },
    ],
  },
  'older-ended': {
    one: { code: 'older-ended', older: 3, at: NOW },
    other: [
      { code: 'older-ended', older: 3, at: NOW + 1 },
      { code: 'older-ended', older: 4, at: NOW },
    ],
  },
  'older-found': {
    one: { code: 'older-found', older: 3, heads: 'a:b' },
    same: [{ code: 'older-found', older: 3, heads: 'a:b' }],
    other: [
      { code: 'older-found', older: 3, heads: 'a:c' },
      { code: 'older-found', older: 4, heads: 'a:b' },
    ],
  },
  rival: {
    one: { code: 'rival', older: 3, heads: 'a:b', at: NOW },
    other: [
      { code: 'rival', older: 3, heads: 'a:b', at: NOW + 1 },
      { code: 'rival', older: 4, heads: 'a:b', at: NOW },
    ],
  },
  timer: {
    one: { code: 'timer', head: HEAD, due: NOW },
    same: [{ code: 'timer', head: HEAD, due: NOW, second: undefined }],
    other: [
      { code: 'timer', head: HEAD, due: NOW + 1 },
      { code: 'timer', head: OTHER, due: NOW },
      { code: 'timer', head: HEAD, due: NOW, second: 1 },
    ],
  },
  'merge-refused': {
    one: { code: 'merge-refused', head: HEAD, due: NOW },
    same: [{ code: 'merge-refused', head: HEAD, due: NOW + 15 * SECOND - 1 }],
    other: [
      { code: 'merge-refused', head: HEAD, due: NOW + 15 * SECOND },
      { code: 'merge-refused', head: OTHER, due: NOW },
    ],
  },
  swept: {
    one: { code: 'swept', head: HEAD, at: NOW },
    same: [{ code: 'swept', head: HEAD, at: NOW + 5 * SECOND - 1 }],
    other: [
      { code: 'swept', head: HEAD, at: NOW + 5 * SECOND },
      { code: 'swept', head: OTHER, at: NOW },
    ],
  },
}

const ADVANCE: Table<CauseOf<'advance'>> = {
  'pull-changed': byDelivery({ code: 'pull-changed', delivery }),
  'pull-ended': byDelivery({ code: 'pull-ended', delivery, merged: true, head: HEAD }),
  pushed: byDelivery({ code: 'pushed', delivery, head: HEAD }),
  button: byDelivery({ code: 'button', delivery, pull: 3, name: 'hold', login: 'alice', head: HEAD }),
  'handed-over': {
    one: { code: 'handed-over', pull: 3, comment: 7 },
    same: [{ code: 'handed-over', pull: 3, comment: 7 }],
    other: [{ code: 'handed-over', pull: 3, comment: 8 }],
  },
  'step-changed': {
    one: { code: 'step-changed', pull: 3, head: HEAD },
    same: [{ code: 'step-changed', pull: 3, head: HEAD }],
    other: [
      { code: 'step-changed', pull: 3, head: OTHER },
      { code: 'step-changed', pull: 4, head: HEAD },
    ],
  },
  'handed-again': {
    one: { code: 'handed-again', pull: 3, comment: 7, at: NOW },
    same: [{ code: 'handed-again', pull: 3, comment: 7, at: NOW + 10 * MINUTE - 1 }],
    other: [
      { code: 'handed-again', pull: 3, comment: 7, at: NOW + 10 * MINUTE },
      { code: 'handed-again', pull: 3, comment: 8, at: NOW },
    ],
  },
  failed: {
    one: { code: 'failed', rollout: 'main:production/api', step: HEAD, failsSince: NOW, at: NOW },
    same: [{ code: 'failed', rollout: 'main:production/api', step: HEAD, failsSince: NOW, at: NOW + 10 * MINUTE - 1 }],
    other: [
      { code: 'failed', rollout: 'main:production/api', step: OTHER, failsSince: NOW, at: NOW },
      { code: 'failed', rollout: 'main:production/api', step: HEAD, failsSince: NOW + 1, at: NOW },
      { code: 'failed', rollout: 'main:production/api', step: HEAD, failsSince: NOW, at: NOW + 10 * MINUTE },
      { code: 'failed', rollout: 'main:production/web', step: HEAD, failsSince: NOW, at: NOW },
    ],
  },
  merged: { one: { code: 'merged', head: HEAD }, other: [{ code: 'merged', head: OTHER }] },
  'in-conflict': {
    one: { code: 'in-conflict', head: HEAD, base: OTHER },
    same: [{ code: 'in-conflict', head: HEAD, base: OTHER }],
    other: [{ code: 'in-conflict', head: HEAD, base: HEAD }],
  },
  ended: {
    one: { code: 'ended', pull: 3, at: NOW },
    same: [{ code: 'ended', pull: 3, at: NOW + 5 * SECOND - 1 }],
    other: [
      { code: 'ended', pull: 3, at: NOW + 5 * SECOND },
      { code: 'ended', pull: 4, at: NOW },
    ],
  },
  swept: REVIEW.swept,
}

const ACKNOWLEDGE: Table<CauseOf<'acknowledge'>> = {
  missed: { one: { code: 'missed' }, same: [{ code: 'missed' }], other: [] },
}

const GROUP: Table<CauseOf<'group'>> = {
  delivered: byDelivery({ code: 'delivered', delivery }),
  signal: REVIEW.signal,
  stops: REVIEW.stops,
  measured: REVIEW.measured,
  rerun: REVIEW.rerun,
  timer: REVIEW.timer,
  swept: REVIEW.swept,
  peer: {
    one: { code: 'peer', digest: 'x', at: NOW },
    other: [
      { code: 'peer', digest: 'x', at: NOW + 1 },
      { code: 'peer', digest: 'y', at: NOW },
    ],
  },
}

const MEASURE: Table<CauseOf<'measure'>> = { swept: REVIEW.swept }

const NOTIFY: Table<CauseOf<'notify'>> = {
  news: {
    one: { code: 'news', key: 'live main production web 1' },
    same: [{ code: 'news', key: 'live main production web 1' }],
    other: [],
  },
}

const DEPLOYMENT: Table<CauseOf<'deployment'>> = {
  'step-shown': {
    one: { code: 'step-shown', key: 'success production web 1' },
    same: [{ code: 'step-shown', key: 'success production web 1' }],
    other: [{ code: 'step-shown', key: 'failure production web 1' }],
  },
}

/** GitHub may send the webhook again. */
const ONBOARD: Table<CauseOf<'onboard'>> = {
  installed: {
    one: { code: 'installed', delivery, repository: 1, due: NOW },
    same: [{ code: 'installed', delivery, repository: 1, due: NOW + 10 * MINUTE - 1 }],
    other: [
      { code: 'installed', delivery, repository: 2, due: NOW },
      { code: 'installed', delivery: 'other', repository: 1, due: NOW },
    ],
  },
}

const CANARIES: Table<CauseOf<'canaries'>> = {
  asked: {
    one: { code: 'asked', mark: 'a', at: NOW },
    same: [{ code: 'asked', mark: 'a', at: NOW + 4_000 }],
    other: [
      { code: 'asked', mark: 'b', at: NOW },
      { code: 'asked', mark: 'a', at: NOW + 5_000 },
    ],
  },
}

const VERSION = { code: 'version-asked', version: 'newest', wanted: 1, mark: 'a', at: NOW } as const
const CANARY_APPROVALS: Table<CauseOf<'canary-approvals'>> = {
  'version-asked': {
    one: VERSION,
    same: [{ ...VERSION, at: NOW + 4_000 }],
    other: [
      { ...VERSION, version: 'checksum 1' },
      { ...VERSION, mark: 'b' },
      { ...VERSION, wanted: 2 },
      { ...VERSION, at: NOW + 5_000 },
    ],
  },
}

const CANARY_NEWS: Table<CauseOf<'canary-news'>> = {
  told: { one: { code: 'told', at: NOW }, other: [{ code: 'told', at: NOW + 1 }] },
}

/** All changes within one minute are one cause. */
const DASHBOARD: Table<CauseOf<'dashboard'>> = {
  listed: { one: { code: 'listed', due: NOW }, other: [{ code: 'listed', due: NOW + MINUTE }] },
  delivered: { one: { code: 'delivered', delivery }, other: [{ code: 'delivered', delivery: 'other' }] },
  swept: { one: { code: 'swept', at: NOW }, other: [{ code: 'swept', at: NOW + 5_000 }] },
}

const SHOWN = { environment: 'production', service: 'web', commit: HEAD, share: 5, state: 'success' } as const

const SWEEP: Table<CauseOf<'sweep'>> = {
  started: { one: { code: 'started', at: NOW }, other: [{ code: 'started', at: NOW + 1 }] },
  interval: { one: { code: 'interval', count: 1 }, other: [{ code: 'interval', count: 2 }] },
}

function check<C extends Cause>(
  what: string,
  table: Readonly<Record<string, { readonly one: C; readonly same?: readonly C[]; readonly other: readonly C[] }>>,
  jobFor: (why: C) => Job,
): void {
  for (const { one, same = [], other } of Object.values(table))
    test(`${what} because of ${one.code}: once for one cause`, () => {
      const { id, key } = jobFor(one)
      for (const why of [...same, one]) assert.equal(jobFor(why).id, id)
      for (const why of other) assert.notEqual(jobFor(why).id, id, JSON.stringify(why))
      for (const why of [...same, ...other]) assert.equal(jobFor(why).key, key)
    })
}

check<CauseOf<'review'>>('a review', REVIEW, (why) => jobOf({ type: 'review', ...PLACE, pull: 3, why }))
check<CauseOf<'advance'>>('an advance', ADVANCE, (why) => jobOf({ type: 'advance', ...PLACE, base: 'main', why }))
check<CauseOf<'group'>>('a group', GROUP, (why) =>
  jobOf({ type: 'group', ...PLACE, base: 'main', ref: 'x', head: HEAD, why }),
)
check<CauseOf<'measure'>>('a measurement', MEASURE, (why) => jobOf({ type: 'measure', ...PLACE, base: 'main', why }))
check<CauseOf<'acknowledge'>>('an acknowledgement', ACKNOWLEDGE, (why) =>
  jobOf({ type: 'acknowledge', ...PLACE, pull: 3, comment: 78, why }),
)
check<CauseOf<'notify'>>('news', NOTIFY, (why) =>
  jobOf({ type: 'notify', ...PLACE, base: 'main', news: { event: 'live', environment: 'production' }, at: NOW, why }),
)
check<CauseOf<'deployment'>>('a deployment', DEPLOYMENT, (why) =>
  jobOf({ type: 'deployment', ...PLACE, ...SHOWN, why }),
)
check<CauseOf<'onboard'>>('an onboarding', ONBOARD, (why) =>
  jobOf({ type: 'onboard', installation: 5, repository: { owner: 'acme', name: 'gitops' }, why }),
)
check<CauseOf<'canaries'>>('a look at Canaries', CANARIES, (why) =>
  jobOf({ type: 'canaries', repository: { owner: 'acme', name: 'gitops' }, why }),
)
check<CauseOf<'canary-approvals'>>('approvals of a version', CANARY_APPROVALS, (why) =>
  jobOf({ type: 'canary-approvals', repository: { owner: 'acme', name: 'gitops' }, rollout: 'production/web', why }),
)
check<CauseOf<'canary-news'>>('news of a Canary', CANARY_NEWS, (why) =>
  jobOf({ type: 'canary-news', repository: { owner: 'acme', name: 'gitops' }, rollout: 'production/web', why }),
)
check<CauseOf<'dashboard'>>('a dashboard', DASHBOARD, (why) => jobOf({ type: 'dashboard', ...PLACE, why }))
check<CauseOf<'sweep'>>('a sweep', SWEEP, (why) => jobOf({ type: 'sweep', ...PLACE, why }))

test('the order of the facts in a cause does not matter', () => {
  const idOf = (why: CauseOf<'review'>): string | undefined => jobOf({ type: 'review', ...PLACE, pull: 3, why }).id
  const turned = { at: NOW, head: HEAD, branch: 'main', code: 'base-moved' } as const
  assert.equal(idOf(turned), idOf(REVIEW['base-moved'].one))
})

test('two different causes never have the same id', () => {
  const all = [
    REVIEW,
    ADVANCE,
    GROUP,
    MEASURE,
    ACKNOWLEDGE,
    NOTIFY,
    DEPLOYMENT,
    ONBOARD,
    CANARIES,
    CANARY_APPROVALS,
    CANARY_NEWS,
    DASHBOARD,
    SWEEP,
  ].flatMap((table) => Object.values(table))
  const ids = new Map(all.map(({ one }) => [one.code, jobOf({ type: 'review', ...PLACE, pull: 3, why: one }).id]))
  assert.equal(ids.size, Object.keys(RULES).length)
  assert.equal(new Set(ids.values()).size, ids.size)
})

test('tasks that owe somebody an answer, and tasks that nobody requests again, are tried for as long as commands live', () => {
  const patient = Object.entries(RULES).flatMap(([code, { isPatient }]) => (isPatient === true ? [code] : []))
  assert.deepEqual(patient.sort(), [
    'adopted',
    'button',
    'command',
    'handed-over',
    'installed',
    'news',
    'opened',
    'reopened',
    'step-shown',
    'told',
  ])
  const at = { type: 'review', ...PLACE, pull: 3 } as const
  assert.equal(jobOf({ ...at, why: REVIEW.command.one }).patienceMs, 25 * 60 * MINUTE)
  assert.equal(jobOf({ ...at, why: REVIEW.unanswered.one }).patienceMs, undefined)
})

test('only a task with a moment waits for it', () => {
  const all = [REVIEW, ADVANCE, GROUP, MEASURE, ACKNOWLEDGE, NOTIFY, DEPLOYMENT, ONBOARD, CANARIES, SWEEP].flatMap(
    (table) => Object.values(table),
  )
  const later = all.flatMap(({ one }) => {
    const { notBefore } = jobOf({ type: 'review', ...PLACE, pull: 3, why: one })
    return notBefore === undefined ? [] : [[one.code, notBefore]]
  })
  assert.deepEqual(Object.fromEntries(later), {
    timer: NOW,
    'shared-commit': NOW,
    'merge-refused': NOW,
    installed: NOW,
  })
})

test('each task has the key of the work with which it must not overlap', () => {
  const why = { code: 'delivered', delivery } as const
  const swept = { code: 'swept', at: NOW } as const
  const news = { event: 'started', environment: 'production', service: 'web' } as const
  const told = { code: 'news', key: 'started main production web 1' } as const
  const report = { name: 'argocd/web', commit: HEAD, state: 'success', at: 1, reason: '', teller: 'x' } as const
  const keys: Readonly<Record<string, Task>> = {
    '1!77': { type: 'comment', ...PLACE, pull: 3, comment: 77, body: 'x', why: { code: 'command', delivery } },
    '1!78': { type: 'acknowledge', ...PLACE, pull: 3, comment: 78, why: { code: 'missed' } },
    '1!review:9': { type: 'redirect', ...PLACE, pull: 3, review: 9, login: 'alice', body: 'x', why },
    '1#3': { type: 'review', ...PLACE, pull: 3, why: swept },
    '1#4': { type: 'clean-up', ...PLACE, pull: 4, why: swept },
    '1:dashboard': { type: 'dashboard', ...PLACE, why },
    '1:judge-again': { type: 'judge-again', ...PLACE, why },
    '1@release/1': { type: 'advance', ...PLACE, base: 'release/1', why: swept },
    '1~main': { type: 'measure', ...PLACE, base: 'main', why: swept },
    '1>started main production web 1': { type: 'notify', ...PLACE, base: 'main', news, at: NOW, why: told },
    '1>started main production web 1>team': {
      type: 'deliver',
      ...PLACE,
      to: 'team',
      news,
      at: NOW,
      why: { ...told, to: 'team' },
    },
    '1=production/web': { type: 'deployment', ...PLACE, ...SHOWN, why: { code: 'step-shown', key: 'x' } },
    [`1!${HEAD}`]: { type: 'group', ...PLACE, base: 'main', ref: 'x', head: HEAD, why },
    [`1!${OTHER}`]: { type: 'rerun', ...PLACE, head: OTHER, why },
    '1:sweep': { type: 'sweep', ...PLACE, why: { code: 'started', at: 1 } },
    'sweep-all': { type: 'sweep-all', why: { code: 'started', at: 1 } },
    'onboard:5': {
      type: 'onboard',
      installation: 5,
      repository: { owner: 'acme', name: 'gitops' },
      why: { code: 'installed', delivery, repository: 1, due: NOW },
    },
    'canaries:acme/gitops': {
      type: 'canaries',
      repository: { owner: 'Acme', name: 'GitOps' },
      why: { code: 'asked', mark: 'a', at: NOW },
    },
    'canary-approvals:acme/gitops:production/web': {
      type: 'canary-approvals',
      repository: { owner: 'Acme', name: 'GitOps' },
      rollout: 'production/web',
      why: { code: 'version-asked', version: 'newest', wanted: 1, mark: 'a', at: NOW },
    },
    'canary-news:acme/gitops:production/web': {
      type: 'canary-news',
      repository: { owner: 'Acme', name: 'GitOps' },
      rollout: 'production/web',
      why: { code: 'told', at: NOW },
    },
    [`report:acme/gitops:${HEAD}:argocd/web`]: {
      type: 'report',
      repository: { owner: 'Acme', name: 'GitOps' },
      report,
      receivedAt: 2,
      why,
    },
  }
  for (const [key, task] of Object.entries(keys)) {
    const job = jobOf(task)
    assert.equal(job.key, key)
    assert.deepEqual(
      Task.parse(JSON.parse(JSON.stringify(job.data))),
      task,
      'a task comes out of the queue as it went in',
    )
  }
  assert.deepEqual(
    Object.values(keys)
      .map(({ type }) => type)
      .toSorted(),
    Task.options.map((option) => option.shape.type.value).toSorted(),
  )
})

test('for some kinds of causes, repetitions within seconds or minutes are one cause', () => {
  const slots = Object.entries(RULES).flatMap(([code, { slotMs }]) => (slotMs === undefined ? [] : [[code, slotMs]]))
  assert.deepEqual(Object.fromEntries(slots), {
    installed: 10 * MINUTE,
    'handed-again': 10 * MINUTE,
    unanswered: MINUTE,
    stops: MINUTE,
    failed: 10 * MINUTE,
    ended: 5 * SECOND,
    'merge-refused': 15 * SECOND,
    asked: 5 * SECOND,
    'version-asked': 5 * SECOND,
    swept: 5 * SECOND,
  })
})
