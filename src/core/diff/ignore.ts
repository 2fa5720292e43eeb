/** Hides noise from the displayed diff, according to the config's `diff.ignore`. Proofs and verdicts ignore these rules. */
import { isRecord, type JsonValue } from '../manifest/data.ts'
import { pointerSteps } from '../manifest/json-pointer.ts'
import { matcher } from '../text/matcher.ts'
import { isNote } from '../traffic/annotations.ts'
import { type RenderedObject } from './objects.ts'
import type { Pair } from './pair.ts'
import { isOfKind } from '../manifest/identity.ts'

/** A field whose changes are not shown. */
export interface IgnoreRule {
  /** `Kind` or `group/Kind`; undefined for any kind. */
  readonly kind?: string | undefined
  /** A JSON pointer (RFC 6901) from the top of the object. `*` in a step matches any characters of one key or index. */
  readonly path: string
}

/** Objects that decide where traffic goes, and which version a name stands for. Their `spec` is always shown. */
export const TRAFFIC_KINDS: readonly string[] = [
  'VirtualService',
  'DestinationRule',
  'HTTPRoute',
  'GRPCRoute',
  'TLSRoute',
  'TCPRoute',
  'Service',
]

type Mapping = RenderedObject['data']

/** Both sides without the fields that the rules hide. Added and removed objects are shown completely. */
export function withoutIgnored({ before, after }: Pair, rules: readonly IgnoreRule[]): Pair {
  if (before === undefined || after === undefined) return { ...(before && { before }), ...(after && { after }) }
  return { before: prune(before, rules), after: prune(after, rules) }
}

function prune(object: RenderedObject, rules: readonly IgnoreRule[]): RenderedObject {
  const fitting = rules.filter(({ kind }) => kind === undefined || isOfKind(object, kind))
  const left = fitting.reduce<JsonValue>((data, { path }) => without(data, stepsOf(path)) ?? {}, object.data)
  if (!isRecord(left)) return object
  return { ...object, data: TRAFFIC_KINDS.includes(object.kind) ? restored(left, object.data) : left }
}

/** Restores what reviewers of traffic must always see. */
function restored(left: Mapping, whole: Mapping): Mapping {
  const annotations = annotationsOf(whole)
  const notes = Object.entries(annotations).filter(([key]) => isNote(key))
  const metadata = isRecord(left['metadata']) ? left['metadata'] : {}
  const kept = notes.length === 0 ? {} : { annotations: { ...annotationsOf(left), ...Object.fromEntries(notes) } }
  const { apiVersion = null, spec } = whole
  return { ...left, apiVersion, metadata: { ...metadata, ...kept }, ...(spec === undefined ? {} : { spec }) }
}

function annotationsOf({ metadata }: Mapping): Mapping {
  const annotations = isRecord(metadata) ? metadata['annotations'] : undefined
  return isRecord(annotations) ? annotations : {}
}

/** Undefined if nothing is left: a mapping that is empty only because of a rule does not count as a change. */
function without(data: JsonValue, [isStep, ...rest]: readonly KeyTest[]): JsonValue | undefined {
  if (isStep === undefined) return undefined
  const inner = (key: string, value: JsonValue): JsonValue | undefined => (isStep(key) ? without(value, rest) : value)
  if (Array.isArray(data)) {
    const items = data.map((item: JsonValue, index) => inner(String(index), item)).filter((item) => item !== undefined)
    return items.length === 0 && data.length > 0 ? undefined : items
  }
  if (!isRecord(data)) return data
  const entries = Object.entries(data).map(([key, value]) => [key, inner(key, value)] as const)
  const left = entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]))
  return left.length === 0 && entries.length > 0 ? undefined : Object.fromEntries(left)
}

type KeyTest = ReturnType<typeof matcher>

function stepsOf(path: string): readonly KeyTest[] {
  return pointerSteps(path).map(matcher)
}
