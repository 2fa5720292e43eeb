/** What all commands share: help, versions, suggestions, completions, colours, progress, and where they look. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, mock, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { CLI_COMMAND_NAMES } from '../../src/core/message/command-line/cli-commands.ts'
import { createProgress } from '../../src/entry/command-line/progress.ts'
import { VERSION } from '../../src/entry/version.ts'
import { gitops, VS, weightsIn } from '../stories/world.ts'
import { checkout, needsProgram, perch, perchOn } from './perch.ts'

const folder = mkdtempSync(join(tmpdir(), 'perch-command-line-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function git(dir: string): string {
  for (const args of [
    ['init', '-q'],
    ['add', '-A'],
    ['-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-qm', 'c'],
  ])
    assert.equal(spawnSync('git', args, { cwd: dir }).status, 0)
  return dir
}

test('every command has -h, --help and --version, and exits 0', async () => {
  for (const name of CLI_COMMAND_NAMES) {
    const help = await perch(name, '--help')
    assert.deepEqual(await perch(name, '-h'), help, name)
    assert.deepEqual(await perch('help', name), help, name)
    assert.match(help.out, new RegExp(`^Usage: perch ${name}[^]*Exit codes:\n  0  success\n  1 .*\n  2 `))
    assert.deepEqual([help.code, help.err], [0, ''])
    assert.deepEqual(await perch(name, '--version'), { code: 0, out: `${VERSION}\n`, err: '' })
  }
  assert.deepEqual(await perch('-V'), { code: 0, out: `${VERSION}\n`, err: '' })
  const nothing = await perch()
  assert.deepEqual([nothing.code, nothing.out], [2, ''])
  assert.match(nothing.err, /^Usage: perch/)
})

test('a mistyped command, option, shell or environment is answered with the right one', async () => {
  assert.match((await perch('vaildate')).err, /unknown command 'vaildate'\n\(Did you mean validate\?\)\n`perch --help`/)
  assert.match(
    (await perch('status', '--jsn')).err,
    /unknown option '--jsn'\n\(Did you mean --json\?\)\n`perch status --help`/,
  )
  assert.match((await perch('completion', 'bsh')).err, /Allowed choices are bash, zsh, fish/)
  const moon = await perch('status', '--env', 'prodution', '--dir', checkout(gitops()))
  assert.equal(moon.code, 1)
  assert.match(moon.err, /no environment prodution here\. Did you mean production\? Known here: production, staging/)
})

test('a dry run prints the same and writes nothing', async () => {
  const dir = checkout(gitops())
  const asked = ['set', '25', '--env', 'production', '--dir', dir]
  const dry = await perch(...asked, '--dry-run')
  assert.equal(dry.code, 0)
  assert.match(dry.out, new RegExp(`^would write ${VS}$`, 'm'))
  assert.equal(readFileSync(join(dir, VS), 'utf8'), gitops()[VS])
  assert.equal(JSON.parse((await perch(...asked, '--dry-run', '--json')).out).isWritten, false)
  const done = await perch(...asked)
  assert.equal(done.out, dry.out.replace('would write', 'wrote'))
  assert.equal(weightsIn(readFileSync(join(dir, VS), 'utf8')), '75/25')
})

test('every command works on the whole repository from any of its folders', async () => {
  const dir = git(checkout(gitops()))
  const deep = join(dir, 'overlays', 'production', 'applications')
  assert.equal((await perch('status', '--dir', deep)).out, (await perch('status', '--dir', dir)).out)
  assert.equal((await perch('set', '25', '--env', 'production', '--dir', deep)).code, 0)
  assert.equal(weightsIn(readFileSync(join(dir, VS), 'utf8')), '75/25')
})

const chart = { 'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n', 'values.yaml': 'weight: 10\n' }
const template = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n'
const remote = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: web, namespace: argocd }
spec:
  source: { repoURL: https://charts.example.com, chart: web, targetRevision: 1.0.0 }
  destination: { namespace: web, server: https://kubernetes.default.svc }
`
const NOTHING_THERE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'an empty folder': { 'README.md': 'Nothing to deploy\n' },
  'a chart that nothing deploys': { ...chart, 'templates/config.yaml': template },
  'a chart among others that nothing deploys': {
    'charts/web/Chart.yaml': chart['Chart.yaml'],
    'charts/web/templates/config.yaml': template,
  },
  'a chart of another repository': { 'apps/web.yaml': remote },
}

test('without anything to work on, every command says so and exits 1', async () => {
  for (const [what, files] of Object.entries(NOTHING_THERE))
    for (const words of [['status'], ['set', '25'], ['validate'], ['diff']]) {
      const done = await perch(...words, '--dir', git(checkout(files)))
      assert.deepEqual([done.code, done.out], [1, ''], `${words.join(' ')} in ${what}`)
      assert.match(
        done.err,
        what.includes('another') ? /\(chart web\)\. Perch never downloads charts/ : /^perch: \w+ \w+/,
      )
    }
})

test('objects next to a chart of another repository are still checked', async () => {
  const dir = git(
    checkout({
      'apps/web.yaml': remote,
      'apps/config.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n',
    }),
  )
  assert.equal((await perch('validate', '--dir', dir)).out, 'No problems in 1 environment.\n')
})

test('if no route splits traffic, status says so and exits 1', async () => {
  const dir = checkout({ 'web.yaml': 'apiVersion: v1\nkind: Service\nmetadata: { name: web }\n' })
  const none = await perch('status', '--dir', dir)
  assert.deepEqual([none.code, none.out], [1, ''])
  assert.match(none.err, /^perch: No route with a stable and a canary destination was found\. Add a VirtualService/)
  assert.equal(JSON.parse((await perch('status', '--json', '--dir', dir)).out).refused, 'no-service')
})

test('status names what it cannot read, and exits 1 if there is nothing else', async () => {
  const broken = await perch('status', '--dir', checkout({ ...gitops(), 'overlays/staging/a.yaml': 'a: [\n' }))
  assert.equal(broken.code, 0)
  const alone = await perch('status', '--dir', checkout({ 'vs.yaml': `${gitops()[VS]}  broken: [\n` }))
  assert.deepEqual([alone.code, alone.out], [1, ''])
  assert.match(alone.err, /^perch: .*not valid YAML.*vs\.yaml:\d+/)
})

const GREEN = '\u001B[32m'

test('a diff has colours only on a terminal that supports them', async () => {
  const dir = checkout(gitops())
  const words = ['set', '25', '--env', 'production', '--dry-run', '--dir', dir]
  const { out } = await perchOn({ isColourful: true }, ...words)
  assert.ok(out.includes(`${GREEN}+          weight: 25`), out)
  assert.equal(stripVTControlCharacters(out), (await perch(...words)).out)
  const json = await perchOn({ isColourful: true }, ...words, '--json')
  assert.ok(!json.out.includes('\u001B'))
})

test('NO_COLOR counts on a real terminal', needsProgram('script'), () => {
  const dir = checkout(gitops())
  const command = `${process.execPath} src/entry/cli.ts set 25 --env production --dry-run --dir ${dir}`
  const { FORCE_COLOR: _, NO_COLOR: __, CI: ___, ...env } = process.env
  const run = (more: NodeJS.ProcessEnv): string =>
    spawnSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8', env: { ...env, TERM: 'xterm', ...more } })
      .stdout
  assert.ok(run({}).includes(GREEN))
  assert.ok(!run({ NO_COLOR: '1' }).includes(GREEN))
})

test('after a second of silence the progress is shown, if somebody watches', async () => {
  const clock = mock.timers
  clock.enable({ apis: ['setInterval'] })
  try {
    for (const isWatched of [true, false]) {
      const shown: string[] = []
      const progress = createProgress({ isWatched, err: (text) => shown.push(text) })
      let finish = (): void => undefined
      const renderer = progress.watch({
        render: () => new Promise((resolve) => (finish = () => resolve({ ok: true, yaml: '' }))),
        tool: async () => undefined,
      })
      clock.tick(900)
      const build = renderer.render(new Map(), { kind: 'kustomize', root: '' })
      assert.deepEqual(shown, [])
      clock.tick(200)
      assert.deepEqual(shown, isWatched ? ['\r\u001B[KRendering: 0 done, 1 in progress (1 s)'] : [])
      finish()
      await build
      progress.stop()
      clock.tick(5_000)
      assert.deepEqual(shown.slice(1), isWatched ? ['\r\u001B[K'] : [])
    }
  } finally {
    clock.reset()
  }
})

test('a reader that closes the pipe ends the program silently', () => {
  const done = spawnSync('bash', ['-c', `${process.execPath} src/entry/cli.ts schema | head -1`], { encoding: 'utf8' })
  assert.deepEqual([done.stdout, done.stderr], ['{\n', ''])
})

/** What a shell would offer after these words. */
async function bashOffers(...words: string[]): Promise<readonly string[]> {
  const { out } = await perch('completion', 'bash')
  const asks = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}`
  const script = `${out}\n${asks}; _perch; printf '%s\\n' "\${COMPREPLY[@]}"`
  return spawnSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' }).stdout.split('\n').filter(Boolean)
}

test('bash completes commands, options, shells and folders', async () => {
  assert.deepEqual(await bashOffers('perch', 'va'), ['validate'])
  assert.deepEqual(await bashOffers('perch', 'set', '25', '--d'), ['--dir', '--dry-run'])
  assert.deepEqual(await bashOffers('perch', 'status', '--d'), ['--dir'])
  assert.equal((await bashOffers('perch', 'completion', '')).join(' '), 'bash zsh fish -h --help -V --version')
  assert.deepEqual(await bashOffers('perch', 'help', 'dif'), ['diff'])
  mkdirSync(join(folder, 'git ops'), { recursive: true })
  assert.deepEqual(await bashOffers('perch', 'diff', '--dir', 'git'), ['git ops'])
})

test('fish completes commands and options', needsProgram('fish'), async () => {
  const { out } = await perch('completion', 'fish')
  writeFileSync(join(folder, 'perch.fish'), out)
  const offers = (line: string): string =>
    spawnSync('fish', ['-N', '-c', `source ${folder}/perch.fish; complete -C '${line}'`], { encoding: 'utf8' }).stdout
  assert.match(offers('perch va'), /^validate\tlook for problems/m)
  assert.match(offers('perch set 25 --dr'), /^--dry-run\tprint what would change/m)
})

test('zsh accepts the script, and completes with it', needsProgram('zsh'), async () => {
  const { out } = await perch('completion', 'zsh')
  const asked = `autoload -Uz compinit; compinit -u -D
${out}
_describe() { print -l -- "\${commands[@]}"; }
_arguments() { print -l -- "$@"; }
words=(perch s); CURRENT=2; _perch
words=(perch set 25 --d); CURRENT=4; _perch`
  const done = spawnSync('zsh', ['-f', '-c', asked], { encoding: 'utf8', cwd: folder })
  assert.equal(done.stderr, '')
  assert.match(done.stdout, /^status:show where the rollouts stand$/m)
  assert.match(done.stdout, /^--dry-run\[print what would change, and write nothing\]$/m)
  assert.match(done.stdout, /^--dir\[.*\]:folder:_files -\/$/m)
})
