import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { gitops, VS, weightsIn } from '../stories/world.ts'

const folder = mkdtempSync(join(tmpdir(), 'perch-checkout-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function checkout(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(folder, 'c-'))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  return dir
}

function perch(...words: string[]): { code: number | null; out: string; err: string } {
  const done = spawnSync(process.execPath, ['src/entry/cli.ts', ...words], { encoding: 'utf8' })
  return { code: done.status, out: done.stdout, err: done.stderr }
}

test('perch set edits the one file in place, prints what changed and exits 0', () => {
  const dir = checkout(gitops())
  const set = perch('set', '25', 'api-service', '--env', 'production', '--dir', dir)
  assert.deepEqual([set.code, set.err], [0, ''])
  assert.match(set.out, /^production\/api-service: canary 0% → 25%\n\n--- a\/overlays/)
  assert.equal(weightsIn(readFileSync(join(dir, VS), 'utf8')), '75/25')
  assert.match(perch('set', '25', '--env', 'production', '--dir', dir).out, /nothing changed/)
})

test('perch status tells where every rollout stands, for people and for machines', () => {
  const dir = checkout(gitops(undefined, [95, 5]))
  assert.match(
    perch('status', '--dir', dir).out,
    /production\/api-service {2}canary 5%, stable v1, canary v2\n {2}VirtualService default\/api-service in overlays/,
  )
  const found: unknown = JSON.parse(perch('status', '--json', '--env', 'staging', '--dir', dir).out)
  assert.ok(Array.isArray(found) && found.length === 1)
  assert.deepEqual([found[0].environment, found[0].canary, found[0].phase], ['staging', 5, 'stepping'])
})

test('perch status tells the true share, and the reason where it surprises', () => {
  const { [VS]: text = '' } = gitops()
  const surprising = text.replace(/weight: 100.*\n/, '\n').replace('weight: 0', 'weight: 10')
  const dir = checkout({ 'vs.yaml': surprising })
  const told = perch('status', '--dir', dir)
  assert.match(
    told.out,
    /rule main \(line \d+\): stable 0%, canary 100%\n {4}stable: It has no weight: among several destinations of a VirtualService that counts as 0/,
  )
  const [found]: { rules: { destinations: { reason: string | null }[] }[] }[] = JSON.parse(
    perch('status', '--json', '--dir', dir).out,
  )
  assert.equal(found?.rules[0]?.destinations[0]?.reason, 'missing-is-zero')
})

test('what cannot be done exits 1 with the reason on stderr, and changes nothing', () => {
  const files = gitops()
  const dir = checkout(files)
  const ambiguous = perch('set', '25', '--dir', dir)
  assert.equal(ambiguous.code, 1)
  assert.match(ambiguous.err, /More than one rollout fits/)
  const unknown = perch('set', '25', 'billing', '--dir', dir, '--json')
  assert.equal(unknown.code, 1)
  assert.equal(JSON.parse(unknown.out).refused, 'no-service')
  assert.equal(readFileSync(join(dir, VS), 'utf8'), files[VS])
})

test('a wrong way to call it exits 2 and says the usage', () => {
  for (const words of [
    [],
    ['dance'],
    ['set'],
    ['set', '250'],
    ['set', '25', '--force'],
    ['status', 'x'],
    ['set', '25', '--dir', '/not/there'],
    ['serve', 'x'],
    ['demo', '--fast'],
  ]) {
    const done = perch(...words)
    assert.equal(done.code, 2, words.join(' '))
    assert.match(done.err, /^perch: .+\n/, words.join(' '))
  }
  assert.equal(perch('help').code, 0)
})
