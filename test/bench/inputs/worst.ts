/** Inputs that are designed to be as expensive as possible. Twice the input may take twice as long, and not longer. */
import { readFileSync } from 'node:fs'
import { parseCommands } from '../../../src/core/command/parse.ts'
import { diffRendered } from '../../../src/core/diff/changes.ts'
import { parseRendered, type RenderedObject } from '../../../src/core/diff/objects.ts'
import { readPlain } from '../../../src/core/diff/reading/plain-files.ts'
import { redact } from '../../../src/core/diff/redact.ts'
import { findingsIn } from '../../../src/core/finding/find.ts'
import { discoverEnvironments } from '../../../src/core/environment/discover-environments.ts'
import { locator } from '../../../src/core/finding/locate.ts'
import { layoutOf } from '../../../src/core/layer/layout.ts'
import { readKustomization } from '../../../src/core/environment/kustomization.ts'
import { documentsOf } from '../../../src/core/diff/secret-texts.ts'
import { Config } from '../../../src/core/config/schema.ts'
import { servicesOf } from '../../../src/core/rollout/target.ts'
import { readConfig } from '../../../src/core/config/read.ts'
import { parseManifest } from '../../../src/core/manifest/parse.ts'
import { growthOf, type Input } from './growth.ts'
import { OWNED } from './owners.ts'
import { VERSIONS } from './versions.ts'
import type { BenchResult, BenchRow } from '../report.ts'

export interface WorstInput extends Input {
  readonly name: string
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

function configMap(text: string, name = 'c'): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata:\n  text: |\n${text}`
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

/**
 * The last object of a file in test/findings, and the whole of another. Each ends with the line that separates it from the next.
 */
const NEGATIVE = `${readFileSync('test/findings/weight-negative.yaml', 'utf8').split('---\n').at(-1)}---\n`
const SERVICE = `${readFileSync('test/findings/nothing-wrong.yaml', 'utf8').split('---\n').slice(1).join('---\n')}---\n`

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  rendered: parseRendered,
  'a manifest': (text) => parseManifest('a.yaml', text),
  secrets: (text) => documentsOf(text),
  'a kustomization': (text) => readKustomization(text, 'kustomization.yaml'),
  'a config': readConfig,
}

export const WORST: readonly WorstInput[] = [
  ...OWNED,
  VERSIONS,
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
  diffed('objects of which many lines differ', 3, (size) => {
    const objects = (letter: string): string =>
      lines(
        size,
        (index) =>
          `${configMap(
            lines(900, (line) => `    ${letter}${line}\n`),
            `c${index}`,
          )}---\n`,
      )
    return [objects('a'), objects('b')]
  }),
  diffed('one long line', 400_000, (size) => [
    configMap(`    ${'a'.repeat(size)}\n`),
    configMap(`    ${'b'.repeat(size)}\n`),
  ]),
  // With more edits than this, the best diff is not computed.
  diffed('rules', 800, (size) => [
    virtualService(size),
    virtualService(size).replaceAll('subset: stable', 'subset: canary'),
  ]),
  {
    name: 'findings about rules',
    size: 700,
    make: (count) => {
      const objects = rendered(virtualService(count))
      return () => findingsIn(objects)
    },
  },
  {
    name: 'places of findings',
    size: 250,
    make: (count) => {
      const text = lines(count, (index) => NEGATIVE.replace('name: web,', `name: web-${index},`))
      const texts = new Map([['all.yaml', text]])
      const findings = findingsIn(rendered(text))
      const files = [...texts.keys()]
      return () => {
        const layout = layoutOf([], texts)
        return findings.map(locator({ environment: '', layout, files, texts, home: undefined }))
      }
    },
  },
  {
    name: 'findings about services',
    size: 80,
    make: (count) => {
      const objects = rendered(lines(count, (index) => SERVICE.replaceAll(/\bweb\b/g, `web${index}`)))
      return () => findingsIn(objects)
    },
  },
  {
    name: 'services in a config',
    size: 4_000,
    make: (count) => {
      const names = Array.from({ length: count }, (_, index) => `web-${index}`)
      const config = Config.parse({ services: Object.fromEntries(names.map((name) => [name, {}])) })
      const routes = names.map((name) => ({ kind: 'VirtualService', namespace: 'default', name }) as const)
      return () => {
        // Copies, because results for the same config are cached.
        const fresh = { ...config, services: { ...config.services } }
        return routes.map((route) => servicesOf(fresh, route))
      }
    },
  },
  {
    name: 'environments on one base',
    size: 100,
    make: (count) => {
      const texts = new Map([
        ['base/kustomization.yaml', 'resources: [a.yaml]\n'],
        ['base/a.yaml', configMap('    a\n')],
      ])
      for (let index = 0; index < count; index += 1) {
        texts.set(`overlays/e${index}/kustomization.yaml`, 'resources: [../../base]\npatches: [{ path: a.yaml }]\n')
        texts.set(`overlays/e${index}/a.yaml`, configMap('    b\n'))
      }
      const entries = [...texts.keys()].map((path) => ({ path, type: 'file' as const }))
      return () => discoverEnvironments({ entries, texts })
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
    name: 'files of a folder that cannot be read',
    size: 400,
    make: (count) => {
      const texts = new Map(
        Array.from({ length: count }, (_, index) => [`${index}.yaml`, `${configMap('    a\n', `c${index}`)}  : [\n`]),
      )
      const files = [...texts.keys()]
      return () => readPlain(files, texts, { documents: new Map(), secrets: [], isLoose: false })
    },
  },
  ...['rendered', 'a manifest', 'secrets', 'a kustomization', 'a config'].map((what) => ({
    name: `keys of one mapping in ${what}`,
    size: 3_000,
    make: (count: number) => {
      const text = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\ndata:\n${lines(count, (index) => `  k${index}: a\n`)}`
      return () => READERS[what]?.(text)
    },
  })),
  {
    name: 'mistakes in a config',
    size: 2_000,
    make: (count) => {
      const text = `environments:\n${lines(count, (index) => `  e${index}: { pat: a }\n`)}`
      return () => readConfig(text)
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
  ...['- ', '&a ', '"', '---\n', '...\n', '\n'].map((piece) => ({
    name: `a manifest of nothing but ${JSON.stringify(piece)}`,
    size: 20_000,
    make: (count: number) => {
      const text = piece.repeat(count / piece.length)
      return () => parseManifest('a.yaml', text)
    },
  })),
]

/** Two, plus the effect of the processor's caches. */
const RATIO = 2.5

export async function benchWorst(): Promise<BenchResult> {
  const found = []
  for (const input of WORST) found.push({ input, ...(await growthOf(input, RATIO)) })
  const rows = found.map(({ input, ms, ratio }): BenchRow => ({
    what: `${input.name}: ${ms.toFixed(1)} ms of CPU at most, for ${input.size} and twice as much; ratio`,
    value: ratio,
    unit: '×',
    budget: { atMost: RATIO },
  }))
  return { name: 'worst inputs', rows }
}
