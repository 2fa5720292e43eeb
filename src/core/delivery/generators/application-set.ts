import { listOf, recordOf, textOf } from '../../manifest/data.ts'
import { titleOf } from '../../manifest/identity.ts'
import type { ManifestObject } from '../../manifest/parse.ts'
import { type Filling, fillingOf, paramsNow } from './elements.ts'
import { generatedParams, type GeneratorScene, type SetScene } from './generators.ts'
import { filledTemplate, type Params } from './params.ts'

/** An object that deploys something. For an Application of an ApplicationSet, the set with its template filled in. */
export interface Deployer {
  readonly object: ManifestObject
  readonly title: string
  /** Undefined unless it comes from an ApplicationSet. */
  readonly filling: Filling | undefined
}

/** The Applications of an ApplicationSet. Unknown parameters stay in the template, and so do fields that its patches may change. */
export function applicationsOf(object: ManifestObject, scene: SetScene): readonly Deployer[] {
  const asItIs = { object, title: titleOf(object), filling: undefined }
  if (object.kind !== 'ApplicationSet' || !object.apiVersion.startsWith('argoproj.io/')) return [asItIs]
  const spec = recordOf(object.data['spec'])
  const isGo = spec['goTemplate'] === true
  const { filling } = scene.source
  if (filling !== undefined) {
    const now = { ...filling, params: paramsNow({ spec }, filling, scene.texts) }
    return [applicationOf(object, now)]
  }
  const all = { ...scene, isGo, read: [] }
  const found = generated(spec, all)
  const given = { files: all.read, texts: scene.texts }
  return found === undefined ? [asItIs] : found.map((params) => applicationOf(object, fillingOf(spec, params, given)))
}

function generated(spec: Readonly<Record<string, unknown>>, scene: GeneratorScene): readonly Params[] | undefined {
  if (/\b(?:path|kustomize|repoURL)\b/.test(textOf(spec['templatePatch']) ?? '')) return undefined
  const all = listOf(spec['generators']).map((one) => generatedParams(one, scene))
  return all.length === 0 || all.includes(undefined) ? undefined : all.flatMap((one) => one ?? [])
}

function applicationOf(object: ManifestObject, filling: Filling): Deployer {
  const spec = recordOf(object.data['spec'])
  const template = recordOf(filledTemplate(spec['template'], filling.params, filling.isGo))
  const name = textOf(recordOf(template['metadata'])['name']) ?? object.name
  const isNamed = !name.includes('{{')
  const title = titleOf(isNamed ? { ...object, kind: 'Application', name } : object)
  return { object: { ...object, data: { ...object.data, spec: { ...spec, template } } }, title, filling }
}
