/** What each move writes in each of the cases: before the case's own command, and after it. */
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { diffLines } from 'diff'
import { filesFor, type Move, type PlanChange } from '../../../../src/core/rollout/move.ts'
import { standingOf, sureShare } from '../../../../src/core/rollout/standing.ts'
import { type Target, targetName } from '../../../../src/core/rollout/target.ts'
import { type CaseSide, CASES, sidesOf } from './cases.ts'
import { assertPage } from '../page.ts'

const LONGEST = 200
const PULL = 7

/** The lines that a move removes and adds, or why it is not possible. */
function written(target: Target, move: Move | PlanChange, { texts }: CaseSide): string {
  const made = filesFor([{ target, move }], PULL)
  if (!made.ok) return `no, ${'why' in made.error ? `${made.error.code} ${made.error.why}` : made.error.code}`
  const changed = [...made.value.files].flatMap(([file, text]) => [
    file,
    ...diffLines(texts.get(file) ?? '', text)
      .filter(({ added, removed }) => added || removed)
      .flatMap(({ added, value }) =>
        value
          .trimEnd()
          .split(/\r?\n/)
          .map((line) => `${added ? '+' : '-'} ${line.trim()}`),
      ),
  ])
  if (changed.length === 0) return 'the same'
  const words = changed.join(' ')
  if (words.length <= LONGEST) return words
  return `${words.slice(0, LONGEST)}… ${createHash('sha256').update(words).digest('hex').slice(0, 6)}`
}

function movesBefore(target: Target): readonly (Move | PlanChange)[] {
  const { blueGreen } = target.route.names
  const from = sureShare(standingOf(target))
  if (blueGreen !== undefined) {
    const { active, idle } = blueGreen
    return [
      { kind: 'switch', from: active.name, to: idle.name },
      { kind: 'switch', from: idle.name, to: active.name },
    ]
  }
  return [...[33.33, 100].map((to): Move => ({ kind: 'share', from, to })), { kind: 'plan', steps: [7, 70] }]
}

function movesAfter(target: Target): readonly Move[] {
  const standing = standingOf(target)
  const { stable = 'stable', canary = 'canary' } = standing.versions ?? {}
  return [
    { kind: 'rollback', from: sureShare(standing) },
    { kind: 'finish-version', from: stable, to: canary },
    { kind: 'finish-weights' },
  ]
}

function linesOf(side: CaseSide, moves: (target: Target) => readonly (Move | PlanChange)[]): readonly string[] {
  return side.snapshot.targets.flatMap((target) =>
    moves(target).map((move) => {
      const to = move.kind === 'plan' ? move.steps.join(',') : 'to' in move ? move.to : ''
      return `${targetName(target)} ${move.kind} ${to}: ${written(target, move, side)}`
    }),
  )
}

test('the result of each move in each case is on a page that somebody has approved', () => {
  const sections: Record<string, readonly string[]> = {}
  for (const name of CASES) {
    const sides = sidesOf(name)
    if (sides === undefined) continue
    const lines = [...linesOf(sides[0], movesBefore), ...linesOf(sides[1], movesAfter)]
    if (lines.length > 0) sections[name] = [lines.join('\n')]
  }
  assertPage('cases/moves.md', sections)
})
