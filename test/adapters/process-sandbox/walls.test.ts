/** What a child process can see: the files that it is given, and the programs of this machine with their libraries. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { programPath } from '../../../src/adapters/process-sandbox/program-path.ts'
import { runContained } from '../../../src/adapters/process-sandbox/run.ts'
import { probeWalls, type WalledProgram, type Walls } from '../../../src/adapters/process-sandbox/walls.ts'
import { inWorkshop } from '../../../src/adapters/process-sandbox/workshop.ts'
import { TOOL_PATH } from '../policy/tools.ts'

const outside = mkdtempSync(join(tmpdir(), 'perch-outside-'))
after(() => rmSync(outside, { recursive: true, force: true }))
const SECRET = 'do-not-tell'
const FILES = {
  'kustomization.yaml': 'resources: [object.yaml]\n',
  'object.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${SECRET} }\n`,
  'a.rego': `package a\nb := "${SECRET}"\n`,
  'settings.yaml': 'extends: relaxed\n',
}
for (const [name, text] of Object.entries(FILES)) writeFileSync(join(outside, name), text)

type Command = readonly [string, ...string[]]

const wallsOf = async (program: WalledProgram): Promise<Walls> => (await probeWalls(program)).walls

/** Runs a command in a sandbox, in a folder with one file and a link that leads out of it. */
async function inside(walls: Walls, command: Command): Promise<{ readonly code: number; readonly said: string }> {
  return inWorkshop(new Map(), async (workshop) => {
    writeFileSync(join(workshop.files, 'mine.yaml'), 'a: 1\n')
    symlinkSync(join(outside, 'object.yaml'), join(workshop.files, 'link.yaml'))
    const [first = '', ...rest] = [...walls.prefix(workshop), ...command]
    const env = { HOME: workshop.home, PATH: workshop.home, LC_ALL: 'C' }
    const finished = await runContained({
      title: 'inside',
      command: [first, ...rest],
      folder: workshop.files,
      env,
      timeoutMs: 30_000,
      maxBytes: 1_000_000,
    })
    assert.equal(finished.end, 'exited')
    return { code: finished.code, said: finished.stdout.toString() + finished.stderr }
  })
}

/** Attempts of a shell. */
async function isTight(walls: Walls): Promise<void> {
  const mine = await inside(walls, ['/bin/cat', 'mine.yaml'])
  assert.deepEqual(mine, { code: 0, said: 'a: 1\n' })
  for (const command of [
    ['/bin/cat', join(outside, 'object.yaml')],
    ['/bin/cat', 'link.yaml'],
    ['/bin/cat', `/proc/${process.pid}/environ`],
    ['/bin/cat', '/etc/passwd'],
    ['/bin/ls', outside],
    ['/bin/sh', '-c', 'echo x > mine.yaml'],
    ['/bin/sh', '-c', `echo x > ${outside}/new`],
    ['/bin/sh', '-c', 'echo x > /new'],
  ] satisfies Command[]) {
    const { code, said } = await inside(walls, command)
    assert.notEqual(code, 0, command.join(' '))
    assert.ok(!said.includes(SECRET), command.join(' '))
  }
  assert.ok(!existsSync(join(outside, 'new')))
}

const OPTIONAL = 'optional: this machine has nothing that hides its files (bubblewrap, or util-linux 2.41)'

test('a child sees its own folder, and no other file of this machine', async (t) => {
  const walls = await wallsOf({ path: TOOL_PATH, maxMemory: 2 ** 31, probe: ['/bin/cat', '/dev/null'] })
  if (!walls.isConfined) return t.skip(OPTIONAL)
  return isTight(walls)
})

test('Landlock hides files too, where namespaces are forbidden', async (t) => {
  const setpriv = await programPath(TOOL_PATH, 'setpriv')
  const knows = setpriv !== undefined && execFileSync(setpriv, ['--help']).toString().includes('landlock')
  if (!knows) return t.skip('optional: this setpriv knows no Landlock')
  const bin = mkdtempSync(join(tmpdir(), 'perch-bin-'))
  symlinkSync(setpriv, join(bin, 'setpriv'))
  const walls = await wallsOf({ path: bin, maxMemory: 2 ** 31, probe: ['/bin/cat', '/dev/null'] })
  if (walls.isConfined) await isTight(walls)
  rmSync(bin, { recursive: true })
})

const programs: readonly [name: string, version: string, args: readonly string[]][] = [
  ['kustomize', 'version', ['build', outside]],
  ['opa', 'version', ['eval', '--data', join(outside, 'a.rego'), 'data.a.b']],
  ['yamllint', '--version', ['-c', join(outside, 'settings.yaml'), 'mine.yaml']],
  ['kubeconform', '-v', ['-schema-location', 'x', '-output', 'json', join(outside, 'object.yaml')]],
  ['kubectl-validate', '--help', ['--output', 'json', join(outside, 'object.yaml')]],
]
for (const [name, version, args] of programs) {
  test(`${name} is shown a file outside of its folder and cannot read it`, async (t) => {
    const program = await programPath(TOOL_PATH, name)
    if (program === undefined) return t.skip(`optional: ${name} not installed`)
    const walls = await wallsOf({ path: TOOL_PATH, maxMemory: 2 ** 32, probe: [program, version] })
    if (!walls.isConfined) return t.skip(OPTIONAL)
    const { code, said } = await inside(walls, [program, ...args])
    assert.notEqual(code, 0)
    assert.ok(!said.includes(SECRET), said)
    return undefined
  })
}

test('a folder of the machine that a program must read can be shown to it', async (t) => {
  const schemas = join(outside, 'schemas')
  mkdirSync(schemas)
  writeFileSync(join(schemas, 'x.json'), '{}')
  const probe = ['/bin/cat', '/dev/null'] as const
  const walls = await wallsOf({ path: TOOL_PATH, maxMemory: 2 ** 31, probe, reads: [schemas] })
  if (!walls.isConfined) return t.skip(OPTIONAL)
  assert.deepEqual(await inside(walls, ['/bin/cat', join(schemas, 'x.json')]), { code: 0, said: '{}' })
  assert.notEqual((await inside(walls, ['/bin/cat', join(outside, 'object.yaml')])).code, 0)
  return undefined
})

test('a program that works in no sandbox is still found, and reported as such', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'perch-bin-'))
  const walls = await wallsOf({ path: empty, maxMemory: 2 ** 31, probe: ['/bin/cat', '/dev/null'] })
  assert.deepEqual(
    { ...walls, prefix: walls.prefix({ top: '/top' }) },
    { prefix: [], isOffline: false, isConfined: false },
  )
  assert.deepEqual(readdirSync(empty), [])
  rmSync(empty, { recursive: true })
})

test('on a machine that is too busy to start a sandbox, a program is not run without one', async () => {
  const bin = mkdtempSync(join(tmpdir(), 'perch-bin-'))
  writeFileSync(join(bin, 'bwrap'), '#!/bin/sh\n/bin/sleep 30\n', { mode: 0o755 })
  const probe = ['/bin/cat', '/dev/null'] as const
  const { answer } = await probeWalls({ path: bin, maxMemory: 2 ** 31, probe, probeMs: 300 })
  assert.equal(answer.end, 'timed-out')
  rmSync(bin, { recursive: true })
})
