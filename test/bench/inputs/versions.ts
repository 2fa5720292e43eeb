/** Environments with many services, each with a stable and a canary workload. A change gives one of them another image. */
import { imageChanges } from '../../../src/core/arrival/image-changes.ts'
import { newVersions } from '../../../src/core/arrival/new-version.ts'
import { Config } from '../../../src/core/config/schema.ts'
import { parseRendered, type RenderedObject } from '../../../src/core/diff/objects.ts'
import { readSnapshot } from '../../../src/core/rollout/snapshot.ts'
import type { Input } from './growth.ts'

function workload(name: string, app: string, image: string): string {
  const pods = `template: { metadata: { labels: { app: ${app}, version: ${name} } }, spec: { containers: [{ name: web, image: "web:${image}" }] } }`
  return `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: ${name} }\nspec: { ${pods} }\n`
}

function serviceText(name: string, image: string): string {
  const service = `apiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { selector: { app: ${name} }, ports: [{ port: 80 }] }\n`
  const subsets = `[{ name: stable, labels: { version: ${name}-a } }, { name: canary, labels: { version: ${name}-b } }]`
  const rule = `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: ${name} }\nspec: { host: ${name}, subsets: ${subsets} }\n`
  const entry = (subset: string, weight: number): string =>
    `{ destination: { host: ${name}, subset: ${subset} }, weight: ${weight} }`
  const route = `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: ${name} }\nspec: { hosts: [${name}], http: [{ route: [${entry('stable', 100)}, ${entry('canary', 0)}] }] }\n`
  return [workload(`${name}-a`, name, 'v1'), workload(`${name}-b`, name, image), service, rule, route].join('---\n')
}

/** The new versions that Perch reports, and the gates, when one of so many services gets another image. */
export const VERSIONS: Input & { readonly name: string } = {
  name: 'versions behind routes',
  size: 150,
  make: (count) => {
    const sides = ['v2', 'v3'].map((image) => sideOf(count, image))
    const [before, after] = sides
    if (before === undefined || after === undefined) throw new Error('there are two sides')
    const targets = { before: before.targets, after: after.targets }
    return () => {
      // Copies, because results for an earlier render are cached.
      const objects = { before: [...before.objects], after: [...after.objects] }
      const environment = 'apps'
      return [
        newVersions({ environment, config: Config.parse({}) }, targets, objects),
        imageChanges(environment, targets, objects),
      ]
    }
  },
}

function sideOf(
  count: number,
  image: string,
): {
  readonly targets: ReturnType<typeof readSnapshot>['snapshot']['targets']
  readonly objects: readonly RenderedObject[]
} {
  const texts = new Map(
    Array.from({ length: count }, (_, index) => [
      `apps/web-${index}.yaml`,
      serviceText(`web-${index}`, index === 0 ? image : 'v2'),
    ]),
  )
  const entries = [...texts.keys()].map((path) => ({ path, type: 'file' as const }))
  const config = Config.parse({ environments: { apps: { path: 'apps' } } })
  const parsed = parseRendered([...texts.values()].join('---\n'))
  if (!parsed.ok) throw new Error(JSON.stringify(parsed))
  return { targets: readSnapshot({ entries, texts, config }).snapshot.targets, objects: parsed.objects }
}
