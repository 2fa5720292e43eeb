import { type Dashboard, LISTED_STATES, type ListedRollout } from '../../../src/core/dashboard/dashboard.ts'
import {
  dashboardBody,
  dashboardOffBody,
  dashboardTwiceBody,
  noDashboardWords,
} from '../../../src/core/message/dashboard/dashboard.ts'
import { stuckWords } from '../../../src/core/message/comment/notice.ts'
import { AT, refusals, target } from './word-samples.ts'

/** The issue with all rollouts, with all of its variants. */
export function dashboards(): readonly string[] {
  const line: ListedRollout = { name: 'production/web', state: 'stepping', share: 5, version: 'v2', pulls: [] }
  const pulls: Dashboard['pulls'] = new Map([
    [16, { code: 'not-reviewed' }],
    [11, { code: 'ready' }],
    [12, { code: 'draft' }],
    [13, { code: 'red' }],
    [14, { code: 'gated', blocking: ['order'], waiting: ['live', 'bake'] }],
    [15, { code: 'gated', blocking: [], waiting: ['approvals'] }],
  ])
  const refusal = refusals()[0]
  const stuck = refusal === undefined ? undefined : stuckWords(target, refusal)
  const open = [11, 12, 13, 14, 15].map((pull) => ({ ...line, pulls: [pull], since: AT }))
  const left = LISTED_STATES.flatMap((state) => [undefined, 7].map((origin) => ({ ...line, state, origin })))
  const listed = (rollouts: readonly ListedRollout[], owned = 0) => ({ code: 'listed', rollouts, owned }) as const
  const all: readonly Dashboard[] = [
    { defaultBranch: 'main', listings: [['main', listed([])]], pulls: new Map() },
    { defaultBranch: 'main', listings: [['main', listed(open)]], pulls },
    {
      defaultBranch: 'main',
      listings: [
        ['main', listed([...left, { ...line, state: 'stuck', share: 'unknown', stuck }], 2)],
        ['next', listed([], 1)],
        ['old', { code: 'config' }],
        ['release', { code: 'not-looked-at' }],
      ],
      pulls: new Map(),
    },
  ]
  const missing = [undefined, refusal].map(noDashboardWords)
  return [...all.map(dashboardBody), dashboardOffBody('main'), dashboardTwiceBody(3), ...missing]
}
