/** Kubernetes' own schemas, as compiled in kubernetes-models. */
import assert from 'node:assert/strict'
import { Deployment } from 'kubernetes-models/apps/v1'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1'
import { Service, ServiceAccount } from 'kubernetes-models/v1'
import * as z from 'zod'
import type { Model } from '../../../src/adapters/schemas/models.ts'
import { type ReadFields, unasked, watched } from '../../../src/adapters/schemas/watch.ts'
import type { JsonValue } from '../../../src/core/manifest/data.ts'

const MODELS: Readonly<Record<string, Model>> = {
  'apps/v1/Deployment': Deployment,
  'networking.k8s.io/v1/NetworkPolicy': NetworkPolicy,
  'policy/v1/PodDisruptionBudget': PodDisruptionBudget,
  'v1/Service': Service,
  'v1/ServiceAccount': ServiceAccount,
}

export type KubernetesObject = z.infer<typeof KubernetesObject>
export const KubernetesObject = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
})

/** Fails if an object has a wrong value, or a field that its kind does not have. */
export function assertFits(object: KubernetesObject): void {
  const name = `${object.apiVersion}/${object.kind}`
  const model = MODELS[name]
  assert.ok(model !== undefined, `there is no schema here for ${name}`)
  const data = JSON.parse(JSON.stringify(object)) as JsonValue
  const asked: ReadFields = new Map()
  model.prototype.validate.call(watched(data, asked))
  const unknown = unasked(data, asked, []).map(({ path }) => path.join('.'))
  assert.deepEqual(unknown, [], name)
}
