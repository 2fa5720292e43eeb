/** Workloads that run pods, with the labels and number of their pods as far as manifests say. */
import { recordOf, textOf } from '../../manifest/data.ts'
import type { RenderedObject } from '../../diff/objects.ts'
import { effectiveNamespace } from '../../manifest/identity.ts'

type Data = Readonly<Record<string, unknown>>

export interface Workload {
  readonly object: RenderedObject
  readonly namespace: string
  /** The labels of the pod template. */
  readonly labels: Data
  /** Labels that the controller sets. Their values in the template do not count. */
  readonly set: ReadonlySet<string>
  /** Undefined if something else decides the number of pods. */
  readonly replicas: number | undefined
}

const BARE = new Set(['Pod', 'WorkloadEntry', 'WorkloadGroup'])

/** All objects with a pod template, of any kind, and objects that stand for single pods. */
export function workloadsIn(objects: readonly RenderedObject[]): readonly Workload[] {
  const some = objects.filter(
    (object) => BARE.has(object.kind) || hasTemplate(object) || refersTo(object) !== undefined,
  )
  const byName = new Map(some.map((object) => [keyOf(object.kind, object), object]))
  const scaled = new Set(objects.flatMap(scaledBy))
  return some.map((object) => workload(object, byName, scaled))
}

function workload(
  object: RenderedObject,
  byName: ReadonlyMap<string, RenderedObject>,
  scaled: ReadonlySet<string>,
): Workload {
  const spec = recordOf(object.data['spec'])
  const { replicas } = spec
  const number = typeof replicas === 'number' ? replicas : 1
  const other = refersTo(object)
  const source = other === undefined ? object : byName.get(keyOf(other.kind, { ...object, name: other.name }))
  return {
    object,
    namespace: effectiveNamespace(object),
    labels: source === undefined ? {} : labelsOf(source),
    set: new Set(addedTo(spec)),
    replicas: scaled.has(keyOf(object.kind, object)) ? undefined : number,
  }
}

function hasTemplate({ data }: RenderedObject): boolean {
  const template = recordOf(recordOf(data['spec'])['template'])
  return (
    Array.isArray(recordOf(template['spec'])['containers']) || recordOf(template['metadata'])['labels'] !== undefined
  )
}

function labelsOf({ kind, data }: RenderedObject): Data {
  const spec = recordOf(data['spec'])
  if (kind === 'WorkloadEntry') return recordOf(spec['labels'])
  const template = kind === 'Pod' ? data : recordOf(spec['template'])
  return recordOf(recordOf(template['metadata'])['labels'])
}

/** The labels that Argo Rollouts adds to the pods of a version (Argo Rollouts docs, features/ephemeral-metadata). */
function addedTo(spec: Data): readonly string[] {
  const { canary, blueGreen } = recordOf(spec['strategy'])
  const added = [
    recordOf(canary)['stableMetadata'],
    recordOf(canary)['canaryMetadata'],
    recordOf(blueGreen)['activeMetadata'],
    recordOf(blueGreen)['previewMetadata'],
  ]
  return added.flatMap((metadata) => Object.keys(recordOf(recordOf(metadata)['labels'])))
}

interface Reference {
  readonly kind: string
  readonly name: string
}

/** The workload whose template a Rollout uses (Argo Rollouts docs, migrating). */
function refersTo({ group, kind, data }: RenderedObject): Reference | undefined {
  if (group !== 'argoproj.io' || kind !== 'Rollout') return undefined
  return reference(recordOf(data['spec'])['workloadRef'])
}

/** Fields in which autoscalers, KEDA, Argo Rollouts and Flagger name the workload that they scale. */
const SCALES = ['scaleTargetRef', 'targetRef', 'workloadRef']

function scaledBy(object: RenderedObject): readonly string[] {
  const spec = recordOf(object.data['spec'])
  return SCALES.flatMap((field) => {
    const target = reference(spec[field])
    return target === undefined ? [] : [keyOf(target.kind, { ...object, name: target.name })]
  })
}

function reference(value: unknown): Reference | undefined {
  const { kind, name } = recordOf(value)
  const text = textOf(name)
  // KEDA's default.
  return text === undefined ? undefined : { kind: textOf(kind) ?? 'Deployment', name: text }
}

function keyOf(kind: string, object: Pick<RenderedObject, 'namespace' | 'name'>): string {
  return `${kind} ${effectiveNamespace(object)}/${object.name}`
}
