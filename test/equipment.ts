/** Sets up what all processes of a test run share. */
import { accessSync, chmodSync, constants, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The folder for files in memory on Linux. */
const MEMORY = '/dev/shm'
/** In bytes. Containers have 64 MB by default. A run needs about a tenth of this. */
const ROOM = 2 ** 31

/**
 * Temporary files are in memory, because the suite makes some hundred Git repositories, and most of the time of a git command
 * goes into writing small files. Compiled code is kept, so that a hundred processes do not compile the same modules.
 */
export function prepareEnvironment(): void {
  process.env['NODE_COMPILE_CACHE'] ??= resolve('node_modules/.cache/perch-tests')
  const folder = mkdtempSync(join(process.env['TMPDIR'] === undefined && hasRoom() ? MEMORY : tmpdir(), 'perch-tests-'))
  // PostgreSQL refuses to run as root, so its own user must be able to enter the folder.
  chmodSync(folder, 0o711)
  process.env['TMPDIR'] = folder
  process.env['PERCH_TEST_RENDERS'] = join(folder, 'renders')
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  process.on('SIGINT', () => process.exit(130))
  process.on('SIGTERM', () => process.exit(143))
}

function hasRoom(): boolean {
  try {
    accessSync(MEMORY, constants.W_OK)
    const { bavail, bsize } = statfsSync(MEMORY)
    return bavail * bsize >= ROOM
  } catch {
    return false
  }
}

/**
 * Files that share a process, because loading all modules again, or starting a service, takes longer than most of these files.
 * `apart`: files with global state, and stories that count what a service does.
 */
const SHARED = [
  { name: 'core', files: /^test\/(?:core|flows|layouts|ports)\//, apart: /growth/, groups: 2 },
  { name: 'stories', files: /^test\/stories\/(?:commands|judgement|promotion|rollout)\//, apart: /access/, groups: 2 },
  { name: 'sandbox', files: /^test\/sandbox\//, apart: /^$/, groups: 1 },
  { name: 'github', files: /^test\/adapters\/github\//, apart: /^$/, groups: 1 },
  {
    name: 'docs',
    files: /^test\/(?:adapters\/(?:schemas|meter|kustomize)|memory|docs)\//,
    apart: /demo|deploy|kustomize\/kustomize/,
    groups: 1,
  },
  // They share an API server.
  { name: 'dry-run', files: /^test\/(?:adapters\/policy|stories)\/dry-run\//, apart: /^$/, groups: 1 },
]

/** A few hundred tests read the same repositories. Without this, parsing the same YAML again took a fifth of their time. */
const KEEP_YAML = new URL('simulate/keep-yaml.ts', import.meta.url).href
const UNTRACKED = new URL('untracked.ts', import.meta.url).href

/** The slow files, the slowest first. Otherwise a run would wait for a slow file that starts last. */
const SLOW = [
  'core-',
  'stories-',
  'stories',
  'soak/',
  'adapters/queue',
  'git/git.',
  'docs/demo',
  'simulate',
  'hostile/',
  'policy/policy',
  'demo-page',
  'tutorials',
  'entry/cli',
  'dry-run',
]

/** The input of the runner: groups of test files, and the other files one by one. */
export function grouped(files: readonly string[]): string[] {
  const groups = SHARED.flatMap((shared) => {
    const mine = files.filter((file) => isIn(shared, file)).toSorted()
    const parts = Map.groupBy(mine.entries(), ([place]) => place % shared.groups)
    return [...parts].map(([part, entries]) =>
      groupFile(
        `${shared.name}-${part + 1}`,
        entries.map(([, file]) => file),
      ),
    )
  })
  const others = files.filter((file) => !SHARED.some((shared) => isIn(shared, file)))
  return [...groups, ...others].toSorted((a, b) => rank(a) - rank(b) || a.localeCompare(b))
}

function isIn(shared: (typeof SHARED)[number], file: string): boolean {
  return shared.files.test(file) && !shared.apart.test(file)
}

function groupFile(name: string, files: readonly string[]): string {
  const list = join(tmpdir(), `${name}.mjs`)
  writeFileSync(list, files.map((file) => `import ${JSON.stringify(pathToFileURL(file).href)}\n`).join(''))
  const path = join(tmpdir(), `${name}.test.mjs`)
  // Modules that replace others must be loaded before the first test file.
  writeFileSync(
    path,
    [UNTRACKED, KEEP_YAML, pathToFileURL(list).href].map((url) => `await import(${JSON.stringify(url)})\n`).join(''),
  )
  return path
}

function rank(file: string): number {
  const found = SLOW.findIndex((word) => file.includes(word))
  return found < 0 ? SLOW.length : found
}
