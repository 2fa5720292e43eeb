/** The findings for a pull request that makes one small change in the manifests of test/findings. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { test } from 'node:test'
import { Config } from '../../../../src/core/config/schema.ts'
import { parseRendered } from '../../../../src/core/diff/objects.ts'
import { findingsIn } from '../../../../src/core/finding/find.ts'
import { gradeFindings } from '../../../../src/core/finding/grading.ts'
import { assertPage } from '../page.ts'
import { type Objects, objectVariants, variantLines } from './variants.ts'

const config = Config.parse({})

function objectsIn(file: string): Objects {
  const rendered = parseRendered(readFileSync(file, 'utf8'))
  assert.ok(rendered.ok, file)
  return rendered.objects
}

function foundAfter(before: Objects): (after: Objects) => readonly string[] {
  const old = findingsIn(before)
  return (after) =>
    gradeFindings(
      { before: old, after: findingsIn(after) },
      { objects: { before, after }, config, isRaised: () => false, isOwned: () => false },
    ).map(
      ({ object, path, detail, grade }) =>
        `${grade} ${object.kind}/${object.name} ${path.join('.')} ${Object.values(detail).join(' ')}`,
    )
}

test('the effect of one small change is on a page that somebody has approved', () => {
  const sections: Record<string, readonly string[]> = {}
  // Parts that many files share are changed once.
  const seen = new Set<string>()
  for (const file of globSync('test/findings/*.yaml').sort()) {
    const objects = objectsIn(file)
    const isNew = objects.map(({ data }) => !seen.has(JSON.stringify(data)))
    for (const { data } of objects) seen.add(JSON.stringify(data))
    sections[basename(file, '.yaml')] = variantLines(objects, objectVariants(objects, isNew), foundAfter(objects))
  }
  assertPage('variants/found.md', sections)
})
