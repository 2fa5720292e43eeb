/** Finds the template that the config names: in the environment's build, or else anywhere in the repository. */
import { oncePer } from '../cached.ts'
import { isRenderedPart, templateOf } from '../chart/rendered-parts.ts'
import { layeredIn } from '../layer/layered.ts'
import { type Layout, manifestIn, resourcesOf } from '../layer/layout.ts'
import { canonicalText } from '../manifest/data.ts'
import { effectiveNamespace, groupOf } from '../manifest/identity.ts'
import type { Location, ManifestObject } from '../manifest/parse.ts'
import { err, ok, type Result } from '../result.ts'
import type { LookupProblem, TemplateName } from './template-problem.ts'

/** A template as one environment has it. */
export interface FoundTemplate extends TemplateName {
  readonly place: Location
  readonly spec: unknown
}

export type TemplateLookup = Result<FoundTemplate, LookupProblem>

export interface TemplateQuestion {
  readonly wanted: TemplateName
  readonly environments: readonly string[]
  /** The namespace of the route in the render. */
  readonly namespace: string
}

interface Candidate {
  readonly place: Location
  readonly namespace: string
  readonly spec: unknown
  readonly isUnclear: boolean
}

/**
 * The template that the config means. Several may have the same name: those in the route's namespace come first. If there is none,
 * one of another namespace counts, because an application and its route may be in different namespaces.
 */
export function findTemplate(layout: Layout, { wanted, environments, namespace }: TemplateQuestion): TemplateLookup {
  const found = environments.map((environment) => {
    const own = candidatesIn(layout, environment, { wanted, files: resourcesOf(layout, environment) })
    return choose(own.length > 0 ? own : candidatesAnywhere(layout, wanted), { layout, wanted, namespace })
  })
  const [first] = found
  const problem = found.find((one) => !one.ok)
  if (first === undefined) return err({ code: 'not-found' })
  if (problem !== undefined) return problem
  const specs = new Set(found.map((one) => (one.ok ? canonicalText(one.value.spec) : '')))
  return specs.size === 1 ? first : err({ code: 'differs', environments })
}

function choose(
  candidates: readonly Candidate[],
  { layout, wanted, namespace }: { readonly layout: Layout; readonly wanted: TemplateName; readonly namespace: string },
): TemplateLookup {
  const isNear = (one: Candidate): boolean =>
    effectiveNamespace(one) === effectiveNamespace({ namespace }) || wanted.kind === 'ClusterAnalysisTemplate'
  const near = candidates.filter(isNear)
  const meant = near.length > 0 ? near : candidates
  const [first] = meant
  if (first === undefined) {
    const place = unreadableFile(layout, wanted)
    return err(place === undefined ? { code: 'not-found' } : { code: 'unreadable', place })
  }
  if (new Set(meant.map(({ spec }) => canonicalText(spec))).size > 1)
    return err({ code: 'found-twice', places: meant.map(({ place }) => place) })
  if (meant.some(({ isUnclear }) => isUnclear)) return err({ code: 'unclear', place: first.place })
  return ok({ ...wanted, place: first.place, spec: first.spec })
}

function candidatesIn(
  layout: Layout,
  environment: string,
  { wanted, files }: { readonly wanted: TemplateName; readonly files: readonly string[] },
): readonly Candidate[] {
  const known = filesWithTemplates(layout)
  return files
    .filter((file) => known.has(file))
    .flatMap((file) =>
      templatesIn(layout, file, wanted.kind).flatMap((object) => {
        const layered = layeredIn(layout, environment, object)
        if (layered === undefined || ![layered.rendered.name, object.name].includes(wanted.name)) return []
        const { namespace } = layered.rendered
        return [{ ...candidateOf({ ...layered.object, namespace }), isUnclear: layered.unclear !== undefined }]
      }),
    )
}

/** Candidates from the builds that use a file. If no build uses it, the file as written. */
function candidatesAnywhere(layout: Layout, wanted: TemplateName): readonly Candidate[] {
  return [...filesWithTemplates(layout)].flatMap((file) => {
    if (!mentions(layout, file, wanted)) return []
    const users = layout.owners.get(file) ?? []
    const used = users.flatMap((environment) => candidatesIn(layout, environment, { wanted, files: [file] }))
    if (used.length > 0) return used
    return templatesIn(layout, file, wanted.kind)
      .filter(({ name }) => name === wanted.name)
      .map((object) => ({ ...candidateOf(object), isUnclear: false }))
  })
}

/** A thousand services may name a template, so the files of a layout are searched only once. Its texts never change. */
const filesWithTemplates = oncePer(
  ({ texts }: Layout): ReadonlySet<string> =>
    new Set([...texts].flatMap(([file, text]) => (text?.includes('AnalysisTemplate') ? [file] : []))),
)

function candidateOf({ file, line, namespace, data }: ManifestObject): Omit<Candidate, 'isUnclear'> {
  return { place: { file: templateOf(file), line }, namespace, spec: data['spec'] }
}

function templatesIn(layout: Layout, file: string, kind: TemplateName['kind']): readonly ManifestObject[] {
  const manifest = manifestIn(layout, file)
  const objects = manifest.ok ? (manifest.value?.objects ?? []) : []
  return objects.filter((object) => object.kind === kind && groupOf(object.apiVersion) === 'argoproj.io')
}

/** A file that may contain the template, but cannot be read. */
function unreadableFile(layout: Layout, wanted: TemplateName): Location | undefined {
  for (const file of filesWithTemplates(layout)) {
    if (!mentions(layout, file, wanted)) continue
    const manifest = manifestIn(layout, file)
    if (!manifest.ok) return { file, line: manifest.error.line }
  }
  return undefined
}

function mentions({ texts }: Layout, file: string, { kind, name }: TemplateName): boolean {
  const text = texts.get(file)
  return text !== undefined && !isRenderedPart(file) && text.includes(kind) && text.includes(name)
}
