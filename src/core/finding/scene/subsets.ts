/** The subsets that DestinationRules define for a host. */
import { listOf, recordOf, textOf } from '../../manifest/data.ts'
import type { RenderedObject } from '../../diff/objects.ts'
import { effectiveNamespace } from '../../manifest/identity.ts'
import { resolveHost } from '../../traffic/host.ts'
import { type HostIndex, hostIndex } from './hosts.ts'
import { specOf } from './scene.ts'

export interface Subset {
  readonly rule: RenderedObject
  readonly labels: Readonly<Record<string, unknown>>
}

/** DestinationRules by their host. */
export function rulesByHost(rules: readonly RenderedObject[]): HostIndex<RenderedObject> {
  return hostIndex(rules, (rule) => {
    const host = textOf(specOf(rule)['host']) ?? ''
    return host.startsWith('*') ? host : resolveHost(host, effectiveNamespace(rule))
  })
}

/** A subset from the first rule that defines it; undefined if none does. */
export function subsetNamed(rules: readonly RenderedObject[], name: string): Subset | undefined {
  for (const rule of rules) {
    const found = listOf(specOf(rule)['subsets'])
      .map(recordOf)
      .find((subset) => subset['name'] === name)
    if (found !== undefined) return { rule, labels: recordOf(found['labels']) }
  }
  return undefined
}
