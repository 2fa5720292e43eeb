/** The order in which an ApplicationSet syncs its Applications (Argo CD: progressive syncs, `strategy.type: RollingSync`). */
import { isRecord, listOf, recordOf, textOf } from '../../manifest/data.ts'
import { titleOf } from '../../manifest/identity.ts'
import type { ManifestObject } from '../../manifest/parse.ts'
import { isTemplate } from '../delivery-source.ts'

type Data = Readonly<Record<string, unknown>>

/** The place of an Application among the steps of its ApplicationSet. */
export interface SyncStep {
  /** `ApplicationSet argocd/web`. */
  readonly by: string
  /** 0 for the first. Undefined if only Argo CD knows the labels that decide it. */
  readonly index: number | undefined
}

/**
 * The step of an Application, from its set with the template filled in. Undefined if its set has no steps, or none that selects
 * it: then nothing orders it.
 */
export function syncStepOf(object: ManifestObject): SyncStep | undefined {
  if (object.kind !== 'ApplicationSet') return undefined
  const spec = recordOf(object.data['spec'])
  const { type, rollingSync } = recordOf(spec['strategy'])
  if (type !== 'RollingSync' || !isRecord(rollingSync)) return undefined
  const by = titleOf(object)
  const labels = recordOf(recordOf(recordOf(spec['template'])['metadata'])['labels'])
  const arePatched = /\blabels\b/.test(textOf(spec['templatePatch']) ?? '')
  const steps = listOf(rollingSync['steps']).map((step) => listOf(recordOf(step)['matchExpressions']).map(recordOf))
  const keys = steps.flatMap((step) => step.map(({ key }) => textOf(key) ?? ''))
  const isUnknown = (key: string): boolean => isTemplate(textOf(labels[key]) ?? '')
  const isReadable = steps.flat().every(({ operator }) => operator === 'In' || operator === 'NotIn')
  if (arePatched || !isReadable || keys.some(isUnknown)) return { by, index: undefined }
  const index = steps.findIndex((step) => step.every((expression) => isMatch(expression, labels)))
  return index < 0 ? undefined : { by, index }
}

/** Without the label, `In` does not match and `NotIn` does. */
function isMatch({ key, operator, values }: Data, labels: Data): boolean {
  const label = labels[textOf(key) ?? '']
  const isListed = label !== undefined && listOf(values).includes(label)
  return operator === 'In' ? isListed : !isListed
}
