import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize, relative, resolve } from 'node:path'
import { test } from 'node:test'

/** Rules of the code that neither types nor lint rules can express. */

const root = resolve(import.meta.dirname, '..')

type Layer = 'core' | 'ports' | 'flows' | 'adapters' | 'sandbox' | 'entry'

/** The layers that each layer may import. docs/architecture.md has the diagram. */
const MAY_IMPORT: Readonly<Record<Layer, readonly Layer[]>> = {
  core: ['core'],
  ports: ['ports', 'core'],
  flows: ['flows', 'ports', 'core'],
  adapters: ['adapters', 'ports', 'core'],
  sandbox: ['sandbox'],
  entry: ['entry', 'sandbox', 'flows', 'adapters', 'ports', 'core'],
}

/** This is not an adapter of its own, but shared by all that run programs, including the GitHub in a box. */
const SHARED = 'process-sandbox'

/** Packages that only compute. */
const PURE_PACKAGES: Readonly<Partial<Record<Layer, readonly string[]>>> = {
  core: [
    'zod',
    'yaml',
    'diff',
    'mdast',
    'mdast-util-from-markdown',
    'mdast-util-gfm',
    'mdast-util-to-markdown',
    'fastest-levenshtein',
  ],
  ports: [],
  // `node:crypto` is for hashing names, which is a computation too.
  flows: ['zod', 'node:crypto'],
}

/** Code that has effects, or makes a decision depend on anything except its arguments. */
const IMPURE: readonly RegExp[] = [
  /\bprocess\s*[.[]/,
  /\bDate\.now\b/,
  /\bnew Date\(\)/,
  /\bMath\.random\b/,
  /\bperformance\b/,
  /\bcrypto\b/,
  /\bconsole\b/,
  /\bfetch\(/,
  /\bset(Timeout|Interval|Immediate)\b/,
  /\bawait\b/,
  /\basync\b/,
]

interface Import {
  readonly file: string
  readonly from: string
}

const sources = globSync('src/**/*.ts', { cwd: root }).map(normalize).sort()
const imports = sources.flatMap(importsOf)

function importsOf(file: string): Import[] {
  const code = withoutComments(read(file))
  const found = code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*(['"])([^'"]+)\1/g)
  return [...found].map(([, , from = '']) => ({ file, from }))
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

function withoutComments(code: string): string {
  return code.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1')
}

function layerOf(file: string): string {
  return file.split('/')[1] ?? ''
}

function isLayer(name: string): name is Layer {
  return name in MAY_IMPORT
}

/** The source file that an import refers to. Undefined if it is a package. */
function targetOf({ file, from }: Import): string | undefined {
  return from.startsWith('.') ? relative(root, resolve(root, dirname(file), from)) : undefined
}

/** `@octokit/rest/x` → `@octokit/rest`. */
function packageOf(from: string): string {
  return from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/')
}

/** A folder with more files has two subjects and should be split. */
const MOST_FILES = 15

test(`no folder has more than ${MOST_FILES} files`, () => {
  const files = [...sources, ...globSync('test/**/*.ts', { cwd: root }).map(normalize)]
  const folders = [...Map.groupBy(files, (file) => dirname(file))]
  assert.deepEqual(
    folders.filter(([, inside]) => inside.length > MOST_FILES).map(([folder, inside]) => `${folder}: ${inside.length}`),
    [],
  )
})

test('the reader of imports finds every import', () => {
  assert.ok(imports.length > 300, `${imports.length} imports in ${sources.length} files`)
  assert.deepEqual(
    sources.map(layerOf).filter((layer) => !isLayer(layer)),
    [],
  )
})

test('layers import in one direction only', () => {
  const wrong = imports.filter((one) => {
    const target = targetOf(one)
    const layer = layerOf(one.file)
    if (target === undefined || !isLayer(layer)) return false
    const isShared = layer === 'sandbox' && target.startsWith(`src/adapters/${SHARED}/`)
    // The version comes from there.
    const isManifest = one.file === 'src/entry/version.ts' && target === 'package.json'
    return !isShared && !isManifest && !MAY_IMPORT[layer].some((allowed) => target.startsWith(`src/${allowed}/`))
  })
  assert.deepEqual(wrong, [])
})

test('nothing else in the core imports the modules with sentences', () => {
  const words = 'src/core/message/'
  const wrong = imports.filter(
    (one) => layerOf(one.file) === 'core' && !one.file.startsWith(words) && targetOf(one)?.startsWith(words) === true,
  )
  assert.deepEqual(wrong, [])
})

/** Flows that only find out and decide. Their results are data, and other flows publish them. */
const WITHOUT_WORDS: readonly string[] = [
  'approvals',
  'checkout',
  'checkout-review',
  'closed-steps',
  'compare-environment',
  'compare-renders',
  'exposures',
  'judge-again',
  'judge-changes',
  'judge-merge',
  'landing',
  'liveness',
  'load',
  'make-change',
  'measure-step',
  'permission',
  'protection',
  'prove',
  'render',
  'repair',
  'required-checks',
  'restraints',
  'rollouts',
  'surroundings',
  'sweep',
  'validate',
]

/** The folders of flows, from those that start work to those that all others use. docs/architecture.md describes them. */
const FLOORS = [
  '.',
  'review',
  'arrival',
  'commands',
  'commands/handlers',
  'promotion',
  'onboarding',
  'rollout',
  'checkout',
  'making',
  'flagger',
  'judgement',
  'judgement/comparison',
  'validation',
  'deployment',
  'dashboard',
  'measure',
  'stop',
  'notify',
  'memory',
  'repository',
  'build',
  'tasks',
]

test('a folder of flows uses only those below it', () => {
  const floorOf = (file: string): number => FLOORS.indexOf(dirname(relative('src/flows', file)))
  const flows = sources.filter((file) => layerOf(file) === 'flows')
  assert.deepEqual(
    flows.filter((file) => floorOf(file) === -1),
    [],
  )
  const wrong = imports.filter((one) => {
    const target = targetOf(one)
    if (layerOf(one.file) !== 'flows' || target?.startsWith('src/flows/') !== true) return false
    return floorOf(target) < floorOf(one.file)
  })
  assert.deepEqual(wrong, [])
})

test('flows that judge write no sentences', () => {
  const flows = sources.filter((file) => layerOf(file) === 'flows')
  const judging = new Set(flows.filter((file) => WITHOUT_WORDS.includes(basename(file, '.ts'))))
  assert.equal(judging.size, WITHOUT_WORDS.length)
  assert.deepEqual(
    imports.filter((one) => judging.has(one.file) && targetOf(one)?.startsWith('src/core/message/') === true),
    [],
  )
})

/** The names that a file exports. A constant and a type with the same name count once. */
function exportsOf(file: string): ReadonlySet<string> {
  const declared = withoutComments(read(file)).matchAll(
    /^export (?:async )?(?:function\*?|const|let|class|abstract class|interface|type|enum) (\w+)/gm,
  )
  return new Set([...declared].map(([, name = '']) => name))
}

/** Everything except the GitHub in a box, which uses GitHub's own terms. */
const NAMED_ONCE: readonly string[] = ['core', 'flows', 'ports', 'adapters', 'entry']

test('no name is exported twice outside the GitHub in a box, and no export is renamed', () => {
  const files = sources.filter((file) => NAMED_ONCE.includes(layerOf(file)))
  const homes = Map.groupBy(
    files.flatMap((file) => [...exportsOf(file)].map((name) => ({ name, file }))),
    ({ name }) => name,
  )
  assert.ok(homes.size > 500, `${homes.size} names`)
  const twice = [...homes]
    .filter(([, all]) => all.length > 1)
    .map(([name, all]) => [name, ...all.map(({ file }) => file)])
  assert.deepEqual(twice, [])
  assert.deepEqual(
    files.filter((file) => /^export (?:type )?[{*]/m.test(withoutComments(read(file)))),
    [],
  )
})

test('no adapter imports another', () => {
  const adapterOf = (file: string): string => file.split('/')[2] ?? ''
  const wrong = imports.filter((one) => {
    const target = targetOf(one)
    return (
      layerOf(one.file) === 'adapters' &&
      target?.startsWith('src/adapters/') === true &&
      adapterOf(target) !== adapterOf(one.file) &&
      adapterOf(target) !== SHARED
    )
  })
  assert.deepEqual(wrong, [])
})

test('the core, the ports and the flows use only packages that compute, and only hashes of Node', () => {
  const wrong = imports.filter((one) => {
    const layer = layerOf(one.file)
    const pure = isLayer(layer) ? PURE_PACKAGES[layer] : undefined
    return targetOf(one) === undefined && pure !== undefined && !pure.includes(packageOf(one.from))
  })
  assert.deepEqual(wrong, [])
})

test('the core has no clock, randomness, environment, log, network or waiting', () => {
  const wrong = sources
    .filter((file) => layerOf(file) === 'core')
    .flatMap((file) => {
      const code = withoutComments(read(file))
      return IMPURE.filter((pattern) => pattern.test(code)).map((pattern) => `${file}: ${pattern.source}`)
    })
  assert.deepEqual(wrong, [])
})

/** Files that wait by the machine's clock, and why this is not time of the domain, which stories control. */
const OWN_TIME: Readonly<Record<string, string>> = {
  'src/adapters/clock/clock.ts': 'is the clock',
  'src/adapters/git/store.ts': 'compares with times of files',
  'src/adapters/policy/program.ts': 'spares a machine that is busy a program that hangs',
  'src/adapters/process-sandbox/run-apart.ts': 'ends a process that has nothing to do',
  'src/adapters/process-sandbox/run-here.ts': 'limits a process',
  'src/adapters/process-sandbox/workshop.ts': 'compares with times of files',
  'src/adapters/prometheus/metrics.ts': 'pauses before it connects again',
  'src/adapters/queue/folder-lock.ts': 'shows other processes that this one lives',
  'src/adapters/queue/queue.ts': 'limits a question to the database',
  'src/adapters/queue/sqlite-store.ts': 'tidies now and then',
  'src/adapters/queue/worker.ts': 'shows other replicas that this one lives, and limits the end of a process',
  'src/adapters/tracer/opentelemetry.ts': 'limits the end of a process',
  'src/entry/command-line/progress.ts': 'shows somebody at a terminal that work goes on',
  'src/entry/github/app-clock.ts': "compares the machine's clock with GitHub's",
  'src/entry/demo/history.ts': 'draws for somebody who watches',
  'src/entry/demo/play.ts': 'plays for somebody who watches',
  'src/entry/edge/edge.ts': 'limits the end of connections',
  'src/entry/edge/http.ts': 'limits an answer',
  'src/entry/thread/start.ts': 'watches a thread',
  'src/entry/thread/thread-meter.ts': 'sends numbers now and then',
  'src/entry/watch/collect-gauges.ts': 'asks a database now and then',
}

test('time of the domain comes from the clock that is passed in', () => {
  const reads = /\bDate\.now\b|\bnew Date\(\)|\bset(?:Timeout|Interval)\b/
  const found = sources.filter((file) => layerOf(file) !== 'sandbox' && reads.test(withoutComments(read(file))))
  assert.deepEqual(found.toSorted(), Object.keys(OWN_TIME).toSorted())
})

test('only process-env.ts reads the environment of the process', () => {
  const readers = sources.filter((file) => /\bprocess\.env\b/.test(withoutComments(read(file))))
  assert.deepEqual(readers, ['src/entry/process-env.ts'])
})

test('one file makes jobs, so that one table decides which causes are the same', () => {
  const makers = sources.filter((file) => {
    const isOurs = layerOf(file) === 'flows' || layerOf(file) === 'entry'
    return isOurs && /\b(notBefore|patienceMs)\b|\benqueue\(\s*\{/.test(withoutComments(read(file)))
  })
  assert.deepEqual(makers, ['src/flows/tasks/tasks.ts'])
  const senders = sources.filter((file) => /\bjobs\.enqueue\(/.test(read(file)))
  assert.deepEqual(senders, ['src/entry/edge/perch-app.ts', 'src/flows/tasks/ask.ts'])
})

test('zod is imported as a namespace, so that a bundle leaves out its messages in fifty languages', () => {
  assert.deepEqual(
    sources.filter((file) => /import (?:type )?\{[^}]*\bz\b[^}]*\} from 'zod'/.test(read(file))),
    [],
  )
})

test('every export has a name', () => {
  const files = [...sources, ...globSync('test/**/*.ts', { cwd: root })]
  assert.deepEqual(
    files.filter((file) => /^export default\b/m.test(read(file))),
    [],
  )
})

test('no file contains a path of the machine on which it was written', () => {
  const exclude = ['node_modules', '.git', 'data']
  const entries = globSync(['**/*', '.*', '.*/**/*'], { cwd: root, exclude, withFileTypes: true })
  const texts = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  assert.ok(texts.length > sources.length)
  const home = /(?<![\w.$}-])\/(?:root|work|home\/\w+|Users\/\w+)\//
  const wrong = texts.filter((file) => {
    const text = readFileSync(file, 'utf8')
    return !text.includes('\0') && (home.test(text) || text.includes(`${root}/`))
  })
  assert.deepEqual(wrong, [])
})

test('package.json names exact versions, and the lock file has them and no addresses', () => {
  const manifest = json('package.json')
  const lock = json('package-lock.json')
  const own = at(lock, 'packages', '')
  for (const kind of ['dependencies', 'devDependencies']) {
    const wanted = at(manifest, kind)
    assert.deepEqual(at(own, kind), wanted, `${kind}: run npm install`)
    const loose = Object.entries(wanted).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(String(version)))
    assert.deepEqual(loose, [])
  }
  const resolved = Object.entries(at(lock, 'packages')).filter(([, entry]) => 'resolved' in record(entry))
  assert.deepEqual(resolved, [])
})

function json(file: string): Readonly<Record<string, unknown>> {
  return record(JSON.parse(read(file)))
}

function at(value: unknown, ...path: readonly string[]): Readonly<Record<string, unknown>> {
  return record(path.reduce((inner, key) => record(inner)[key], value))
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  assert.ok(typeof value === 'object' && value !== null)
  return { ...value }
}

test('only the demo, which the image leaves out, uses the GitHub in a box', () => {
  const isDemo = (file: string): boolean => /^src\/(sandbox|entry\/demo)[/.]/.test(file)
  const users = imports.filter((one) => !isDemo(one.file) && targetOf(one)?.startsWith('src/sandbox/') === true)
  assert.deepEqual(users, [])
  for (const left of ['src/sandbox', 'src/entry/demo.ts', 'src/entry/demo'])
    assert.match(read('.dockerignore'), new RegExp(`^${RegExp.escape(left)}$`, 'm'))
})
