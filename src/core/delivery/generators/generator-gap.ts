/** Deployers whose deployments are unknown, among them ApplicationSets with parts that the repository and the config do not determine. */
import { listOf, type Path, recordOf, textOf } from '../../manifest/data.ts'
import { titleOf } from '../../manifest/identity.ts'
import type { ManifestObject } from '../../manifest/parse.ts'
import { parseManifest } from '../../manifest/parse.ts'
import { isHere, isTemplate } from '../delivery-source.ts'
import { DEPLOYERS } from '../documents.ts'
import { applicationsOf } from './application-set.ts'
import { type SetScene, unknownGenerator } from './generators.ts'

/** An ApplicationSet or Application that may deploy folders of this repository, and why Perch does not know which. */
export interface DeliveryGap {
  readonly title: string
  readonly file: string
  readonly line: number
  /** The common beginning of the folders' paths. Empty if they begin differently. */
  readonly prefix: string
  /**
   * `generator`: Perch cannot expand a generator · `expression`: Perch cannot fill in an expression · `patch`: it has a
   * `templatePatch` · `overlay`: a kustomization patches its source.
   */
  readonly why: 'generator' | 'expression' | 'patch' | 'overlay'
  /** The field of the generator, the expression, or the kustomization. */
  readonly entry: string
}

interface Unknown extends Pick<DeliveryGap, 'why' | 'entry'> {
  readonly path: Path
}

/** Undefined if everything is known, or if the unknown parts do not decide which folders are deployed. */
export function generatorGap(
  object: ManifestObject,
  text: string | undefined,
  scene: SetScene,
): DeliveryGap | undefined {
  if (object.kind !== 'ApplicationSet' || !object.apiVersion.startsWith('argoproj.io/')) return undefined
  const spec = recordOf(object.data['spec'])
  const sources = sourcesOf(spec['template'])
  const here = sources.filter(({ source }) => isHere(textOf(source['repoURL']) ?? '', scene.source))
  const paths = here.map(({ source }) => textOf(source['path']) ?? '').filter(isTemplate)
  if (paths.length === 0) return undefined
  const found = unknownIn(object, scene)
  if (found === undefined) return undefined
  const manifest = parseManifest(object.file, text ?? '', DEPLOYERS)
  const line = manifest.ok ? manifest.value.line(object.document, [...object.at, ...found.path]) : object.line
  const [prefix = '', ...others] = new Set(paths.map((path) => path.split(/\{\{|\$\{/)[0]))
  return {
    title: titleOf(object),
    file: object.file,
    line,
    prefix: others.length > 0 ? '' : prefix,
    why: found.why,
    entry: found.entry,
  }
}

function unknownIn(object: ManifestObject, scene: SetScene): Unknown | undefined {
  const spec = recordOf(object.data['spec'])
  const isGo = spec['goTemplate'] === true
  for (const [index, generator] of listOf(spec['generators']).entries()) {
    const found = unknownGenerator(generator, { ...scene, isGo, read: [] })
    if (found !== undefined)
      return { why: 'generator', entry: found.name, path: ['spec', 'generators', index, ...found.path] }
  }
  const made = applicationsOf(object, scene)
  for (const { object: one, filling } of made) {
    for (const { source, path } of sourcesOf(recordOf(one.data['spec'])['template'])) {
      const written = textOf(source['path']) ?? ''
      if (!isTemplate(written)) continue
      const [expression = written] = /\{\{.*?\}\}/.exec(written) ?? []
      const why = filling === undefined ? 'patch' : 'expression'
      const at = why === 'patch' ? ['spec', 'templatePatch'] : ['spec', 'template', ...path, 'path']
      return { why, entry: why === 'patch' ? 'templatePatch' : expression, path: at }
    }
  }
  return undefined
}

function sourcesOf(
  template: unknown,
): readonly { readonly source: Readonly<Record<string, unknown>>; readonly path: Path }[] {
  const spec = recordOf(recordOf(template)['spec'])
  const several = listOf(spec['sources']).map((one, index) => ({
    source: recordOf(one),
    path: ['spec', 'sources', index],
  }))
  return [{ source: recordOf(spec['source']), path: ['spec', 'source'] }, ...several]
}
