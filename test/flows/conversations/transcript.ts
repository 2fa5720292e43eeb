/**
 * Records what people do on GitHub and how Perch reacts: its requests to GitHub, and all visible changes. Ids of commits are
 * replaced by names in the order of their appearance, so that one changed word in a message does not change all of them.
 */
import { createHash } from 'node:crypto'
import { diffLines } from 'diff'
import type { Log } from '../../../src/ports/log.ts'
import type { GitHubState, Happening } from '../../memory/github/github.ts'
import { type Ledger, lineLog, memoryLines, timeOf } from '../recorded/ledger.ts'

export interface Transcript {
  readonly hear: (happening: Happening) => void
  readonly answered: (name: string, answer: unknown) => void
  readonly log: Log
  /** `memory`: the current content of the memo. */
  readonly text: (memory: ReadonlyMap<string, unknown>) => string
}

/** What is visible on GitHub: one text for each item, by its name. */
export type Seen = ReadonlyMap<string, string>

/** Requests that change nothing are only counted. */
const WRITES =
  /^(?:pulls\.(?:open|edit|close|merge|label|unlabel|mark)|conversation\.(?:add|edit|acknowledge)|checks\.(?:create|update)|branches\.(?:commit|create|move|claim|remove)|records\.write|deployments\.(?:create|setState)|reports\.(?:create|update))$/

export function transcriptOf(state: GitHubState, account: Ledger): Transcript {
  const lines: string[] = []
  const named = commitNames()
  let seen: Seen = new Map()
  /** The latest text of each kind. A new text is recorded as its difference from the last one of its kind. */
  const newest = new Map<string, { readonly name: string; readonly text: string }>()
  const at = (): string => timeOf(state.now())

  function finishAsking(): void {
    const counts = account.take()
    if (counts.length > 0) lines.push('', ...counts)
  }
  /** The changes since the last call, as lines. */
  function look(): readonly string[] {
    const now = new Map([...seenOn(state)].map(([name, text]) => [named(name), folded(named(text))]))
    const changes = [...new Set([...seen.keys(), ...now.keys()])].flatMap((name) => {
      const [before, after] = [seen.get(name), now.get(name)]
      if (before === after) return []
      if (after === undefined) return [`- ${name} is gone`]
      const like = before === undefined ? newest.get(kindOf(name, after)) : { name, text: before }
      newest.set(kindOf(name, after), { name, text: after })
      return [`- ${name}`, ...shorter(after, like).map((line) => `  ${line}`.trimEnd())]
    })
    seen = now
    return changes
  }

  return {
    hear(happening) {
      if (happening.sender.login === state.bot.login) return
      look()
      finishAsking()
      lines.push('', `## ${at()} ${happening.sender.login} ${doingOf(happening)}`)
    },
    answered(name, answer) {
      if (!WRITES.test(name)) return account.request(name)
      lines.push('', `${at()} ${name}${typeof answer === 'string' ? `: ${answer}` : ''}`, ...look())
    },
    log: lineLog(
      () => state.now(),
      (line) => void lines.push('', line),
    ),
    text(memory) {
      finishAsking()
      lines.push('', ...memoryLines(memory))
      return `${named(lines.join('\n'))
        .replaceAll(/\n{3,}/g, '\n\n')
        .trim()}\n`
    },
  }
}

function doingOf({ event, payload }: Happening): string {
  const {
    action,
    ref,
    deleted,
    issue,
    comment,
    pull_request: pull,
    context,
    state,
  } = payload as {
    readonly action?: string
    readonly ref?: string
    readonly deleted?: boolean
    readonly issue?: { readonly number: number }
    readonly comment?: { readonly body: string }
    readonly pull_request?: { readonly number: number; readonly merged?: boolean }
    readonly context?: string
    readonly state?: string
  }
  if (comment !== undefined) return `comments on #${issue?.number}: ${comment.body.replaceAll('\n', ' ⏎ ')}`
  if (event === 'push') return `${deleted === true ? 'deletes' : 'pushes'} ${ref}`
  if (event === 'status') return `sets ${context} to ${state}`
  const what = action === 'closed' && pull?.merged === true ? 'merged' : (action ?? '')
  return `${event} ${what}${pull === undefined ? '' : ` #${pull.number}`}`
}

export function seenOn(state: GitHubState): Seen {
  const seen = new Map<string, string>()
  for (const [ref, sha] of state.refs) if (ref.startsWith('refs/heads/')) seen.set(ref, branchText(state, sha))
  for (const pull of state.pulls.values()) {
    const { title, draft, labels, assignees, head, base, body } = pull
    const facts = [`${pull.state}${draft ? ', draft' : ''}: ${title}`, `${head.ref} into ${base.ref}`]
    const marks = [`labels: ${labels.join(', ')}`, `assignees: ${assignees.join(', ')}`]
    seen.set(`#${pull.number}`, [...facts, ...marks, body].join('\n'))
  }
  for (const { id, pull, body, reactions } of state.comments)
    seen.set(`comment ${id} on #${pull}`, [...[...reactions].map((login) => `👀 ${login}`), body].join('\n'))
  for (const run of state.runs) {
    const { name, sha, title, summary, text = '', report } = run
    const subjects = (report?.subjects ?? []).map(({ pull, base }) => `#${pull} into ${base}`).join(', ')
    const annotations = (report?.annotations ?? []).map((one) => JSON.stringify(one))
    const said = report === undefined ? run.state : (report.conclusion ?? 'running')
    const buttons = JSON.stringify(report?.actions ?? [])
    const head = [`${said}: ${title}`, `subjects: ${subjects}`, `buttons: ${buttons}`]
    seen.set(`check ${run.id} ${name} on ${sha}`, [...head, summary, text, ...annotations].join('\n'))
  }
  for (const { id, commit, environment, task, states } of state.deployments)
    seen.set(
      `deployment ${id} of ${environment}, ${task}, ${commit}`,
      states.map((one) => `${one.state}: ${one.description}`).join('\n'),
    )
  for (const { number, isOpen, title, body } of state.issues.values())
    seen.set(`issue ${number}`, [`${isOpen ? 'open' : 'closed'}: ${title}`, body].join('\n'))
  return seen
}

/** The latest commit of a branch: its message, and the files in which it differs from its first parent. */
function branchText({ objects }: GitHubState, sha: string): string {
  const commit = objects.find(sha)
  const [parent] = commit?.parents ?? []
  const [old, now] = [objects.files(parent ?? '') ?? new Map<string, string>(), objects.files(sha) ?? new Map()]
  const changed = parent === undefined ? [...now.keys()] : objects.changed(parent, sha)
  const files = changed.flatMap((path) => [`${path}:`, ...diffOf(old.get(path) ?? '', now.get(path) ?? '')])
  return [`commit ${sha} after ${commit?.parents.join(' and ')}`, commit?.message ?? '', ...files].join('\n')
}

/** The kind of an item, for comparisons: check runs of a name, comments with a marker, branches. */
function kindOf(name: string, text: string): string {
  const marker = /<!-- perch:[a-z-]+/.exec(text)?.[0]
  return name.startsWith('refs/') ? name : (marker ?? name.replaceAll(/\d+ ?| on commit-\d+$/g, ''))
}

/** A text, or its difference from another one if that is shorter. */
function shorter(text: string, like: { readonly name: string; readonly text: string } | undefined): readonly string[] {
  const whole = text.split('\n')
  if (like === undefined || text.startsWith('commit ')) return whole
  const changes = [`compared with ${like.name}:`, ...diffOf(like.text, text)]
  return changes.length < whole.length ? changes : whole
}

function diffOf(before: string, after: string): readonly string[] {
  return diffLines(`${before}\n`, `${after}\n`).flatMap(({ added, removed, value }) =>
    added || removed
      ? value
          .replace(/\n$/, '')
          .split('\n')
          .map((line) => `${added ? '+' : '-'} ${line}`.trimEnd())
      : [],
  )
}

/** Names commits in the order of their appearance. */
export function commitNames(): (text: string) => string {
  const names = new Map<string, string>()
  return (text) => {
    for (const [sha] of text.matchAll(/\b[0-9a-f]{40}\b/g)) {
      const short = sha.slice(0, 7)
      if (!names.has(short)) names.set(short, `commit-${names.size + 1}`)
    }
    return text
      .replaceAll(/\b[0-9a-f]{64}\b/g, 'seal')
      .replaceAll(/\b([0-9a-f]{7})[0-9a-f]{0,33}\b/g, (whole, short: string) => names.get(short) ?? whole)
  }
}

/**
 * Replaces folded parts and drawings by their first line, and a number that changes with them. The pages of the core have the
 * full text.
 */
function folded(text: string): string {
  return text.replaceAll(/^(?:<details>.*?<\/details>|```.*?^```)$/gms, (block) => {
    const [first = '', ...more] = block.split('\n')
    if (more.length < 5) return block
    const sum = createHash('sha1').update(block).digest('hex').slice(0, 6)
    return `${first} … ${more.length} lines more (${sum})`
  })
}
