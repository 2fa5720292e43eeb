/** What Argo CD and Flux deploy, as far as their own objects in the repository say. */
import { isRecord } from '../manifest/data.ts'
import { parseManifest } from '../manifest/parse.ts'
import { listOf, recordOf, textOf } from '../traffic/kinds/kind.ts'
import { titleOf } from '../manifest/identity.ts'

/** One folder of this repository that something deploys. */
export interface Delivery {
  /** `Application argocd/web`, `Kustomization flux-system/apps`. */
  readonly title: string
  readonly file: string
  /** The folder, '' for the top. */
  readonly path: string
  /** Why a commit is not applied by itself; undefined where it is. */
  readonly stops: 'suspended' | 'by-hand' | undefined
  /** It leaves the weights of these kinds as they are in the cluster. */
  readonly ignoresWeightsOf: readonly Kind[]
}

/** As written: `*`, or nothing, is any. */
interface Kind {
  readonly group: string
  readonly kind: string
}

/** Whether an object is of a kind. */
export function isOneOf(object: Kind, { group, kind }: Kind): boolean {
  return (group === '*' || group === object.group) && (kind === '*' || kind === object.kind)
}

const RELEVANT = /argoproj\.io|kustomize\.toolkit\.fluxcd\.io/

type Data = Readonly<Record<string, unknown>>

/**
 * The deliveries that the texts of a commit describe. `repository`: its name, to tell whose folders an Application speaks
 * of; without it every source counts as this repository's. What a generator or template fills in cannot be known here.
 */
export function deliveriesIn(
  texts: ReadonlyMap<string, string | undefined>,
  repository: string | undefined,
): readonly Delivery[] {
  return [...texts].flatMap(([file, text]) => {
    if (text === undefined || !RELEVANT.test(text)) return []
    const manifest = parseManifest(file, text, RELEVANT)
    if (!manifest.ok) return []
    return manifest.value.objects.flatMap(({ apiVersion, kind, name, namespace, data }): Delivery[] => {
      const title = titleOf({ kind, namespace, name })
      const found = { title, file }
      if (kind === 'Kustomization' && apiVersion.startsWith('kustomize.toolkit.fluxcd.io/'))
        return fluxDelivery(recordOf(data['spec'])).map((rest) => ({ ...found, ...rest }))
      if (!apiVersion.startsWith('argoproj.io/')) return []
      const spec = kind === 'ApplicationSet' ? templateOf(data) : kind === 'Application' ? data['spec'] : undefined
      return isRecord(spec) ? argoDeliveries(spec, repository).map((rest) => ({ ...found, ...rest })) : []
    })
  })
}

/** The spec that an ApplicationSet's Applications get; paths with `{{ … }}` in them are left out below. */
function templateOf(data: Data): unknown {
  return recordOf(recordOf(data['spec'])['template'])['spec']
}

function fluxDelivery(spec: Data): readonly Omit<Delivery, 'title' | 'file'>[] {
  const path = folderOf(textOf(spec['path']) ?? './')
  if (path === undefined) return []
  return [{ path, stops: spec['suspend'] === true ? 'suspended' : undefined, ignoresWeightsOf: [] }]
}

function argoDeliveries(spec: Data, repository: string | undefined): readonly Omit<Delivery, 'title' | 'file'>[] {
  const sources = [spec['source'], ...listOf(spec['sources'])].filter(isRecord)
  const isAutomatic = isRecord(recordOf(spec['syncPolicy'])['automated'])
  const ignoresWeightsOf = listOf(spec['ignoreDifferences']).flatMap((entry) => ignored(recordOf(entry)))
  return sources.flatMap((source) => {
    const path = folderOf(textOf(source['path']) ?? '')
    // Without a path it is a chart, or only values for one.
    if (path === undefined || textOf(source['path']) === undefined || !isHere(source, repository)) return []
    return [{ path, stops: isAutomatic ? undefined : ('by-hand' as const), ignoresWeightsOf }]
  })
}

function isHere(source: Data, repository: string | undefined): boolean {
  const url = textOf(source['repoURL']) ?? ''
  if (repository === undefined || url === '' || url.includes('{{')) return true
  const name = url
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split(/[/:]/)
    .at(-1)
  return name?.toLowerCase() === repository.toLowerCase()
}

/** A folder as written from the top; undefined where a template fills it in, or it leads out of the repository. */
function folderOf(written: string): string | undefined {
  if (written.includes('{{')) return undefined
  const steps = written.split('/').filter((step) => step !== '' && step !== '.')
  return steps.includes('..') ? undefined : steps.join('/')
}

/** Left over from Argo Rollouts and Flagger: then a weight in Git is never applied (Argo CD docs, diffing customization). */
function ignored(entry: Data): readonly Kind[] {
  const [group, kind] = [textOf(entry['group']) ?? '*', textOf(entry['kind']) ?? '*']
  const pointers = listOf(entry['jsonPointers']).some((pointer) =>
    /^\/spec(\/(http|tls|tcp|rules)(\/.*)?)?$/.test(textOf(pointer) ?? ''),
  )
  const queries = listOf(entry['jqPathExpressions']).some((query) =>
    /^\.spec(\.(http|tls|tcp|rules)(\W.*)?)?$/.test(textOf(query) ?? ''),
  )
  const managers = listOf(entry['managedFieldsManagers']).some((manager) =>
    /rollouts|flagger/.test(textOf(manager) ?? ''),
  )
  return pointers || queries || managers ? [{ group, kind }] : []
}
