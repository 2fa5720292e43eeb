/** The effect of one small change in the render of a step on its proof, its traffic table and its diff. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../../../../src/core/config/read.ts'
import { disagreements, mismatchOf, renderedShare } from '../../../../src/core/diff/agree.ts'
import { diffRendered, type View } from '../../../../src/core/diff/changes.ts'
import { parseRendered } from '../../../../src/core/diff/objects.ts'
import { rowsOf } from '../../../../src/core/diff/review.ts'
import { straySplits } from '../../../../src/core/diff/stray-splits.ts'
import type { DestinationShare } from '../../../../src/core/gate/review.ts'
import { renderPlain } from '../../../../src/core/environment/plain.ts'
import { explainProblem } from '../../../../src/core/message/problem/problem.ts'
import { editFor, intend } from '../../../../src/core/rollout/intend.ts'
import { readSnapshot, type Snapshot } from '../../../../src/core/rollout/snapshot.ts'
import { assertPage } from '../page.ts'
import { type Objects, objectVariants, variantLines } from './variants.ts'

const ROOT = join(import.meta.dirname, '../../../repositories')
type Texts = ReadonlyMap<string, string>

function textsIn(name: string): Texts {
  const files = globSync('**/*.*', { cwd: join(ROOT, name) }).sort()
  return new Map(files.map((file) => [file, readFileSync(join(ROOT, name, file), 'utf8')]))
}

function snapshotOf(texts: Texts): Snapshot {
  const config = readConfig(texts.get('canary.yml'))
  assert.ok(config.ok)
  const entries = [...texts.keys()].map((path) => ({ path, type: 'file' as const }))
  return readSnapshot({ entries, texts, config: config.value }).snapshot
}

function objectsIn(files: readonly string[], texts: Texts): Objects {
  const parsed = parseRendered(renderPlain(files, texts))
  assert.ok(parsed.ok)
  return parsed.objects
}

const VIEW: View = {
  secrets: ['ConfigMap'],
  ignore: [{ path: '/metadata/labels/version' }, { kind: 'VirtualService', path: '/spec/hosts' }],
}

function sharesOf(parts: readonly DestinationShare[] | undefined): string {
  return parts?.map(({ name, share }) => `${name} ${share}`).join(' + ') ?? 'nothing'
}

/** What Perch shows and refuses of a render, after `/canary 30 <service>` in this folder. */
function stepIn(folder: string, service: string) {
  const texts = textsIn(folder)
  const before = snapshotOf(texts)
  const [environment] = before.environments
  const wish = { kind: 'share', percent: 30, service, environment: undefined } as const
  const change = intend({ snapshot: before, base: undefined, changed: [] }, wish)
  const edit = change.ok ? editFor(change.value, 7) : change
  assert.ok(edit.ok && environment !== undefined, JSON.stringify(edit))
  const edited = new Map([...texts, ...edit.value.files])
  const after = snapshotOf(edited)
  const { name, files } = environment
  const old = objectsIn(files, texts)
  const targets = { before: before.targets, after: after.targets }
  const { config } = before
  const read = (now: Objects): readonly string[] => {
    const objects = { before: old, after: now }
    const { also, missing } = mismatchOf(name, objects, edit.value)
    const problems = [
      ...disagreements(name, now, after.targets),
      ...straySplits(name, objects, { config, targets: after.targets }),
    ]
    const { changes, hidden } = diffRendered(old, now, VIEW)
    return [
      ...also.map((what) => `also ${what}`),
      ...missing.map((what) => `missing ${what}`),
      ...problems.map((problem) => explainProblem(problem).what),
      ...after.targets.map((target) => `${target.service} has ${renderedShare(name, now, target)}`),
      ...rowsOf(name, objects, { config, targets }).map(
        ({ route, rule, ...sides }) => `${route} ${rule}: ${sharesOf(sides.before)} → ${sharesOf(sides.after)}`,
      ),
      ...changes.map(({ type, title, additions, deletions }) => `${type} ${title} +${additions} -${deletions}`),
      ...(hidden === 0 ? [] : [`${hidden} hidden`]),
    ]
  }
  return { now: objectsIn(files, edited), read }
}

test('the effect of one small change in the render of a step is on a page that somebody has approved', () => {
  const sections: Record<string, readonly string[]> = {}
  for (const [folder, service] of [
    ['routes', 'web'],
    ['several', 'api/web'],
  ] as const) {
    const { now, read } = stepIn(folder, service)
    sections[folder] = read(now)
    const variants = objectVariants(
      now,
      now.map(({ name }) => name === 'web'),
    )
    sections[`${folder}: with one change`] = variantLines(now, variants, read)
  }
  assertPage('variants/proof.md', sections)
})
