/** Which requests reach the canary more often after one small change of a mesh, and after the reverse change. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseRendered } from '../../../../src/core/diff/objects.ts'
import { risesIn } from '../../../../src/core/exposure/exposure.ts'
import { assertPage } from '../page.ts'
import { type Objects, objectVariants, variantLines } from './variants.ts'

const CANARY = {
  delegates: { host: 'web.shop.svc.cluster.local', subset: 'canary' },
  routes: { host: 'web-canary.shop.svc.cluster.local', subset: undefined },
  subsets: { host: 'web.shop.svc.cluster.local', subset: 'canary' },
  services: { host: 'web-canary.shop.svc.cluster.local', subset: undefined },
  merged: { host: 'web-canary.shop.svc.cluster.local', subset: undefined },
  pair: { host: 'web.shop.svc.cluster.local', subset: 'canary' },
} as const

function objectsIn(name: string): Objects {
  const rendered = parseRendered(readFileSync(new URL(`../../exposure/meshes/${name}.yaml`, import.meta.url), 'utf8'))
  assert.ok(rendered.ok, name)
  return rendered.objects
}

test('the effect of one small change on the canary is on a page that somebody has approved', () => {
  const sections: Record<string, readonly string[]> = {}
  for (const name of ['subsets', 'delegates', 'services', 'routes', 'merged', 'pair'] as const) {
    const usual = objectsIn(name)
    const places = [CANARY[name]]
    const rises = (before: Objects | undefined, after: Objects): readonly string[] =>
      risesIn({ before, after }, [{ id: 'web', before: places, after: places, share: 5 }]).map(
        ({ kind, object, rule, path, from, to, isForSome }) =>
          `${kind} ${object.kind}/${object.name} ${rule} (${path.join('.')}) ${from} → ${to}${isForSome ? ' for some' : ''}`,
      )
    const variants = objectVariants(
      usual,
      usual.map(({ kind, name: own }) => own === 'web' || !['Service', 'Deployment'].includes(kind)),
    )
    sections[`${name}: changed`] = variantLines(usual, variants, (now) => rises(usual, now))
    sections[`${name}: changed back`] = variantLines(usual, variants, (was) => rises(was, usual))
    sections[`${name}: not rendered before`] = variantLines(usual, variants, (now) => rises(undefined, now))
  }
  assertPage('variants/exposure.md', sections)
})
