/**
 * The rendering and diff of a review, compared with the bare kustomize runs that it needs, and the cost of 1,000 environments.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { openRenderer } from '../../../src/adapters/kustomize/renderer.ts'
import { openSchemas } from '../../../src/adapters/schemas/schemas.ts'
import { findTool } from '../../../src/adapters/kustomize/tool.ts'
import { memoryValidators } from '../../memory/validators.ts'
import { compareTrees } from '../../../src/flows/judgement/judge-merge.ts'
import type { FileSource } from '../../../src/flows/repository/load.ts'
import type { Renderer } from '../../../src/ports/renderer.ts'
import { median, repeat, timed } from '../measure.ts'
import { QUIET } from '../../quiet-log.ts'
import type { BenchResult, BenchRow } from '../report.ts'

type Tree = Readonly<Record<string, string>>

const RATIO = 1.3
/** Listing and reading a thousand folders takes some time. Rendering them would take a hundred times as long. */
const MANY_MS = 1_500
const MEMORY_MB = 300
const ROUNDS = 7

const schemas = openSchemas()

export async function benchRender(): Promise<BenchResult> {
  const rows: BenchRow[] = []
  const path = process.env['PATH'] ?? ''
  const tool = await findTool('kustomize', { path })
  if (typeof tool === 'string') throw new Error(tool)
  const bare = tool.command
  const renderer = openRenderer({ log: QUIET, path })
  await renderer.tool()
  for (const shape of [small(), large(), several()]) {
    const ours: number[] = []
    const theirs: number[] = []
    // In turns, so that other load on the machine affects both.
    for (let round = 0; round < ROUNDS; round += 1) {
      ours.push(await timed(() => review(renderer, shape)))
      theirs.push(await bareRuns(bare, shape))
    }
    rows.push(
      { what: `${shape.name}: Perch, files to diff`, value: median(ours), unit: 'ms' },
      { what: `${shape.name}: bare kustomize`, value: median(theirs), unit: 'ms' },
      { what: `${shape.name}: ratio`, value: median(ours) / median(theirs), unit: '×', budget: { atMost: RATIO } },
    )
  }
  const one = many(1)
  const thousand = many(1_000)
  const single = median(await repeat(3, () => timed(() => review(renderer, one))))
  const before = process.memoryUsage().rss
  const all = median(await repeat(3, () => timed(() => review(renderer, thousand))))
  const grown = (process.memoryUsage().rss - before) / 2 ** 20
  rows.push(
    { what: '1 environment, which changes', value: single, unit: 'ms' },
    { what: '1,000 environments, of which 1 changes', value: all, unit: 'ms' },
    { what: 'what 999 unchanged ones add', value: all - single, unit: 'ms', budget: { atMost: MANY_MS } },
    { what: 'memory that they add', value: grown, unit: 'MB', budget: { atMost: MEMORY_MB } },
  )
  return { name: 'render and diff', rows }
}

interface Shape {
  readonly name: string
  readonly before: Tree
  readonly after: Tree
  readonly changed: string
  /** The folders that are rendered on both sides. */
  readonly roots: readonly string[]
}

async function review(renderer: Renderer, { before, after, changed }: Shape): Promise<void> {
  const tree = (name: string): Tree => (name === 'after' ? after : before)
  const files: FileSource = {
    mirror: {
      entries: async (name) => Object.keys(tree(name)).map((path) => ({ path, type: 'file' as const })),
      read: async (name, paths) =>
        new Map(
          paths.flatMap((path) => (tree(name)[path] === undefined ? [] : [[path, tree(name)[path] ?? ''] as const])),
        ),
    },
  }
  const { review: found } = await compareTrees(
    { ...files, renderer, schemas, validators: memoryValidators() },
    { base: 'before', head: 'after', changed: [changed] },
  )
  if (found.problems.length > 0 || found.rows.length === 0) throw new Error(JSON.stringify(found.problems))
}

/** The same builds, two at a time as Perch runs them, of files that are on disk already. */
async function bareRuns(command: readonly string[], { before, after, roots }: Shape): Promise<number> {
  const top = mkdtempSync(join(tmpdir(), 'perch-bench-'))
  for (const [side, tree] of Object.entries({ before, after })) {
    for (const [path, text] of Object.entries(tree)) {
      mkdirSync(dirname(join(top, side, path)), { recursive: true })
      writeFileSync(join(top, side, path), text)
    }
  }
  const [program = '', ...args] = command
  const left = roots.flatMap((root) => [join(top, 'before', root), join(top, 'after', root)])
  const lane = async (): Promise<void> => {
    for (let folder = left.shift(); folder !== undefined; folder = left.shift())
      await promisify(execFile)(program, [...args, folder], { maxBuffer: 64 * 2 ** 20 })
  }
  const took = await timed(async () => void (await Promise.all([lane(), lane()])))
  rmSync(top, { recursive: true, force: true })
  return took
}

const VS = (stable: number): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web }
spec:
  hosts: [web]
  http:
    - name: main
      route:
        - { destination: { host: web, subset: stable }, weight: ${stable} }
        - { destination: { host: web, subset: canary }, weight: ${100 - stable} }
`

function overlay(folder: string, resources: readonly string[]): Tree {
  return { [`${folder}/kustomization.yaml`]: `resources:\n${resources.map((name) => `  - ${name}\n`).join('')}` }
}

function deployment(name: string): string {
  const env = Array.from(
    { length: 20 },
    (_, index) => `            - { name: KEY_${index}, value: "${name} ${index}" }\n`,
  )
  return `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: ${name} }\nspec:\n  selector: { matchLabels: { app: ${name} } }\n  template:\n    metadata: { labels: { app: ${name} } }\n    spec:\n      containers:\n        - name: main\n          image: ${name}:1\n          env:\n${env.join('')}`
}

function small(): Shape {
  const tree = (stable: number): Tree => ({ ...overlay('production', ['vs.yaml']), 'production/vs.yaml': VS(stable) })
  const roots = ['production']
  return { name: 'a small overlay', before: tree(95), after: tree(75), changed: 'production/vs.yaml', roots }
}

function large(): Shape {
  const names = Array.from({ length: 51 }, (_, index) => `service-${index}`)
  const files = Object.fromEntries(names.map((name) => [`production/${name}.yaml`, deployment(name)]))
  const tree = (stable: number): Tree => ({
    ...overlay('production', ['vs.yaml', ...names.map((name) => `${name}.yaml`)]),
    ...files,
    'production/vs.yaml': VS(stable),
  })
  const roots = ['production']
  return { name: '53 files', before: tree(95), after: tree(75), changed: 'production/vs.yaml', roots }
}

function several(): Shape {
  const folders = Array.from({ length: 10 }, (_, index) => `overlays/region-${index}`)
  const tree = (stable: number): Tree => ({
    ...overlay('base', ['vs.yaml', 'web.yaml']),
    'base/vs.yaml': VS(stable),
    'base/web.yaml': deployment('web'),
    ...Object.assign({}, ...folders.map((folder) => overlay(folder, ['../../base']))),
  })
  return { name: '10 overlays on one base', before: tree(95), after: tree(75), changed: 'base/vs.yaml', roots: folders }
}

/** `count` folders, each with its own route. One of them changes. */
function many(count: number): Shape {
  const folders = Array.from({ length: count }, (_, index) => `overlays/region-${index}`)
  const tree = (stable: number): Tree =>
    Object.assign(
      {},
      ...folders.map((folder, index) => ({
        ...overlay(folder, ['vs.yaml']),
        [`${folder}/vs.yaml`]: VS(index === 0 ? stable : 100),
      })),
    )
  const changed = 'overlays/region-0/vs.yaml'
  return { name: `${count} environments`, before: tree(95), after: tree(75), changed, roots: ['overlays/region-0'] }
}
