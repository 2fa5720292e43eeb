/** The findings in the manifests of test/findings, with their places, words and next steps. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { test } from 'node:test'
import { openSchemas } from '../../../src/adapters/schemas/schemas.ts'
import { parseRendered } from '../../../src/core/diff/objects.ts'
import { findingsIn } from '../../../src/core/finding/find.ts'
import { hopsOf } from '../../../src/core/finding/scene/hops.ts'
import { locator } from '../../../src/core/finding/locate.ts'
import { sceneOf } from '../../../src/core/finding/scene/scene.ts'
import { layoutOf } from '../../../src/core/layer/layout.ts'
import { explainProblem } from '../../../src/core/message/problem/problem.ts'
import { findingProblems } from '../../../src/core/problem/findings.ts'
import { assertPage } from './page.ts'

const schemas = openSchemas()

async function foundIn(file: string): Promise<readonly string[]> {
  const text = readFileSync(file, 'utf8')
  const rendered = parseRendered(text, new Map())
  assert.ok(rendered.ok, file)
  const { objects } = rendered
  const texts = new Map([[file, text]])
  const placeOf = locator({ environment: '', layout: layoutOf([], texts), files: [file], texts, home: undefined })
  const findings = findingsIn(objects, { misfits: await schemas.misfits(objects) })
  const problems = findingProblems(
    findings.map((finding) => ({ environment: 'production', finding, place: placeOf(finding) })),
  )
  const { workloads, services, entries } = sceneOf(objects)
  return [
    ...findings.map(
      ({ object, path, detail }) => `${object.kind}/${object.name} ${path.join('.')} ${JSON.stringify(detail)}`,
    ),
    ...problems.map((problem) => `${problem.line}: ${Object.values(explainProblem(problem)).join(' → ')}`),
    ...objects
      .flatMap(hopsOf)
      .map(({ host, subset, weight, getsTraffic, named }) =>
        ['hop', host, subset ?? '', weight ?? '', getsTraffic, named.join('.')].join(' '),
      ),
    [...services.keys(), ...entries, ...workloads.map(({ object, namespace }) => `${namespace}/${object.name}`)].join(
      ' ',
    ),
  ]
}

test('the findings are on a page that somebody has approved', async () => {
  const sections: Record<string, readonly string[]> = {}
  for (const file of globSync('test/findings/*.yaml').sort()) sections[basename(file, '.yaml')] = await foundIn(file)
  assertPage('found.md', sections)
})
