/** Keeps the values of Secrets out of everything that is shown or kept. */
import { type Data, type RenderedObject, identityKey, isMapping } from './objects.ts'

/** Says that there is a value and nothing about it: its length or a hash would help to guess a short one. */
export const HIDDEN = '•••'
export const HIDDEN_CHANGED = '••• (changed)'

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

export interface MaskedPair {
  readonly before: readonly RenderedObject[]
  readonly after: readonly RenderedObject[]
}

/** Hides the Secrets' values on both sides, so that a value that changed can still be seen to have changed. */
export function maskSecrets(before: readonly RenderedObject[], after: readonly RenderedObject[]): MaskedPair {
  const earlier = new Map(before.map((object) => [identityKey(object), object]))
  return {
    before: before.map((object) => maskObject(object, undefined)),
    after: after.map((object) => maskObject(object, earlier.get(identityKey(object)))),
  }
}

function maskObject(object: RenderedObject, earlier: RenderedObject | undefined): RenderedObject {
  if (isSecret(object)) return { ...object, data: maskSecret(object.data, earlier?.data) }
  return holdsLastApplied(object.data) ? { ...object, data: withoutLastApplied(object.data, earlier?.data) } : object
}

/** The core group's. In any spelling: a cluster refuses `secret`, but its author meant one. */
function isSecret({ group, kind }: RenderedObject): boolean {
  return kind.trim().toLowerCase() === 'secret' && group === ''
}

type Mapping = { readonly [key: string]: Data }

/**
 * Of a Secret only what cannot hold a value is kept: its names, labels, annotations but one, and the keys. Anything else
 * (`data` that is a list, a field that does not exist) is a mistake of its author's, and may hold the value.
 */
function maskSecret(data: Mapping, earlier: Mapping | undefined): Mapping {
  const kept = new Set(['apiVersion', 'kind', 'metadata', 'type', 'immutable'])
  const masked = Object.entries(data).map(([field, value]): [string, Data] => {
    if (kept.has(field)) return [field, value]
    return [field, hideEach(value, earlier?.[field])]
  })
  const result = Object.fromEntries(masked)
  return holdsLastApplied(result) ? withoutLastApplied(result, earlier) : result
}

/** Values one below are hidden each under its key; what is deeper is hidden as one. */
function hideEach(value: Data, earlier: Data | undefined): Data {
  if (!isMapping(value)) return hide(value, earlier)
  const past = isMapping(earlier) ? earlier : {}
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hide(item, past[key])]))
}

function hide(value: Data, earlier: Data | undefined): string {
  const isChanged = earlier !== undefined && JSON.stringify(value) !== JSON.stringify(earlier)
  return isChanged ? HIDDEN_CHANGED : HIDDEN
}

function annotationsOf(data: Mapping | undefined): Mapping {
  const metadata = data?.['metadata']
  const annotations = isMapping(metadata) ? metadata['annotations'] : undefined
  return isMapping(annotations) ? annotations : {}
}

/** On any object: `kubectl apply` writes the whole object there as JSON, so a copied one may be of a Secret. */
function holdsLastApplied(data: Mapping): boolean {
  return LAST_APPLIED in annotationsOf(data)
}

function withoutLastApplied(data: Mapping, earlier: Mapping | undefined): Mapping {
  const annotations = annotationsOf(data)
  const hidden = hide(annotations[LAST_APPLIED] ?? null, annotationsOf(earlier)[LAST_APPLIED])
  const metadata = isMapping(data['metadata']) ? data['metadata'] : {}
  return { ...data, metadata: { ...metadata, annotations: { ...annotations, [LAST_APPLIED]: hidden } } }
}
