import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { parseCommands } from '../../../src/core/command/parse.ts'
import { wishOf } from '../../../src/core/command/wish.ts'
import { readConfig } from '../../../src/core/config/read.ts'
import type { Config } from '../../../src/core/config/schema.ts'
import { placeEdits } from '../../../src/core/layer/place.ts'
import { explainRefusal } from '../../../src/core/message/refusal/refusal.ts'
import { ok, type Result } from '../../../src/core/result.ts'
import {
  type DirectMove,
  editFor,
  intend,
  type IntendedChange,
  type StepWish,
} from '../../../src/core/rollout/intend.ts'
import type { MoveEdit } from '../../../src/core/rollout/move.ts'
import { rereadTarget } from '../../../src/core/rollout/read-target.ts'
import { readSnapshot } from '../../../src/core/rollout/snapshot.ts'
import type { Target } from '../../../src/core/rollout/target.ts'
import { reweigh } from '../../../src/core/traffic/reweigh.ts'
import { canaryShareOf, type Route, weightedRules } from '../../../src/core/traffic/route.ts'
import type { Refusal } from '../../../src/core/refusal/refusal.ts'

/**
 * Each folder of test/cases is one situation: `before.yaml` (or the files of a repository in `before/`), a command in
 * `command.txt`, a config in `canary.yml` if it needs one, and either `after.yaml` (or the changed files in `after/`), byte by
 * byte, or `refusal.txt` with the code and the words of the refusal.
 */
const ROOT = join(import.meta.dirname, '../../cases')

interface Case {
  readonly before: ReadonlyMap<string, string>
  readonly config: Config
  readonly wish: StepWish
}

for (const name of readdirSync(ROOT).sort()) {
  test(`case ${name}`, () => {
    const folder = join(ROOT, name)
    const asked = readCase(folder)
    const done = carryOut(asked)
    const refusal = join(folder, 'refusal.txt')
    if (existsSync(refusal)) {
      assert.equal(done.ok ? 'carried out' : refusalText(done.error), readFileSync(refusal, 'utf8'))
      return
    }
    assert.ok(done.ok, done.ok ? '' : refusalText(done.error))
    const { moves, files } = done.value
    const after = new Map([...asked.before, ...filesIn(folder, 'after')])
    assert.deepEqual(Object.fromEntries([...asked.before, ...files]), Object.fromEntries(after))
    for (const { target, move } of moves) if (move.kind === 'share') assertRestores(target, move.to)
    if (asked.wish.kind === 'switch') assertSwitchesBack(asked, files)
  })
}

function readCase(folder: string): Case {
  const [line] = parseCommands(readFileSync(join(folder, 'command.txt'), 'utf8'))
  assert.ok(line?.result.ok === true)
  const { command } = line.result
  assert.ok(command.name === 'set' || command.name === 'switch', 'command.txt must hold /canary <percent> or /switch')
  const file = join(folder, 'canary.yml')
  const config = readConfig(existsSync(file) ? readFileSync(file, 'utf8') : undefined)
  assert.ok(config.ok, JSON.stringify(config))
  return { before: new Map(filesIn(folder, 'before')), config: config.value, wish: wishOf(command) }
}

/** `before.yaml` as the file `before.yaml`, or the files of `before/` by their paths in it; the same for `after`. */
function filesIn(folder: string, side: 'before' | 'after'): [string, string][] {
  const single = join(folder, `${side}.yaml`)
  if (existsSync(single)) return [['before.yaml', readFileSync(single, 'utf8')]]
  const root = join(folder, side)
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => join(root, path))
    .filter((path) => statSync(path).isFile())
    .sort()
    .map((path) => [relative(root, path), readFileSync(path, 'utf8')])
}

/** The result of a command, without GitHub and without rendering. */
function carryOut({ before, config, wish }: Case): Result<IntendedChange<DirectMove> & MoveEdit, Refusal> {
  const entries = [...before.keys()].map((path) => ({ path, type: 'file' as const }))
  const { snapshot, needs } = readSnapshot({ entries, texts: before, config })
  assert.deepEqual(needs, [])
  const change = intend({ snapshot, base: undefined, changed: [] }, wish)
  if (!change.ok) return change
  const edit = editFor(change.value, undefined)
  return edit.ok ? ok({ ...change.value, ...edit.value }) : edit
}

function refusalText(refusal: Refusal): string {
  const code = refusal.code === 'cannot-edit' ? refusal.refusal.code : refusal.code
  return `${code}\n${explainRefusal(refusal)}\n`
}

/** A switch back and forth leaves the same bytes as the first switch. */
function assertSwitchesBack({ before, config, wish }: Case, first: ReadonlyMap<string, string>): void {
  const change = carryOut({ before, config, wish })
  assert.ok(change.ok && change.value.move.kind === 'switch')
  const { from, to } = change.value.move
  if (from === to) return
  const there = new Map([...before, ...first])
  const back = carryOut({ before: there, config, wish: { ...wish, kind: 'switch', version: from } })
  assert.ok(back.ok, back.ok ? '' : refusalText(back.error))
  assert.notDeepEqual([...back.value.files], [])
  const again = carryOut({ before: new Map([...there, ...back.value.files]), config, wish })
  assert.ok(again.ok, again.ok ? '' : refusalText(again.error))
  assert.deepEqual(new Map([...there, ...back.value.files, ...again.value.files]), there)
}

/** If the first change changed only two numbers, moving the weights there and back restores the bytes. */
function assertRestores(target: Target, percent: number): void {
  const rules = weightedRules(target.route)
  const [share, ...different] = new Set(rules.map(canaryShareOf))
  const isWritten = rules.every(({ destinations }) => destinations.every(({ weight }) => weight !== undefined))
  if (share === undefined || different.length > 0 || !isWritten || !Number.isInteger(share * 100)) return
  // A weight from an alias or a merge key is written out by the first change, and stays.
  if (/: \*|<<:/.test(target.manifest.text)) return
  const there = movedTo(target, percent)
  assert.ok(there !== undefined)
  if (JSON.stringify(totals(there.route)) !== JSON.stringify(totals(target.route))) return
  const back = movedTo(there, share)
  // A patch that had to be added stays.
  const added = [...there.layout.texts].some(([file, text]) => linesOf(text) !== linesOf(target.layout.texts.get(file)))
  if (added || back === undefined) return
  for (const [file, text] of target.layout.texts) assert.equal(back.layout.texts.get(file), text)
}

/** Undefined if only a lower share was possible. */
function movedTo(target: Target, percent: number): Target | undefined {
  const edits = reweigh(target.route, percent, target.settings)
  if (!edits.ok && edits.error.code === 'ports-differ') return undefined
  assert.ok(edits.ok)
  const { layout, object: spot, environments } = target
  const files = placeEdits(
    { layout, spot, environments, wanted: layout.environments.map(({ name }) => name) },
    edits.value,
  )
  assert.ok(files.ok, JSON.stringify(files))
  const moved = rereadTarget(target, files.value)
  assert.ok(moved !== undefined)
  return moved
}

function linesOf(text: string | undefined): number {
  return text?.split('\n').length ?? 0
}

function totals(route: Route): readonly number[] {
  return weightedRules(route).map(({ destinations }) =>
    destinations.reduce((sum, { weight }) => sum + (weight ?? 0), 0),
  )
}
