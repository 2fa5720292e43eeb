/** The subsets that DestinationRules define for a host. */
import { listOf, recordOf, textOf } from '../../manifest/data.ts'
import type { RenderedObject } from '../../diff/objects.ts'
import { effectiveNamespace } from '../../manifest/identity.ts'
import { resolveHost } from '../../traffic/host.ts'
import { hostCovers } from './hosts.ts'
import { specOf } from './scene.ts'

/** DestinationRules by their host. Those for hosts with a star are separate. */
export interface SubsetIndex {
  readonly plain: ReadonlyMap<string, readonly RenderedObject[]>
  readonly wide: readonly RenderedObject[]
}

export interface Subset {
  readonly rule: RenderedObject
  readonly labels: Readonly<Record<string, unknown>>
}

export function subsetsIn(rules: readonly RenderedObject[]): SubsetIndex {
  const [plain, wide] = [false, true].map((isWide) => rules.filter((rule) => hostOf(rule).startsWith('*') === isWide))
  return { plain: Map.groupBy(plain ?? [], hostOf), wide: wide ?? [] }
}

export function rulesFor({ plain, wide }: SubsetIndex, host: string): readonly RenderedObject[] {
  return [...(plain.get(host) ?? []), ...wide.filter((rule) => hostCovers(textOf(specOf(rule)['host']) ?? '', host))]
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

function hostOf(rule: RenderedObject): string {
  return resolveHost(textOf(specOf(rule)['host']) ?? '', effectiveNamespace(rule))
}
