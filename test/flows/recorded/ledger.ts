/**
 * Counts what Perch does besides what people see: requests, tasks, builds, reads, metrics and notifications. Through this, every
 * test notices when Perch does one of them once more or less.
 */
import { createHash } from 'node:crypto'
import type { RepositoryContext } from '../../../src/flows/repository/repository-context.ts'
import type { Log } from '../../../src/ports/log.ts'
import type { Meter } from '../../../src/ports/meter.ts'
import type { Metrics } from '../../../src/ports/metrics.ts'
import type { Notifier } from '../../../src/ports/notifier.ts'
import type { Renderer } from '../../../src/ports/renderer.ts'
import { overPorts } from '../../simulate/network.ts'

type Kind = 'Asked' | 'Tasks' | 'Builds' | 'Reads' | 'Queries' | 'Counted' | 'Told'

export interface Ledger {
  readonly meter: Meter
  /** A request to GitHub, by its port and method. */
  readonly request: (name: string) => void
  /** A call that stays on this machine. */
  readonly local: (name: string, given: readonly unknown[]) => void
  metrics(metrics: Metrics): Metrics
  notifier(notifier: Notifier): Notifier
  renderer(renderer: Renderer): Renderer
  /** What happened since the last call: one line for each kind, with its count. */
  take(): readonly string[]
}

export function ledger(): Ledger {
  const counts = new Map<Kind, Map<string, number>>()
  const add = (kind: Kind, what: string): void => {
    const some = counts.get(kind) ?? new Map<string, number>()
    counts.set(kind, some.set(what, (some.get(what) ?? 0) + 1))
  }
  return {
    meter: {
      record: (name, labels, value = 1) => {
        const size = value === 1 ? [] : [String(value)]
        add('Counted', [name, ...Object.values<string>(labels), ...size].join(' '))
      },
    },
    request: (name) => add('Asked', name),
    local(name, given) {
      const [port, method = ''] = name.split('.')
      if (port === 'ask') add('Tasks', [method, causeIn(given)].join(' ').trim())
      else if (port === 'mirror') add('Reads', method)
    },
    metrics: (metrics) => ({
      ...metrics,
      async range(server, query, range) {
        const sum = createHash('sha1').update(query).digest('hex').slice(0, 6)
        add('Queries', `${server} ${sum}`)
        return metrics.range(server, query, range)
      },
    }),
    notifier: (notifier) => ({
      ...notifier,
      async send(to, notification) {
        add('Told', `${to}: ${notification.text.replaceAll('\n', ' ⏎ ')}`)
        return notifier.send(to, notification)
      },
    }),
    renderer: (renderer) => ({
      ...renderer,
      async render(files, source) {
        add('Builds', source.kind === 'kustomize' ? source.root : source.release)
        return renderer.render(files, source)
      },
    }),
    take() {
      const kinds = ['Asked', 'Tasks', 'Builds', 'Reads', 'Queries', 'Counted', 'Told'] as const
      const lines = kinds.flatMap((kind) => {
        const some = [...(counts.get(kind) ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1))
        return some.length === 0 ? [] : [`${kind}: ${some.map(([what, count]) => `${what} ${count}`).join(', ')}.`]
      })
      counts.clear()
      return lines
    },
  }
}

/** A context whose calls are counted. */
export function overLedger(context: RepositoryContext, { request, local }: Ledger): RepositoryContext {
  return overPorts(context, (name, isGitHub, call) => (...given) => {
    if (isGitHub || name === 'mirror.fetch') request(name)
    else local(name, given)
    return call(...given)
  })
}

function causeIn(given: readonly unknown[]): string {
  const codes = given.flatMap((one) => {
    if (typeof one !== 'object' || one === null || !('code' in one) || typeof one.code !== 'string') return []
    return 'second' in one ? `${one.code} (near)` : one.code
  })
  return codes[0] ?? ''
}

/** A log that writes lines with the times of the test's clock. */
export function lineLog(now: () => number, add: (line: string) => void): Log {
  const note =
    (level: string) =>
    (facts: object, message: string): void => {
      // The duration of a task depends on the machine.
      if (message === 'task done') return
      const plain = Object.entries(facts).map(([key, value]) => [key, value instanceof Error ? value.message : value])
      add(`${timeOf(now())} ${level}: ${message} ${JSON.stringify(Object.fromEntries(plain))}`)
    }
  return { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
}

export function bothLogs(one: Log, other: Log): Log {
  const both =
    (level: keyof Log) =>
    (facts: object, message: string): void => {
      one[level](facts, message)
      other[level](facts, message)
    }
  return { debug: both('debug'), info: both('info'), warn: both('warn'), error: both('error') }
}

export function timeOf(moment: number): string {
  return new Date(moment).toISOString().slice(11, 19)
}

/** Entries that every look makes. Their number is enough. */
const COMMON =
  /^(?:beginning|buttons-heard|canaries-moved|cleaned-up|command|deployed|first-commit|head|peer|protection|swept):/

/** The entries of the memo, one line each, without empty ones. */
export function memoryLines(entries: ReadonlyMap<string, unknown>): readonly string[] {
  const [common, special] = [true, false].map((wanted) =>
    [...entries].filter(([key]) => COMMON.test(key) === wanted).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
  const counts = new Map<string, number>()
  for (const [key] of common ?? []) {
    const [kind = ''] = key.split(':')
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  const lines = (special ?? []).map(([key, value]) => `remembered ${key}: ${JSON.stringify(value, brief)}`)
  return [`Remembered: ${[...counts].map(([kind, count]) => `${kind} ${count}`).join(', ')}.`, ...lines]
}

function brief(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([, one]) => !isEmpty(one)))
}

function isEmpty(value: unknown): boolean {
  return value === false || value === '' || (Array.isArray(value) && value.length === 0)
}
