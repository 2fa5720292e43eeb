/** People and clusters. Carries out an event if possible, and tells what happened. */
import { filesOf, type GitHubState, headOf, type Pull } from '../memory/github/github.ts'
import { memoryPerson } from '../memory/github/person.ts'
import { isGreen } from '../memory/github/pull-requests.ts'
import { setStatus } from '../memory/github/signals.ts'
import { type Change, changeWords, type Deed } from './events.ts'
import { CONFIG, routeFile, STATUS, subsetsFile, withCanaryVersion, withShare, type World } from './repository.ts'

export interface Stage {
  readonly state: GitHubState
  readonly world: World
  /** The comments that people wrote, with their text. */
  readonly commands: Map<number, { readonly pull: number; readonly text: string }>
  /** The pull requests that an administrator merged regardless of their checks. */
  readonly forced: Set<number>
  branches: number
}

type Act<T extends Deed['type']> = Extract<Deed, { type: T }>

/** What happened, in one sentence. Undefined if nothing did. */
export function act(stage: Stage, event: Deed): string | undefined {
  switch (event.type) {
    case 'open':
      return open(stage, event)
    case 'start': {
      const opened = open(stage, { ...event, type: 'open', change: { kind: 'version', to: event.to } })
      if (opened === undefined) return undefined
      const text = `/canary ${event.share}${at(stage, event.at)}`
      return `${opened}, and ${say(stage, openPull(stage, 0), { type: 'command', who: event.who, pull: 0, text })}`
    }
    case 'push': {
      const pull = openPull(stage, event.pull)
      if (pull === undefined) return undefined
      const files = filesFor(stage, pull.head.ref, event.change, event.at)
      const sha = memoryPerson(stage.state, event.who).push(pull.head.ref, files)
      return sha === undefined ? undefined : `${event.who} ${changeWords(event.change)} on #${pull.number}`
    }
    case 'push-main': {
      const files = filesFor(stage, 'main', event.change, event.at)
      const sha = memoryPerson(stage.state, event.who).push('main', files)
      return sha === undefined ? undefined : `${event.who} ${changeWords(event.change)} on main`
    }
    case 'command':
      return say(stage, openPull(stage, event.pull), event)
    case 'command-on-merged': {
      const merged = [...stage.state.pulls.values()].filter(({ state }) => state !== 'open').toReversed()
      return say(stage, merged[event.pull], event)
    }
    case 'status': {
      const head = headOf(stage.state, 'main') ?? ''
      setStatus(stage.state, head, { context: STATUS, said: event.said, by: 'flux' })
      return `flux says ${event.said} of main at ${head.slice(0, 7)}`
    }
    case 'delete-stop': {
      const stop = [...stage.state.refs.keys()].find((ref) => ref.startsWith('refs/heads/perch/'))
      if (stop === undefined) return undefined
      const branch = stop.slice('refs/heads/'.length)
      memoryPerson(stage.state, event.who).deleteBranch(branch)
      return `${event.who} deletes the branch ${branch}`
    }
    case 'merge':
    case 'merge-anyway':
      return merge(stage, event)
    case 'reopen': {
      const closed = [...stage.state.pulls.values()].filter(({ state }) => state === 'closed').toReversed()[event.pull]
      if (closed === undefined || !memoryPerson(stage.state, event.who).reopen(closed)) return undefined
      return `${event.who} opens #${closed.number} again`
    }
    case 'close':
    case 'update-branch':
    case 'approve':
    case 'draft':
    case 'delete-branch':
      return onPull(stage, event)
  }
}

/** The arguments that tell a command which rollout is meant, if there are several. */
function at({ world }: Stage, pick: number): string {
  const service = world.services[pick % world.services.length] ?? ''
  const environment = world.environments[pick % world.environments.length] ?? ''
  return world.environments.length === 1 && world.services.length === 1 ? '' : ` ${service} --env ${environment}`
}

function openPull({ state }: Stage, pick: number): Pull | undefined {
  const open = [...state.pulls.values()].filter((pull) => pull.state === 'open').toReversed()
  return open.length === 0 ? undefined : open[pick % open.length]
}

function open(stage: Stage, { who, change, at }: Act<'open'>): string | undefined {
  const { state } = stage
  stage.branches += 1
  const branch = `change-${stage.branches}`
  const author = memoryPerson(state, who)
  if (author.push(branch, filesFor(stage, 'main', change, at)) === undefined) return undefined
  const pull = author.open(branch, changeWords(change))
  return pull === undefined ? undefined : `${who} opens #${pull.number}, which ${changeWords(change)}`
}

function say(
  stage: Stage,
  pull: Pull | undefined,
  { who, text }: Act<'command' | 'command-on-merged'>,
): string | undefined {
  if (pull === undefined) return undefined
  const id = memoryPerson(stage.state, who).comment(pull.number, text)
  stage.commands.set(id, { pull: pull.number, text })
  return `${who} comments “${text.replaceAll('\n', ' ⏎ ')}” on #${pull.number}, which is ${pull.state} (comment ${id})`
}

function merge(stage: Stage, event: Act<'merge' | 'merge-anyway'>): string | undefined {
  const isForced = event.type === 'merge-anyway'
  const pull = isForced ? openPull(stage, event.pull) : greenPull(stage, event.pull)
  if (pull === undefined) return undefined
  const who = isForced ? 'adam' : event.who
  if (isForced) stage.forced.add(pull.number)
  const done = memoryPerson(stage.state, who).merge(pull, { ignoresChecks: isForced })
  if (done !== 'merged') {
    stage.forced.delete(pull.number)
    return undefined
  }
  return `${who} merges #${pull.number} (${pull.title})${isForced ? ', whatever its checks say' : ''}`
}

/** A green pull request. People merge only those. */
function greenPull({ state }: Stage, pick: number): Pull | undefined {
  const green = [...state.pulls.values()].filter((pull) => pull.state === 'open' && isGreen(state, pull.head.sha))
  return green.length === 0 ? undefined : green.toReversed()[pick % green.length]
}

function onPull(
  stage: Stage,
  event: Act<'close' | 'update-branch' | 'approve' | 'draft' | 'delete-branch'>,
): string | undefined {
  const pull = openPull(stage, event.pull)
  if (pull === undefined) return undefined
  const { who } = event
  const by = memoryPerson(stage.state, who)
  switch (event.type) {
    case 'close':
      by.close(pull)
      return `${who} closes #${pull.number} (${pull.title})`
    case 'update-branch':
      return by.mergeBranch(pull.base.ref, pull.head.ref) ? `${who} updates the branch of #${pull.number}` : undefined
    case 'approve':
      if (pull.author.login === who) return undefined
      by.approve(pull)
      return `${who} approves #${pull.number}`
    case 'draft':
      if (pull.draft === event.isDraft) return undefined
      by.setDraft(pull, event.isDraft)
      return `${who} makes #${pull.number} ${event.isDraft ? 'a draft' : 'ready'}`
    case 'delete-branch':
      by.deleteBranch(pull.head.ref)
      return `${who} deletes the branch of #${pull.number}`
  }
}

function filesFor({ state, world }: Stage, branch: string, change: Change, at: number): Record<string, string> {
  const files = filesOf(state, headOf(state, branch) === undefined ? 'main' : branch)
  const service = world.services[at % world.services.length] ?? ''
  const environment = world.environments[at % world.environments.length] ?? ''
  const edit = (path: string, how: (text: string) => string): Record<string, string> => {
    const text = files.get(path)
    return text === undefined ? {} : { [path]: how(text) }
  }
  switch (change.kind) {
    case 'version':
      return Object.assign(
        {},
        ...world.environments.map((name) =>
          edit(subsetsFile(name, service), (text) => withCanaryVersion(text, `v${change.to}`)),
        ),
      )
    case 'share':
      return edit(routeFile(environment, service), (text) => withShare(text, change.to))
    case 'bake':
      return edit(CONFIG, (text) =>
        text.replaceAll(/bake: \d+m/g, `bake: ${change.minutes}m`).replace('enviroments:', 'environments:'),
      )
    case 'broken-config':
      return edit(CONFIG, (text) => text.replace('environments:', 'enviroments:'))
    case 'words':
      return { 'README.md': `# Apps ${change.text}\n` }
  }
}
