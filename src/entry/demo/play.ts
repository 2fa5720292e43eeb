import { setTimeout as sleep } from 'node:timers/promises'
import { CONFIG_FILE } from '../../core/config/read.ts'
import type { GitHubBox } from '../../sandbox/github.ts'
import { DESTINATION_RULE, FLUX_CONTEXT, STAGING_ROUTE, VIRTUAL_SERVICE } from './repository.ts'
import type { Timeline } from './timeline.ts'

export interface Stage {
  readonly box: GitHubBox
  readonly timeline: Timeline
}

type Pull = ReturnType<ReturnType<GitHubBox['repository']>['pull']>

/** Longer than any part takes, even on a machine that is busy with other things. If a part takes longer, something is broken. */
const PATIENCE_MS = 180_000

/** The first rollout: v2 starts at 5%, and becomes the stable version. */
export async function playGoodRollout(stage: Stage): Promise<void> {
  const { box, timeline } = stage
  const alice = box.person('alice')
  const before = box.repository().file(VIRTUAL_SERVICE) ?? ''
  const file = before.replace('canary-version: "v1"', 'canary-version: "v2"')
  const pull = alice.openPullRequest({
    branch: 'api-v2',
    title: 'Release api-service v2 as the canary',
    files: { [VIRTUAL_SERVICE]: file },
  })
  timeline.say('alice', pull.number, `opens "${pull.title}"`)
  await command(stage, pull, { login: 'alice', text: '/canary 5' })
  await mergeWhenGreen(stage, pull.number)
  for (const branch of ['25', '50', '100', 'finish', '0']) {
    const step = await stepPull(stage, branch)
    await mergeWhenGreen(stage, step.number)
  }
}

/** The second rollout: v3 reaches 25%, and fails its analysis there. */
export async function playFailedRollout(stage: Stage): Promise<void> {
  const { box, timeline } = stage
  const bob = box.person('bob')
  const rule = (box.repository().file(DESTINATION_RULE) ?? '').replace(
    /(name: canary\s+labels:\s+version: )\S+/,
    '$1v3',
  )
  const pull = bob.openPullRequest({
    branch: 'api-v3',
    title: 'Release api-service v3 as the canary',
    files: { [DESTINATION_RULE]: rule },
  })
  timeline.say('bob', pull.number, `opens "${pull.title}"`)
  await command(stage, pull, { login: 'bob', text: '/canary 5' })
  await mergeWhenGreen(stage, pull.number)
  const first = await stepPull(stage, '25')
  await mergeWhenGreen(stage, first.number)
  const second = await stepPull(stage, '50')
  await closing(stage, second)
  const rollback = await stepPull(stage, '0')
  await mergeWhenGreen(stage, rollback.number)
}

/** All traffic to green, and back to blue. */
export async function playSwitch(stage: Stage): Promise<void> {
  const { box, timeline } = stage
  const pull = box.person('alice').openPullRequest({
    branch: 'green',
    title: 'Release green to everybody',
    files: { 'CHANGES.md': 'v2 is for everybody.\n' },
  })
  timeline.say('alice', pull.number, `opens "${pull.title}"`)
  await command(stage, pull, { login: 'alice', text: '/switch green' })
  box.person('bob').review(pull.number, 'APPROVE')
  timeline.say('bob', pull.number, 'approves')
  await mergeWhenGreen(stage, pull.number)
  await command(stage, pull, { login: 'alice', text: '/switch blue' })
  const back = await pullFrom(stage, 'switch/production/api-service/blue')
  await mergeWhenGreen(stage, back.number)
}

/** Tries a timeout in staging, and promotes it to production. */
export async function playPromotion(stage: Stage): Promise<void> {
  const { box, timeline } = stage
  const route = box.repository().file(STAGING_ROUTE) ?? ''
  const pull = box.person('alice').openPullRequest({
    branch: 'timeout',
    title: 'Wait 5 seconds at most, in staging',
    files: { [STAGING_ROUTE]: route.replace('- name: main\n', '- name: main\n      timeout: 5s\n') },
  })
  timeline.say('alice', pull.number, `opens "${pull.title}"`)
  await mergeWhenGreen(stage, pull.number)
  await command(stage, pull, { login: 'alice', text: '/promote staging production' })
  const promotion = await pullFrom(stage, 'promote/staging/production')
  box.person('bob').review(promotion.number, 'APPROVE')
  timeline.say('bob', promotion.number, 'approves')
  await mergeWhenGreen(stage, promotion.number)
}

/**
 * Called after the story, because the issue uses a number of the same series as pull requests, at a moment that depends on the
 * clock.
 */
export function switchDashboardOn({ box, timeline }: Stage): void {
  const config = box.repository().file(CONFIG_FILE) ?? ''
  box.person('alice').push('main', { [CONFIG_FILE]: `${config}dashboard: true\n` }, 'List all rollouts in an issue')
  timeline.say('alice', undefined, 'sets `dashboard: true`: within two minutes an issue lists all rollouts')
}

/** A small stand-in for Flux: soon after the base branch moves, it reports that it has applied the commit. */
export function startFlux({ box, timeline }: Stage): () => void {
  const flux = box.person('flux')
  let reported = box.repository().branch('main')
  const end = new AbortController()
  const loop = async (): Promise<void> => {
    while (!end.signal.aborted) {
      await sleep(250)
      const head = box.repository().branch('main')
      if (head === undefined || head === reported) continue
      await sleep(1000)
      if (end.signal.aborted) return
      flux.setStatus(head, { context: FLUX_CONTEXT, state: 'success', description: 'reconciliation succeeded' })
      timeline.say('flux', undefined, `reports main ${head.slice(0, 7)} applied: ${FLUX_CONTEXT}`)
      reported = head
    }
  }
  void loop()
  return () => end.abort()
}

async function command(
  { box, timeline }: Stage,
  pull: Pull,
  said: { readonly login: string; readonly text: string },
): Promise<void> {
  const { login, text } = said
  const before = weights(box, pull.head.ref)
  const comment = box.person(login).comment(pull.number, text)
  timeline.say(login, pull.number, text)
  const comments = (): ReturnType<ReturnType<GitHubBox['repository']>['comments']> =>
    box.repository().comments(pull.number)
  await until('👀', () => comments().some(({ id, reactions }) => id === comment.id && reactions.length > 0))
  timeline.say('perch', pull.number, '👀')
  const answer = await until('an answer', () =>
    comments().find(({ body }) => body.includes(`perch:answer:${comment.id} `)),
  )
  const words = answer.body
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('<!--') && !line.startsWith('>'))
  timeline.say('perch', pull.number, words.join(' ').replaceAll(/[`*]/g, ''))
  const after = weights(box, pull.head.ref)
  if (before !== after)
    timeline.say('perch', pull.number, `${movedWords(before, after)}, ${checks(box, pull.head.ref)}`)
}

/** Waits until Perch closes a step, and prints the reason. */
async function closing({ box, timeline }: Stage, pull: Pull): Promise<void> {
  await until(`#${pull.number} to be closed`, () => box.repository().pull(pull.number).state === 'closed')
  const why = box
    .repository()
    .comments(pull.number)
    .flatMap(({ body }) => body.split('\n'))
    .find((line) => line.startsWith('Closed: '))
  timeline.say('perch', pull.number, (why ?? 'closes it').replaceAll('`', ''))
}

/** Waits for a pull request that Perch opens from a branch. */
function stepPull(stage: Stage, last: string): Promise<Pull> {
  return pullFrom(stage, `canary/production/api-service/${last}`)
}

async function pullFrom({ box, timeline }: Stage, ref: string): Promise<Pull> {
  const pull = await until(`a pull request from ${ref}`, () =>
    box
      .repository()
      .pulls('open')
      .find(({ head }) => head.ref === ref),
  )
  const base = weights(box, 'main')
  const after = weights(box, ref)
  timeline.say('perch', pull.number, `opens "${pull.title}"${base === after ? '' : `: ${movedWords(base, after)}`}`)
  await until(`checks on ${ref}`, () => conclusions(box, ref).length === 2)
  timeline.say('perch', pull.number, checks(box, ref))
  return pull
}

/** Prints what the checks say each time they change. When both are green, Alice merges. */
async function mergeWhenGreen({ box, timeline }: Stage, number: number): Promise<void> {
  const { head } = box.repository().pull(number)
  let said = checks(box, head.ref)
  await until(`green checks on #${number}`, () => {
    const now = checks(box, head.ref)
    if (now !== said) timeline.say('perch', number, now)
    said = now
    return isGreen(box, head.ref)
  })
  box.person('alice').merge(number, { method: 'squash' })
  timeline.say('alice', number, `merges: main is at ${weights(box, 'main')}`)
}

function isGreen(box: GitHubBox, ref: string): boolean {
  const found = conclusions(box, ref)
  return found.length === 2 && found.every(({ conclusion }) => conclusion === 'success')
}

function conclusions(box: GitHubBox, ref: string): { name: string; conclusion: string; title: string }[] {
  return box
    .repository()
    .checkRuns(ref)
    .flatMap(({ name, conclusion, title }) => (conclusion === null ? [] : [{ name, conclusion, title: title ?? '' }]))
}

function checks(box: GitHubBox, ref: string): string {
  const sorted = conclusions(box, ref).sort((a, b) => b.name.localeCompare(a.name))
  return sorted
    .map(
      ({ name, conclusion, title }) =>
        `${conclusion === 'success' ? '✅' : '⏳'} ${name}${isTelling(conclusion, title) ? ` (${title})` : ''}`,
    )
    .join('  ')
}

/** Whether to print a check: a green one only if it contains a measurement. */
function isTelling(conclusion: string, title: string): boolean {
  return conclusion !== 'success' || title.includes('healthy')
}

function movedWords(before: string, after: string): string {
  return `${before.includes('/') ? 'weights' : 'traffic'} ${before} → ${after}`
}

/** `95/5`; for a switched route, the version that gets the traffic. */
export function weights(box: GitHubBox, ref: string): string {
  const text = box.repository().file(VIRTUAL_SERVICE, ref) ?? ''
  const active = /active-version: "(\w+)"/.exec(text)?.[1]
  return active ?? [...text.matchAll(/weight: +(\d+)/g)].map((match) => match[1]).join('/')
}

async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  const end = Date.now() + PATIENCE_MS
  for (;;) {
    const found = look()
    if (found !== undefined && found !== false) return found
    if (Date.now() > end) throw new Error(`it waited ${PATIENCE_MS / 60_000} minutes for ${what}.`)
    await sleep(100)
  }
}
