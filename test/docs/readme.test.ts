import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { parseCommands } from '../../src/core/command/parse.ts'
import { readConfig } from '../../src/core/config/read.ts'
import { demoFiles } from '../../src/entry/demo/repository.ts'
import { needsKustomize } from '../tools.ts'
import { variables } from './variables.ts'

/** The pages describe what the code does. */

const root = fileURLToPath(new URL('../..', import.meta.url))
const readme = read('README.md')
const pages = [
  'README.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...globSync('docs/**/*.md', { cwd: root }),
]
const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read('package.json')))

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

function fences(text: string, language: string): readonly string[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, name, body = '']) =>
    name === language ? [body] : [],
  )
}

test('every shell command is one that exists', () => {
  const commands = fences(readme, 'sh').flatMap((body) => body.split('\n').filter(Boolean))
  assert.ok(commands.length >= 6)
  for (const line of commands) for (const command of line.split(' && ')) assertCommand(command)
})

function assertCommand(command: string): void {
  const [program, ...words] = command.split(' ')
  if (program === 'export') {
    const names = words.map((word) => word.split('=')[0] ?? '')
    assert.deepEqual(
      names.filter((name) => !variables().includes(name)),
      [],
    )
    return
  }
  if (program === 'docker') return assertDocker(words)
  assert.equal(program, 'npm', command)
  if (words[0] === 'ci') return
  const script = words[0] === 'run' ? words[1] : words[0]
  assert.ok(script !== undefined && script in scripts, command)
}

function assertDocker(words: readonly string[]): void {
  const dockerfile = read('Dockerfile')
  const valueOf = (flag: string): string => words[words.indexOf(flag) + 1] ?? ''
  if (words[0] === 'build') return
  assert.equal(words[0], 'run')
  assert.match(dockerfile, new RegExp(`^EXPOSE ${valueOf('--publish').split(':')[1]}$`, 'm'))
  assert.match(dockerfile, new RegExp(`^VOLUME ${valueOf('--volume').split(':')[1]}$`, 'm'))
}

test('the README’s commands for a checkout work in one like the demo’s', needsKustomize, (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'perch-readme-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  for (const [path, text] of Object.entries(demoFiles())) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  const git = (...args: string[]): void => {
    assert.equal(spawnSync('git', args, { cwd: dir }).status, 0)
  }
  git('init', '-q')
  git('add', '-A')
  git('-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '-q', '-m', 'first')
  const commands = fences(readme, 'sh').flatMap((body) => [...body.matchAll(/^npm run perch -- (?!setup)(.*)$/gm)])
  assert.ok(commands.length > 0)
  for (const [, words = ''] of commands) {
    const args = words.split(' ').map((word) => (word === '../gitops' ? dir : word))
    const done = spawnSync(process.execPath, ['src/entry/cli.ts', ...args], { cwd: root, encoding: 'utf8' })
    assert.equal(done.status, 0, `${words}: ${done.stderr}`)
    assert.match(done.stdout, words.startsWith('validate') ? /^No problems/ : /production\/api-service/)
  }
})

test('the command line has the name in the README, and refuses unknown words', () => {
  const run = (...words: string[]): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, ['src/entry/cli.ts', ...words], { cwd: root, encoding: 'utf8', env: {} })
  const help = run('help')
  assert.equal(help.status, 0)
  assert.match(String(help.stdout), /^ {2}serve /m)
  assert.match(String(help.stdout), /^ {2}demo /m)
  assert.equal(run('canary').status, 2)
  const unset = run('serve')
  assert.equal(unset.status, 1)
  for (const name of ['APP_ID', 'PRIVATE_KEY', 'WEBHOOK_SECRET'])
    assert.match(String(unset.stderr), new RegExp(`- ${name} `))
})

test('the image starts the same as npm start, and not as root', () => {
  const dockerfile = read('Dockerfile')
  const entry = z.array(z.string()).parse(JSON.parse(/^ENTRYPOINT (.*)$/m.exec(dockerfile)?.[1] ?? '[]'))
  const started = scripts['start']?.replace('--env-file-if-exists=.env ', '').replace('src/entry/cli.ts', 'dist/cli.js')
  assert.equal(entry.join(' '), started)
  assert.match(dockerfile, /^USER (?!root)/m)
})

test('every YAML fence is a config that is valid', () => {
  const configs = pages.flatMap((page) => fences(read(page), 'yaml').map((text) => ({ page, text })))
  assert.ok(configs.length > 0)
  for (const { page, text } of configs) {
    const config = readConfig(text)
    assert.ok(config.ok, `${page}: ${JSON.stringify(config)}`)
  }
})

test('every shown command is understood', () => {
  const shown = pages.flatMap((page) => {
    const text = read(page)
    const spans = [...text.matchAll(/`(\/canary[^`<[]*)`/g)]
    const said = fences(text, 'text').flatMap((body) => [...body.matchAll(/^\w+ +#\d+ +(\/canary.*)$/gm)])
    return [...spans, ...said].map(([, command = '']) => command)
  })
  assert.ok(shown.length > 5)
  for (const command of shown) {
    const [line, ...more] = parseCommands(command)
    assert.ok(line?.result.ok === true && more.length === 0, `${command}: ${JSON.stringify(line)}`)
  }
})

test('every file that a page names or links to exists', () => {
  const missing = pages.flatMap((page) => {
    const text = read(page)
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map(([, to = '']) => join(dirname(page), to))
    const named = [...text.matchAll(/`((?:src|test|docs)\/[\w./*-]+)`/g)].map(([, path = '']) => path)
    return [...links, ...named].filter((path) =>
      path.includes('*') ? globSync(path, { cwd: root }).length === 0 : !existsSync(join(root, path)),
    )
  })
  assert.deepEqual(missing, [])
})

test('every dependency has its sentence', () => {
  const Names = z.record(z.string(), z.string())
  const { dependencies, devDependencies } = z
    .object({ dependencies: Names, devDependencies: Names })
    .parse(JSON.parse(read('package.json')))
  const page = read('docs/decisions/0013-libraries.md')
  const named = [...page.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = '']) => cell.split(', '))
  const missing = Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !named.includes(name))
  assert.deepEqual(missing, [])
})

test('the index of decisions has every record, with its title and its status', () => {
  const rows = globSync('docs/decisions/0*.md', { cwd: root })
    .toSorted()
    .map((file) => {
      const [, number, title, status] = /^# (\d+)\. (.+)\n\nStatus: (.+)\n\n/.exec(read(file)) ?? []
      return `| ${number} | [${title}](${basename(file)}) | ${status} |`
    })
  const index = read('docs/decisions/README.md').split('\n')
  assert.deepEqual(
    index.filter((line) => /^\| \d/.test(line)),
    rows,
  )
})
