/** Repositories with routes, and with controllers that may write them. */
import { Config } from '../../../src/core/config/schema.ts'
import { withOwners } from '../../../src/core/owner/owned-targets.ts'
import { readSnapshot } from '../../../src/core/rollout/snapshot.ts'
import { argoRollout, flaggerCanary } from '../../owners.ts'
import type { Input } from './growth.ts'

/** A file that is read as a whole has at most this many objects. */
const IN_A_FILE = 100

interface Repository {
  readonly route: (index: number) => { readonly folder: string; readonly name: string; readonly namespace: string }
  /** The text of the route's owner, and its folder. */
  readonly owner: (index: number) => { readonly folder: string; readonly text: string }
}

/** The work of finding the owners of `size` routes, in files that are parsed already. */
export function owned(name: string, size: number, { route, owner }: Repository): Input & { readonly name: string } {
  return {
    name: `owners of ${name}`,
    size,
    make: (count) => {
      const texts = new Map<string, string>()
      const add = (folder: string, index: number, text: string): void => {
        const file = `${folder}/part-${Math.floor(index / IN_A_FILE)}.yaml`
        texts.set(file, `${texts.get(file) ?? ''}---\n${text}`)
      }
      for (let index = 0; index < count; index += 1) {
        const { folder, name: own, namespace } = route(index)
        const { folder: beside, text } = owner(index)
        if (folder !== '') add(folder, index, routeText(own, namespace))
        add(beside, index, text)
      }
      const paths = [...new Set([...texts.keys()].map((path) => path.slice(0, path.lastIndexOf('/'))))]
      const environments = Object.fromEntries(paths.map((path) => [path.replaceAll('/', '-'), { path }]))
      const entries = [...texts.keys()].map((path) => ({ path, type: 'file' as const }))
      const { snapshot } = readSnapshot({ entries, texts, config: Config.parse({ environments }) })
      const { config, layout } = snapshot
      const targets = snapshot.targets.map((target) => ({ ...target, owner: undefined }))
      return () => withOwners({ config, layout }, targets)
    },
  }
}

function routeText(name: string, namespace: string): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  hosts: [${name}]
  http: [{ route: [{ destination: { host: ${name} }, weight: 100 }, { destination: { host: ${name}-canary }, weight: 0 }] }]
`
}

function rollout(name: string, namespace: string): string {
  const text = argoRollout({ routing: `istio: { virtualService: { name: ${name} } }` })
  return text.replace('  name: web\n', `  name: ${name}\n  namespace: ${namespace}\n`)
}

export const OWNED = [
  owned('routes with names of their own', 120, {
    route: (index) => ({ folder: 'app', name: `web-${index}`, namespace: 'shop' }),
    owner: (index) => ({ folder: 'app', text: rollout(`web-${index}`, 'shop') }),
  }),
  owned('routes with one name', 120, {
    route: (index) => ({ folder: 'app', name: 'web', namespace: `shop-${index}` }),
    owner: (index) => ({ folder: 'app', text: rollout('web', `shop-${index}`) }),
  }),
  owned('routes in other folders', 100, {
    route: (index) => ({ folder: `mesh/e${index}`, name: 'web', namespace: 'shop' }),
    owner: (index) => ({ folder: `apps/e${index}`, text: rollout('web', 'shop') }),
  }),
  owned('routes that no file has', 250, {
    route: () => ({ folder: '', name: '', namespace: '' }),
    owner: (index) => ({
      folder: 'app',
      text: flaggerCanary().replace('  name: web\n', `  name: web\n  namespace: shop-${index}\n`),
    }),
  }),
]
