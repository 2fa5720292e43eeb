/** Inputs that are made to cost as much as they can: twice as much of one may take twice as long, and no more. */
import { parseCommands } from '../../src/core/command/parse.ts'
import { diffRendered } from '../../src/core/diff/changes.ts'
import { parseRendered, type RenderedObject } from '../../src/core/diff/objects.ts'
import { redact } from '../../src/core/diff/redact.ts'
import { findingsIn } from '../../src/core/finding/find.ts'
import { parseManifest } from '../../src/core/manifest/parse.ts'
import type { BenchResult } from './edge.ts'

export interface WorstInput {
  readonly name: string
  /** At which it takes long enough to be measured: where there is a limit, just below it, so that twice as much is refused. */
  readonly size: number
  /** Prepares the input; what comes back is measured. */
  readonly make: (size: number) => () => unknown
}

const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('')

const command = '\n/canary 5'
const comment = (name: string, size: number, text: (size: number) => string): WorstInput => ({
  name: `a comment of ${name}`,
  size,
  make: (count) => {
    const body = text(count) + command
    return () => parseCommands(body)
  },
})

function secret(count: number, value: (index: number) => string): string {
  return `apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData:\n${lines(count, (index) => `  k${index}: ${value(index)}\n`)}`
}

function configMap(text: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\ndata:\n  text: |\n${text}`
}

function rendered(yaml: string): readonly RenderedObject[] {
  const read = parseRendered(yaml)
  if (!read.ok) throw new Error(JSON.stringify(read))
  return read.objects
}

function diffed(name: string, size: number, sides: (size: number) => readonly [string, string]): WorstInput {
  return {
    name: `a diff of ${name}`,
    size,
    make: (count) => {
      const [before, after] = sides(count).map(rendered)
      return () => diffRendered(before ?? [], after ?? [])
    },
  }
}

function virtualService(rules: number): string {
  const rule = (index: number): string =>
    `    - match: [{ uri: { prefix: /v${index} } }, { headers: { a${index}: { regex: "(a+)+${index}" } } }]\n      route: [{ destination: { host: web, subset: stable } }]\n`
  return `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web }\nspec:\n  hosts: [web]\n  http:\n${lines(rules, rule)}`
}

export const WORST: readonly WorstInput[] = [
  comment('nested quotes', 900, (size) => `${'>'.repeat(8)}a\n\n`.repeat(size / 8)),
  comment('nested lists', 900, (size) => `${'- '.repeat(8)}a\n\n`.repeat(size / 8)),
  comment('list items', 900, (size) => '- a\n\n'.repeat(size)),
  comment('lines', 1_900, (size) => 'a\n'.repeat(size)),
  comment('long lines', 30_000, (size) => `${'&amp;a*b '.repeat(2)}${'a '.repeat(size)}\n`),
  comment('brackets', 30_000, (size) => `${'['.repeat(size)}\n`),
  comment('emphasis', 30_000, (size) => `${'*a**b '.repeat(size / 6)}\n`),
  comment('tags', 30_000, (size) => `${'a <?'.repeat(size / 4)}\n`),
  comment('commands', 600, (size) => '/canary 5\n\n'.repeat(size)),
  {
    name: 'secrets in what a tool says',
    size: 400,
    make: (count) => {
      const files = new Map([['secret.yaml', secret(count, (index) => `p4ss-w0rd-${index}-${'x'.repeat(20)}`)]])
      const said = lines(count, (index) => `cannot read p4ss-w0rd-${index}-${'x'.repeat(20)}\n`)
      return () => redact(said, files)
    },
  },
  {
    name: 'secrets that begin alike',
    size: 150,
    make: (count) => {
      const files = new Map([['secret.yaml', secret(count, (index) => `${'a1'.repeat(40)}${index}`)]])
      const said = `${'a1'.repeat(40 * count)}\n`
      return () => redact(said, files)
    },
  },
  diffed('many secrets and a large text', 200, (size) => {
    const text = lines(size, (index) => `    line ${index} of a long text that says p4ss-w0rd-${index}-xxxxxxxxxxxx\n`)
    const secrets = secret(size, (index) => `p4ss-w0rd-${index}-xxxxxxxxxxxx`)
    return [`${secrets}---\n${configMap(text)}`, `${secrets}---\n${configMap(`${text}    more\n`)}`]
  }),
  diffed('lines that all differ', 4_000, (size) => [
    configMap(lines(size, (index) => `    a${index}\n`)),
    configMap(lines(size, (index) => `    b${index}\n`)),
  ]),
  diffed('one long line', 400_000, (size) => [
    configMap(`    ${'a'.repeat(size)}\n`),
    configMap(`    ${'b'.repeat(size)}\n`),
  ]),
  diffed('rules', 100, (size) => [
    virtualService(size),
    virtualService(size).replaceAll('subset: stable', 'subset: canary'),
  ]),
  {
    name: 'findings about rules',
    size: 150,
    make: (count) => {
      const objects = rendered(virtualService(count))
      return () => findingsIn(objects)
    },
  },
  {
    name: 'documents',
    size: 400,
    make: (count) => {
      const text = lines(count, (index) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c${index} }\n---\n`)
      return () => [parseRendered(text), parseManifest('a.yaml', text)]
    },
  },
  {
    name: 'deep YAML',
    size: 2_000,
    make: (count) => {
      const text = `a: ${'['.repeat(count)}${']'.repeat(count)}\n`
      return () => [parseRendered(text), parseManifest('a.yaml', text)]
    },
  },
]

/** How many times as long twice as much takes: the best of several rounds by turns, so that what else runs falls on both. */
export function growthOf({ size, make }: WorstInput, scale = 1): { readonly ms: number; readonly ratio: number } {
  const sizes = [Math.ceil(size * scale), Math.ceil(size * scale) * 2]
  const works = sizes.map((count) => make(count))
  const best = sizes.map(() => Number.POSITIVE_INFINITY)
  for (let round = 0; round < 3; round += 1) {
    for (const [index, work] of works.entries()) {
      const started = performance.now()
      work()
      best[index] = Math.min(best[index] ?? Number.POSITIVE_INFINITY, performance.now() - started)
    }
  }
  const [one = 0, two = 0] = best
  return { ms: Math.max(one, two), ratio: two / Math.max(one, MEASURABLE_MS) }
}

/** What takes less is refused or nothing: its ratio would be noise. */
const MEASURABLE_MS = 2
const RATIO = 2.5

export async function benchWorst(): Promise<BenchResult> {
  const found = WORST.map((input) => ({ input, ...growthOf(input) }))
  const rows = found.map(({ input, ms, ratio }) => ({
    what: `${input.name}: ${ms.toFixed(1)} ms at most, for ${input.size} and twice as much; ratio`,
    value: ratio.toFixed(2),
    budget: RATIO.toFixed(2),
  }))
  return { name: 'worst inputs', rows, ok: found.every(({ ratio }) => ratio <= RATIO) }
}
