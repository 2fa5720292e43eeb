/** The issue that lists all rollouts of a repository. It is written for a phone, and its words stay the same as long as nothing changes. */
import {
  type Dashboard,
  type ListedRollout,
  type Listing,
  otherPulls,
  type PullState,
  listedRollouts,
} from '../../dashboard/dashboard.ts'
import type { GateName } from '../../gate/names.ts'
import { DASHBOARD_MARKER, DASHBOARD_OFF_MARKER, lookMarker } from '../../marker/dashboard.ts'
import type { Refusal } from '../../refusal/refusal.ts'
import { fitLines } from '../../text/limits.ts'
import { counted, moreLine } from '../markdown/lists.ts'
import { bounded } from '../markdown/bounded.ts'
import { code, paragraphs, percent, table } from '../markdown/markdown.ts'
import { time } from '../markdown/time.ts'
import { explainRefusal } from '../refusal/refusal.ts'

export const DASHBOARD_TITLE = 'Canary rollouts'

/** Size limits in bytes. With a thousand rollouts, the table and the boxes show only a part of them. */
const ROOM = { rows: 30_000, stuck: 8_000, others: 4_000, boxes: 18_000 }

export function dashboardBody(dashboard: Dashboard): string {
  const { listings } = dashboard
  const isSingle = listings.length === 1
  const room = Math.floor(ROOM.rows / Math.max(1, listings.length))
  const parts = listings.map(([base, listing]) =>
    paragraphs(isSingle ? undefined : `### ${code(base)}`, listingWords(listing, dashboard, room)),
  )
  return bounded(
    paragraphs(
      DASHBOARD_MARKER,
      headline(dashboard),
      ...parts,
      stuckWords(listedRollouts(listings)),
      othersWords(dashboard),
      boxes(dashboard),
      footer(dashboard.defaultBranch),
    ),
  )
}

/** The text of the issue after Perch has closed it. */
export function dashboardOffBody(defaultBranch: string): string {
  return paragraphs(
    DASHBOARD_OFF_MARKER,
    `\`.github/canary.yml\` on ${code(defaultBranch)} no longer says \`dashboard: true\`, so Perch has closed this list and does not update it. \`/canary status\` in a comment on a pull request shows the rollouts. If you add \`dashboard: true\` again, Perch reopens this issue.`,
  )
}

/** The text of a second issue that Perch opened by mistake. */
export function dashboardTwiceBody(other: number): string {
  return paragraphs(DASHBOARD_OFF_MARKER, `Perch opened this list twice. It keeps #${other} up to date.`)
}

/** Why there is no dashboard. `refusal`: what GitHub refused, or undefined if issues are turned off. */
export function noDashboardWords(refusal: Refusal | undefined): string {
  return refusal === undefined
    ? 'Issues are turned off in this repository, so it has no dashboard. Turn them on in the settings, or remove `dashboard: true`.'
    : `${explainRefusal(refusal)} Or remove \`dashboard: true\` from \`.github/canary.yml\`.`
}

/** The summary in one line. */
function headline({ listings, pulls }: Dashboard): string {
  const rollouts = listedRollouts(listings)
  if (rollouts.length === 0) return listings.every(([, { code: name }]) => name === 'listed') ? NONE : ''
  const needs = rollouts.map((rollout) => needOf(rollout, pulls))
  const count = (need: Need): number => needs.filter((one) => one === need).length
  const [ready, help] = [count('merge'), count('help')]
  const parts = [
    ...(ready === 0 ? [] : [`${ready} ready to merge`]),
    ...(help === 0 ? [] : [`${help} ${help === 1 ? 'needs' : 'need'} a person`]),
  ]
  return `**${counted(rollouts.length, 'rollout')}**${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`
}

const NONE =
  '**No rollouts.** No canary that Perch moves has traffic. To start a rollout, open a pull request that brings a new version of the canary, and comment `/canary 5` there.'

type Need = 'merge' | 'help' | 'nothing'

function needOf({ state, pulls, origin }: ListedRollout, states: Dashboard['pulls']): Need {
  const open = pulls.map((number) => states.get(number)?.code)
  if (open.includes('ready')) return 'merge'
  if (open.includes('red')) return 'help'
  if (STANDING_STILL.includes(state) || pulls.some((number) => needsPerson(states.get(number)))) return 'help'
  if (pulls.length > 0) return 'nothing'
  return state === 'stopped' || (state === 'by-hand' && origin === undefined) ? 'help' : 'nothing'
}

/** These states need a person, whatever is open. */
const STANDING_STILL: readonly ListedRollout['state'][] = ['stuck', 'unreadable', 'both-sides']

/** Gates that do not turn green with time alone. */
const BY_PEOPLE: readonly GateName[] = ['hold', 'approvals', 'version', 'config']

function needsPerson(state: PullState | undefined): boolean {
  if (state?.code !== 'gated') return false
  return state.blocking.length > 0 || state.waiting.some((gate) => BY_PEOPLE.includes(gate))
}

function listingWords(listing: Listing, dashboard: Dashboard, room: number): string {
  if (listing.code === 'config')
    return '⚠️ `.github/canary.yml` is not valid here, so no rollout continues. Correct it in a pull request: `canary/validate` names the lines there.'
  if (listing.code === 'not-looked-at') return 'Perch has not looked at this branch yet.'
  const { rollouts, owned } = listing
  return paragraphs(
    rollouts.length === 0 ? noneWords(dashboard) : rolloutTable(rollouts, dashboard, room),
    ownedWords(owned),
  )
}

/** Undefined if the headline already says it. */
function noneWords({ listings }: Dashboard): string | undefined {
  const isSaid = listings.every(([, listing]) => listing.code === 'listed' && listing.rollouts.length === 0)
  return isSaid ? undefined : 'No rollouts.'
}

function ownedWords(owned: number): string | undefined {
  if (owned === 0) return undefined
  return `Controllers in the cluster move ${counted(owned, 'other service')}, so Git does not say how far ${owned === 1 ? 'it is' : 'they are'}.`
}

function rolloutTable(rollouts: readonly ListedRollout[], { pulls }: Dashboard, room: number): string {
  const lines = table(
    ['Rollout', 'Canary', 'Waits for'],
    rollouts.map((rollout) => [
      `${code(rollout.name)}<br>${code(rollout.version)}`,
      shareCell(rollout),
      waitCell(rollout, pulls),
    ]),
  ).split('\n')
  const [head = '', rule = '', ...rows] = lines
  const shown = fitLines(rows, room, (left) => `| … and ${left} more | | \`/canary status\` on their pull requests |`)
  return [head, rule, ...shown].join('\n')
}

function shareCell({ share, since, state }: ListedRollout): string {
  const now = share === 'unknown' ? '?' : `**${percent(share)}**`
  const word = state === 'finishing' ? ' finishing' : state === 'rolling-back' ? ' rolling back' : ''
  return `${now}${word}${since === undefined ? '' : `<br>since ${time(since)}`}`
}

function waitCell(rollout: ListedRollout, states: Dashboard['pulls']): string {
  const { pulls, state } = rollout
  const open = pulls.map((number) => `#${number} ${pullWords(states.get(number) ?? { code: 'not-reviewed' })}`)
  const own = pulls.length === 0 || state === 'stuck' ? [stateWords(rollout)] : []
  return [...open, ...own].join('<br>')
}

function pullWords(state: PullState): string {
  switch (state.code) {
    case 'not-reviewed':
      return '⏳ being checked'
    case 'ready':
      return '✅ ready to merge'
    case 'draft':
      return '⏳ still a draft'
    case 'red':
      return '❌ see its checks'
    case 'gated': {
      const { blocking, waiting } = state
      const parts = [
        ...(blocking.length === 0 ? [] : [`⛔ blocked by ${blocking.join(', ')}`]),
        ...(waiting.length === 0 ? [] : [`⏳ ${waiting.join(', ')}`]),
      ]
      return parts.join(' ')
    }
  }
}

/** What a rollout without an open pull request waits for. */
function stateWords({ state, origin }: ListedRollout): string {
  const where = origin === undefined ? 'on a pull request' : `on #${origin}`
  switch (state) {
    case 'stuck':
      return '⚠️ help: see below'
    case 'unreadable':
      return '⚠️ a correction: its weights are not whole numbers'
    case 'both-sides':
      return '⚠️ `/switch <version>`: both versions have traffic'
    case 'stopped':
      return `⏸ somebody closed its step: comment \`/canary next\` ${where}`
    case 'waits-for-wave':
      return '⏳ its wave'
    case 'by-hand':
      return origin === undefined
        ? '⏸ set without Perch: comment `/canary next` on a pull request to continue'
        : '⏳ Perch, to open the next step'
    case 'rolling-back':
    case 'beginning':
    case 'stepping':
    case 'finishing':
      return '⏳ Perch, to open the next step'
  }
}

function stuckWords(rollouts: readonly ListedRollout[]): string | undefined {
  const lines = rollouts.flatMap(({ stuck }) => (stuck === undefined ? [] : [`- ${stuck}`]))
  if (lines.length === 0) return undefined
  return fitLines(lines, ROOM.stuck, (left) => `- … and ${left} more: \`/canary status\` says why.`).join('\n')
}

function othersWords(dashboard: Dashboard): string | undefined {
  const lines = otherPulls(dashboard).map(
    (number) => `- #${number} ${pullWords(dashboard.pulls.get(number) ?? { code: 'not-reviewed' })}`,
  )
  if (lines.length === 0) return undefined
  const shown = fitLines(lines, ROOM.others, moreLine)
  return paragraphs('**Other open pull requests that change traffic**', shown.join('\n'))
}

/** A tick is an edit of the issue, which GitHub allows only people with write access. */
function boxes({ listings }: Dashboard): string {
  const named = listings.flatMap(([base, listing]) =>
    listing.code === 'listed'
      ? listing.rollouts.map(({ name }) => {
          const at = listings.length === 1 ? '' : ` on ${code(base)}`
          return `- [ ] ${lookMarker({ base, name })} ${code(name)}${at}`
        })
      : [],
  )
  const shown = fitLines(named, ROOM.boxes, (left) => `- … and ${left} more: tick the first box.`)
  const all = `- [ ] ${lookMarker('all')} everything`
  return paragraphs('**Check again**', [all, ...shown].join('\n'))
}

function footer(defaultBranch: string): string {
  return `Tick a box, and Perch checks again at once. Perch keeps this list up to date as long as \`.github/canary.yml\` on ${code(defaultBranch)} says \`dashboard: true\`.`
}
