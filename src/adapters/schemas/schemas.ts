import { type JsonValue, valueAt } from '../../core/manifest/data.ts'
import { pointerPath } from '../../core/manifest/json-pointer.ts'
import { type RenderedObject } from '../../core/diff/objects.ts'
import type { Misfit } from '../../core/finding/misfit.ts'
import type { Schemas } from '../../ports/schemas.ts'
import { GATEWAY_API, ISTIO, type Model, MODELS } from './models.ts'
import { type SchemaComplaint, Unfit } from './schema.ts'
import { wantsOf } from './wants.ts'
import { type ReadFields, elsewhere, unasked, watched } from './watch.ts'

/** The schemas of Istio and the Gateway API, in the versions of @kubernetes-models. */
export function openSchemas(): Schemas {
  // Most objects are the same before and after a change.
  const known = new WeakMap<RenderedObject['data'], Promise<readonly Misfit[]>>()
  const misfitsOf = async (object: RenderedObject): Promise<readonly Misfit[]> => {
    const { apiVersion } = object.data
    const load = typeof apiVersion === 'string' ? MODELS.get(`${apiVersion}/${object.kind}`) : undefined
    if (load === undefined) return []
    const found = known.get(object.data) ?? load().then((model) => judged(model, object))
    known.set(object.data, found)
    return (await found).map((misfit) => ({ ...misfit, object }))
  }
  return { misfits: async (objects) => (await Promise.all(objects.map(misfitsOf))).flat() }
}

/** Fields of every object, of any kind. */
const TOP = ['apiVersion', 'kind', 'metadata', 'spec', 'status']

function judged(model: Model, object: RenderedObject): readonly Misfit[] {
  const { data, group } = object
  const common = { object, of: group.endsWith('istio.io') ? ISTIO : GATEWAY_API }
  const asked: ReadFields = new Map([['', new Set(TOP)]])
  const complaints = complaintsOf(model, watched(data, asked))
  // Kubernetes itself defines the metadata, and nobody reads a status from Git.
  const { metadata: _, status: __, ...rest } = data
  const counting = complaints.filter(({ instancePath }) => !/^\/status(?:\/|$)/.test(instancePath))
  return [
    ...[...Map.groupBy(counting, ({ instancePath }) => instancePath)].flatMap(([pointer, own]) => {
      const path = pointerPath(pointer)
      return wantsOf(own, valueAt(data, path)).map((wants): Misfit => ({ ...common, code: 'value', path, wants }))
    }),
    ...unasked(rest, asked, []).map(({ path, fields }): Misfit => {
      return { ...common, code: 'field', path, fields, elsewhere: elsewhere(String(path.at(-1)), path, asked) }
    }),
  ]
}

function complaintsOf(model: Model, data: JsonValue): readonly SchemaComplaint[] {
  try {
    model.prototype.validate.call(data)
    return []
  } catch (error) {
    const unfit = Unfit.safeParse(error)
    if (!unfit.success) throw error
    return unfit.data.errors
  }
}
