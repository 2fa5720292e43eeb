/**
 * What must always hold, written independently and in its simplest form: nothing here uses the code under test. Where a person
 * and a check inevitably race, a law applies only to facts that are older than the time that Perch may need to learn of them.
 */
import type { Commit } from '../memory/git.ts'
import { type GitHubState, type Happening, headOf, type Pull } from '../memory/github/github.ts'
import type { Stage } from './actors.ts'
import { CONFIG, routeFile, shareIn, STATUS, subsetsFile, TIMER_MINUTES, versionsIn } from './repository.ts'

const MINUTE = 60_000

export interface Laws {
  /** Must be called with everything that happens on GitHub. */
  watch(happening: Happening): void
  /** Perch is disturbed until this moment. */
  disturbed(until: number): void
  readonly violations: string[]
}

export interface Watched extends Pick<Stage, 'state' | 'world' | 'forced' | 'commands'> {
  readonly now: () => number
  /** How long Perch may take to learn of something when nothing disturbs it. */
  readonly graceMs: number
}

export function laws(watched: Watched): Laws {
  const violations: string[] = []
  const answers = new Set<number>()
  const carriedOut = new Map<string, string>()
  let calmSince = watched.now()

  function watch({ event, payload, sender }: Happening): void {
    const { state } = watched
    const isOurs = sender.login === state.bot.login
    if (event === 'issue_comment' && isOurs) checkAnswer()
    if (event === 'push' && isOurs) checkCommit(String(payload['after']))
    if (event === 'pull_request' && payload['action'] === 'closed') {
      const { number, merged } = payload['pull_request'] as { number: number; merged: boolean }
      const pull = state.pulls.get(number)
      if (merged && pull !== undefined) violations.push(...mergeViolations(watched, pull, calmSince))
    }
  }

  function checkAnswer(): void {
    const id = answeredBy(watched.state.comments.at(-1)?.body ?? '')
    if (id === undefined) return
    if (answers.has(id)) violations.push(`The command of comment ${id} is answered twice.`)
    answers.add(id)
  }

  function checkCommit(sha: string): void {
    const id = /^Canary-Comment: (\S+)$/m.exec(watched.state.objects.find(sha)?.message ?? '')?.[1]
    if (id === undefined) return
    const other = carriedOut.get(id)
    if (other !== undefined && other !== sha)
      violations.push(`The command ${id} is committed twice: ${other} and ${sha}.`)
    carriedOut.set(id, sha)
  }

  return { watch, disturbed: (until) => (calmSince = Math.max(calmSince, until)), violations }
}

/** The id of the comment that a comment of Perch answers. */
function answeredBy(body: string): number | undefined {
  const id = /^<!-- perch:answer:(\d+) -->/.exec(body)?.[1]
  return id === undefined ? undefined : Number(id)
}

interface Raise {
  readonly service: string
  readonly environment: string
  readonly from: number
  readonly to: number
}

/** Why this merge should not have been possible. Perch cannot stop an administrator who ignores the checks. */
function mergeViolations(watched: Watched, pull: Pull, calmSince: number): string[] {
  const { state, forced } = watched
  const merge = state.objects.find(pull.mergeCommit ?? '')
  const base = state.objects.find(merge?.parents[0] ?? '')
  if (forced.has(pull.number) || merge === undefined || base === undefined || pull.base.ref !== 'main') return []
  // If somebody pushed the commit of a pull request to main, nobody merged the pull request.
  if (merge.sha === pull.head.sha) return []
  return raisesBetween(watched, base, merge).flatMap((raise) =>
    reasonsAgainst(watched, raise, { base, pull, calmSince }).map(
      (reason) =>
        `#${pull.number} (${pull.title}) raises ${raise.environment}/${raise.service} from ${raise.from} to ${raise.to} ${reason}.`,
    ),
  )
}

function raisesBetween({ state, world }: Watched, base: Commit, merge: Commit): Raise[] {
  return world.environments.flatMap((environment) =>
    world.services.flatMap((service) => {
      const path = routeFile(environment, service)
      const from = shareIn(state.objects.files(base.sha)?.get(path))
      const to = shareIn(state.objects.files(merge.sha)?.get(path))
      return from !== undefined && to !== undefined && to > from ? [{ service, environment, from, to }] : []
    }),
  )
}

interface Merging {
  /** The previous head of main. */
  readonly base: Commit
  readonly pull: Pull
  readonly calmSince: number
}

function reasonsAgainst(watched: Watched, raise: Raise, merging: Merging): string[] {
  const { base, calmSince } = merging
  const { graceMs } = watched
  const now = watched.now()
  const isHeard = (since: number): boolean => now - Math.max(since, calmSince) > graceMs
  const gates = [
    ...stoppedBy(watched, raise, isHeard),
    ...(isHeard(base.time)
      ? [
          ...unproven(watched, raise, { base, isHeard }),
          ...outOfOrder(watched, raise, base),
          ...beforeItsWave(watched, raise, base),
        ]
      : []),
    ...unapproved(watched, merging),
  ]
  return gates.filter(({ gate }) => !isOverridden(watched, merging.pull, gate)).map(({ words }) => words)
}

interface Against {
  readonly gate: string
  readonly words: string
}

/** Holds and freezes that are old enough for Perch to know them. */
function stoppedBy(
  { state, now }: Watched,
  { environment, service }: Raise,
  isHeard: (since: number) => boolean,
): Against[] {
  return [`perch/hold/${environment}/${service}`, `perch/freeze/${environment}`].flatMap((branch) => {
    const sha = headOf(state, branch)
    const since = state.moves.findLast((move) => move.branch === branch)?.move.at ?? now()
    const until = /^Stop-Until: (.+)$/m.exec(state.objects.files(sha ?? '')?.get('README.md') ?? '')?.[1]
    const isOver = until !== undefined && Date.parse(until) <= now()
    if (sha === undefined || isOver || !isHeard(since)) return []
    return [{ gate: branch.split('/')[1] ?? '', words: `while the branch ${branch} stops it` }]
  })
}

/** The current step of main must be live and have baked. */
function unproven(
  watched: Watched,
  raise: Raise,
  { base, isHeard }: { readonly base: Commit; readonly isHeard: (since: number) => boolean },
): Against[] {
  const { state, now } = watched
  if (raise.from === 0) return []
  const config = state.objects.files(base.sha)?.get(CONFIG) ?? ''
  const bakeMs = Number(/bake: (\d+)m/.exec(config)?.[1] ?? Number.NaN) * MINUTE
  const step = stepCommits(watched, raise, base)
  const landing = step.at(-1) ?? base
  if (config.includes('after: 3m')) {
    const until = landing.time + TIMER_MINUTES * MINUTE + bakeMs
    return now() >= until
      ? []
      : [{ gate: 'bake', words: `before its step has baked, ${(until - now()) / 1000} s too early` }]
  }
  const said = state.signals
    .filter(({ sha, signal }) => signal.name === STATUS && step.some((commit) => commit.sha === sha))
    .map(({ signal }) => signal)
  const lastFailure = said.findLast((signal) => signal.state === 'failure')
  const newest = said.at(-1)
  if (newest?.state === 'failure' && isHeard(newest.at)) return [{ gate: 'live', words: 'though its step failed' }]
  const successes = said.slice(
    newest?.state === 'failure' ? 0 : lastFailure === undefined ? 0 : said.indexOf(lastFailure),
  )
  const since = successes.find((signal) => signal.state === 'success')?.at
  if (since === undefined) return [{ gate: 'live', words: 'though nobody said that its step is live' }]
  return now() >= since + bakeMs ? [] : [{ gate: 'bake', words: 'before its step has baked' }]
}

/** The commits on main with the current step, newest first. The step landed with the last one. */
function stepCommits({ state }: Watched, { environment, service }: Raise, base: Commit): readonly Commit[] {
  const keyOf = (commit: Commit): string => {
    const files = state.objects.files(commit.sha)
    const versions = versionsIn(files?.get(subsetsFile(environment, service)))
    return JSON.stringify([shareIn(files?.get(routeFile(environment, service))), versions])
  }
  const found: Commit[] = []
  for (let commit: Commit | undefined = base; commit !== undefined && keyOf(commit) === keyOf(base);) {
    found.push(commit)
    const parent: string | undefined = commit.parents[0]
    commit = parent === undefined ? undefined : state.objects.find(parent)
  }
  return found
}

/** If the config has an environment after the first one, the first one must have at least the same share. */
function outOfOrder({ state, world }: Watched, raise: Raise, base: Commit): Against[] {
  const [first = ''] = world.environments
  const files = state.objects.files(base.sha)
  const isAfter = (files?.get(CONFIG) ?? '').includes(`after: ${first}`)
  if (!isAfter || raise.environment === first) return []
  const share = shareIn(files?.get(routeFile(first, raise.service))) ?? 0
  const [stable] = versionsIn(files?.get(subsetsFile(first, raise.service)))
  const [, canary] = versionsIn(files?.get(subsetsFile(raise.environment, raise.service)))
  if (share >= raise.to || (share === 0 && stable === canary)) return []
  return [{ gate: 'order', words: `though ${first} is at ${share}` }]
}

/**
 * If the config has waves, the environments of earlier waves must have at least the new share, and the others at least the old
 * share.
 */
function beforeItsWave({ state }: Watched, raise: Raise, base: Commit): Against[] {
  const files = state.objects.files(base.sha)
  const written = /waves: (.+)/.exec(files?.get(CONFIG) ?? '')?.[1] ?? '[]'
  const waves = JSON.parse(written) as string[][]
  const place = waves.findIndex((names) => names.includes(raise.environment))
  const [, canary] = versionsIn(files?.get(subsetsFile(raise.environment, raise.service)))
  return waves.flatMap((names, index) =>
    names.flatMap((name): Against[] => {
      const share = shareIn(files?.get(routeFile(name, raise.service))) ?? 0
      const [stable] = versionsIn(files?.get(subsetsFile(name, raise.service)))
      const wanted = index < place ? raise.to : raise.from
      if (place < 0 || share >= wanted || (share === 0 && stable === canary)) return []
      return [{ gate: 'order', words: `though ${name} is at ${share}` }]
    }),
  )
}

function unapproved({ state, world }: Watched, { pull }: Merging): Against[] {
  const approvers = new Set(pull.reviews.filter(({ sha }) => sha === pull.head.sha).map(({ login }) => login))
  approvers.delete(pull.author.login)
  const config = configOf(state)
  if (!config.includes('approvals:') || approvers.size >= world.config.approvals) return []
  return [{ gate: 'approvals', words: `with ${approvers.size} approvals` }]
}

function configOf(state: GitHubState): string {
  return state.objects.files(headOf(state, 'main') ?? '')?.get(CONFIG) ?? ''
}

/** Somebody requested an override. Whether that person was allowed to is a matter for other tests. */
function isOverridden({ commands }: Watched, pull: Pull, gate: string): boolean {
  return [...commands.values()].some((one) => one.pull === pull.number && one.text.includes(`override ${gate}`))
}

/** What must hold when nothing disturbs Perch any more, and enough time has passed. */
export function endViolations({ state, commands }: Pick<Stage, 'state' | 'commands'>): string[] {
  return [
    ...unanswered(state, commands),
    ...[...state.pulls.values()].filter((pull) => pull.state === 'open').flatMap((pull) => openViolations(state, pull)),
    ...leftovers(state),
    ...doubles(state),
    ...dashboardViolations(state),
  ]
}

function unanswered(state: GitHubState, commands: Stage['commands']): string[] {
  const answered = new Set(state.comments.map(({ body }) => answeredBy(body)))
  return [...commands].flatMap(([id, { pull, text }]) =>
    /^\/(canary|freeze|unfreeze)/.test(text) && !answered.has(id)
      ? [`The comment ${id} on #${pull}, “${text}”, has no answer.`]
      : [],
  )
}

function openViolations(state: GitHubState, pull: Pull): string[] {
  return state.required.flatMap((name) => {
    const runs = state.runs.filter((run) => run.sha === pull.head.sha && run.name === name)
    const newest = runs.at(-1)?.report
    const what = `The check ${name} of #${pull.number}`
    if (newest === undefined) return [`${what} is missing.`]
    if (newest.conclusion === undefined) return [`${what} does not end: ${newest.title}.`]
    if (newest.title === '' || newest.summary === '') return [`${what} has no words.`]
    const said = new Set(runs.map(({ report }) => report?.conclusion))
    return said.size > 1 ? [`${what} has two runs that differ.`] : []
  })
}

/** While the config is invalid, Perch opens and removes nothing, so a branch that it was about to use stays. */
function leftovers(state: GitHubState): string[] {
  if (configOf(state).includes('enviroments:')) return []
  const heads = new Set([...state.pulls.values()].map(({ head }) => head.ref))
  return [...state.refs.keys()].flatMap((ref) => {
    const branch = ref.slice('refs/heads/'.length)
    return branch.startsWith('canary/') && !heads.has(branch) ? [`The branch ${branch} is left over.`] : []
  })
}

/** One issue must list the rollouts with the shares on the default branch. */
function dashboardViolations(state: GitHubState): string[] {
  const files = state.objects.files(headOf(state, 'main') ?? '')
  const issues = [...state.issues.values()]
  const open = issues.filter(({ isOpen }) => isOpen)
  if (open.length > 1) return [`${open.length} issues list the rollouts.`]
  // While the config is invalid, the issue stays as it is.
  if (files?.get(CONFIG)?.startsWith('dashboard: true\n') !== true || /^enviroments:/m.test(files.get(CONFIG) ?? ''))
    return []
  const [issue] = open
  if (issue === undefined) return ['No issue lists the rollouts.']
  return [...files].flatMap(([path, text]) => {
    const [, environment = '', service = ''] = /^apps\/(.+)\/(.+)-route\.yaml$/.exec(path) ?? []
    const share = shareIn(text) ?? 0
    const row = issue.body.split('\n').find((line) => line.startsWith(`| \`${environment}/${service}\``))
    if (share === 0 || row?.includes(`**${share}%**`) === true) return []
    return [`The issue does not list ${environment}/${service} at ${share}%: ${row ?? issue.body}`]
  })
}

function doubles(state: GitHubState): string[] {
  const open = [...state.pulls.values()].filter(
    (pull) => pull.state === 'open' && pull.author.login === state.bot.login && pull.head.ref.startsWith('canary/'),
  )
  const rollouts = Map.groupBy(open, ({ head }) => head.ref.split('/').slice(0, -1).join('/'))
  const steps = [...rollouts].flatMap(([name, pulls]) =>
    pulls.length > 1
      ? [`${name} has ${pulls.length} open steps: ${pulls.map(({ number }) => `#${number}`).join(', ')}.`]
      : [],
  )
  const summaries = Map.groupBy(
    state.comments.filter(({ author, body }) => author.isBot && body.startsWith('<!-- perch:summary')),
    ({ pull }) => pull,
  )
  const comments = [...summaries].flatMap(([pull, found]) =>
    found.length > 1 ? [`#${pull} has ${found.length} comments with the traffic.`] : [],
  )
  return [...steps, ...comments]
}
