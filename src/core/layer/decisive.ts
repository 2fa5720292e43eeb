import { isRecord, type Path, recordOf } from '../manifest/data.ts'
import { pointerSteps } from '../manifest/json-pointer.ts'
import { isNote } from '../traffic/annotations.ts'

/** The keys in a route's spec that contain rules. */
const SECTIONS: readonly string[] = ['http', 'tls', 'tcp', 'rules']
/** The fields of a rule that contain its weights, and those that say whose requests it takes. */
const DESTINATIONS = ['route', 'backendRefs']
const REQUESTS = ['match', 'matches', 'delegate']
/** Fields that decide which version a name stands for. */
const VERSIONS = ['subsets', 'selector', 'host']

/** Whether a patch that cannot be applied may change weights, versions, whose requests they are for, or Perch's annotations. */
export function isDecisive(data: unknown): boolean {
  if (Array.isArray(data)) {
    return data.some((op: unknown) => isRecord(op) && op['op'] !== 'test' && changedBy(op).some(mayDecide))
  }
  if (!isRecord(data)) return false
  const { spec, metadata } = data
  if ('$patch' in data || (isRecord(spec) && [...SECTIONS, ...VERSIONS, '$patch'].some((key) => key in spec)))
    return true
  const annotations = recordOf(recordOf(metadata)['annotations'])
  return Object.keys(annotations).some((key) => isNote(key) || key === '$patch')
}

/** The pointers to what an operation changes. `move` also takes something away. */
function changedBy({ op, path, from }: Readonly<Record<string, unknown>>): readonly unknown[] {
  return op === 'move' ? [path, from] : [path]
}

/** Whether what a pointer leads to may be weights, versions, whose requests they are for, or Perch's annotations. */
function mayDecide(pointer: unknown): boolean {
  return typeof pointer !== 'string' || leadsTo(pointerSteps(pointer), [...DESTINATIONS, ...REQUESTS])
}

/** Whether a path leads to weights, versions, or Perch's annotations. */
export function isDecisivePath(path: Path): boolean {
  return leadsTo(path.map(String), DESTINATIONS)
}

/** Whether steps into a route lead to these fields of rules, to versions or Perch's annotations, or to what contains them. */
function leadsTo([top, section, key, field]: readonly string[], fields: readonly string[]): boolean {
  if (top === undefined) return true
  if (top !== 'spec' && top !== 'metadata') return false
  if (section === undefined) return true
  if (top === 'metadata') return section === 'annotations' && (key === undefined || isNote(key))
  if (VERSIONS.some((name) => section.startsWith(name))) return true
  return SECTIONS.includes(section) && (field === undefined || fields.includes(field))
}

/**
 * Whether a field of a replacement, such as `spec.http.[name=main].route.0.weight`, is or contains weights, or whose requests a rule
 * takes.
 */
export function isDecisiveField(path: string): boolean {
  const [top, section, , field, ...rest] = path.match(/\[[^\]]*\]|[^.]+/g) ?? []
  if (top !== 'spec') return false
  if (section === undefined) return true
  if (!SECTIONS.includes(section)) return false
  if (field === undefined) return true
  const [, value, ...deeper] = rest
  const isWeight = value === undefined || (value === 'weight' && deeper.length === 0)
  return DESTINATIONS.includes(field) ? isWeight : REQUESTS.includes(field) && rest.length === 0
}
