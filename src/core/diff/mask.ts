/**
 * Keeps the values of Secrets out of everything that is shown or stored: the values of Secrets, of Secrets inside other objects
 * (in a field, or in a text that is YAML or JSON), and copies of these values elsewhere in the same environment.
 */
import { isRecord, type JsonValue } from '../manifest/data.ts'
import { type RenderedObject } from './objects.ts'
import type { Pair } from './pair.ts'
import { hideValues } from './hide-values.ts'
import { holdsSecrets, isEncrypted, isSops, secretTexts, tellsSecret, textsIn } from './secret-texts.ts'
import { formsOf } from './secret-values.ts'
import { isOfKind } from '../manifest/identity.ts'

/** Shows that there is a value, and nothing about it. Its length or a hash would help to guess a short value. */
export const HIDDEN = '•••'
export const HIDDEN_CHANGED = '••• (changed)'

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
/** The Secret of the core group. */
const SECRET = '/Secret'
/** Matches a text that is a secret by its form, in any object. */
const PRIVATE_KEY = /-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----/
/** A copy of a shorter value is more likely a common word, such as `admin`, than a leak. */
const MIN_COPY = 8

type Mapping = { readonly [key: string]: JsonValue }

interface Eyes {
  /** Kinds that are treated like Secrets, as `Kind` or `group/Kind`. */
  readonly kinds: readonly string[]
  /** Removes copies of Secret values from a text. */
  readonly withoutCopies: (text: string) => string
}

/**
 * Hides the values of Secrets on both sides, but shows that a value has changed. `kinds`: other kinds that contain secrets,
 * according to the config. `all`: every object of the environment, as the source of copied values.
 */
export function maskPairs(
  pairs: readonly Pair[],
  { kinds, all }: { readonly kinds: readonly string[]; readonly all: readonly RenderedObject[] },
): readonly Pair[] {
  let search: ((text: string) => string) | undefined
  const withoutCopies = (text: string): string => {
    if (text.length < MIN_COPY) return text
    search ??= hideValues(copiedValues(all, kinds), { mark: HIDDEN, shortest: MIN_COPY })
    return search(text)
  }
  const eyes: Eyes = { kinds: [SECRET, ...kinds], withoutCopies }
  return pairs.map(({ before, after }) => ({
    ...(before && { before: mask(before, undefined, eyes) }),
    ...(after && { after: mask(after, before, eyes) }),
  }))
}

function mask(object: RenderedObject, earlier: RenderedObject | undefined, eyes: Eyes): RenderedObject {
  const isSecret = eyes.kinds.some((kind) => isOfKind(object, kind))
  const data = isSecret ? maskSecret(object.data, earlier?.data) : object.data
  const past = isSecret && earlier !== undefined ? maskSecret(earlier.data, undefined) : earlier?.data
  return { ...object, data: maskAnnotations(maskWithin(data, past, eyes), { isSecret, earlier: earlier?.data }) }
}

/**
 * Keeps only the parts of a Secret that cannot contain a value: its names, labels, annotations and keys. Anything else is a
 * mistake of its author (`data` that is a list, a field that does not exist), and may contain the value.
 */
function maskSecret(data: Mapping, earlier: Mapping | undefined): Mapping {
  const kept = new Set(['apiVersion', 'kind', 'metadata', 'type', 'immutable'])
  const masked = Object.entries(data).map(([field, value]): [string, JsonValue] => {
    if (kept.has(field) || isSops(field, value)) return [field, value]
    return [field, hideEach(value, earlier?.[field])]
  })
  return Object.fromEntries(masked)
}

/** Hides each value under its key. Anything deeper is hidden as a whole. */
function hideEach(value: JsonValue, earlier: JsonValue | undefined): JsonValue {
  if (!isRecord(value)) return hide(value, earlier)
  const past = isRecord(earlier) ? earlier : {}
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hide(item, past[key])]))
}

/** Encrypted values may be shown. */
function hide(value: JsonValue, earlier: JsonValue | undefined): JsonValue {
  if (isEncrypted(value)) return value
  const isChanged = earlier !== undefined && JSON.stringify(value) !== JSON.stringify(earlier)
  return isChanged ? HIDDEN_CHANGED : HIDDEN
}

/** Hides Secrets inside any object (in a template, in a list, in an operator's object), and copies of their values. */
function maskWithin(data: Mapping, earlier: JsonValue | undefined, eyes: Eyes): Mapping {
  const past = isRecord(earlier) ? earlier : {}
  // A reference to a Secret looks the same, but contains no values.
  const isInner = holdsSecrets(data, eyes.kinds)
  const entries = Object.entries(data).map(([key, value]): [string, JsonValue] => {
    if (isInner && isPayload(key)) return [key, hideEach(value, past[key])]
    return [eyes.withoutCopies(key), maskData(value, past[key], eyes)]
  })
  return Object.fromEntries(entries)
}

function maskData(value: JsonValue, earlier: JsonValue | undefined, eyes: Eyes): JsonValue {
  if (isRecord(value)) return maskWithin(value, earlier, eyes)
  if (Array.isArray(value)) {
    const past: readonly JsonValue[] = Array.isArray(earlier) ? earlier : []
    return value.map((item: JsonValue, index) => maskData(item, past[index], eyes))
  }
  if (!isPlain(value)) return value
  const text = String(value)
  if (PRIVATE_KEY.test(text) || tellsSecret(text, eyes.kinds)) return hide(value, earlier)
  const left = eyes.withoutCopies(text)
  if (left === text) return value
  const isChanged = isPlain(earlier) && String(earlier) !== text && eyes.withoutCopies(String(earlier)) === left
  return isChanged ? `${left} (changed)` : left
}

function isPlain(data: JsonValue | undefined): data is string | number {
  return typeof data === 'string' || typeof data === 'number'
}

function isPayload(key: string): boolean {
  return ['data', 'stringdata', 'spec'].includes(key.toLowerCase())
}

/**
 * `kubectl apply` writes the whole object as JSON into an annotation, and other tools use other annotations. An annotation may
 * therefore be a copy of a Secret. On a Secret, every JSON annotation is treated as one.
 */
function maskAnnotations(
  data: Mapping,
  { isSecret, earlier }: { readonly isSecret: boolean; readonly earlier: Mapping | undefined },
): Mapping {
  const past = annotationsOf(earlier)
  const isHidden = (key: string, value: JsonValue): boolean =>
    key === LAST_APPLIED || (isSecret && typeof value === 'string' && /^\s*[{["]/.test(value))
  const annotations = Object.entries(annotationsOf(data))
  if (!annotations.some(([key, value]) => isHidden(key, value))) return data
  const masked = annotations.map(([key, value]) => {
    return [key, isHidden(key, value) ? hideAgain(value, past[key]) : value] as const
  })
  const metadata = isRecord(data['metadata']) ? data['metadata'] : {}
  return { ...data, metadata: { ...metadata, annotations: Object.fromEntries(masked) } }
}

/** The hidden value may already be marked as changed. */
function hideAgain(value: JsonValue, earlier: JsonValue | undefined): JsonValue {
  return value === HIDDEN || value === HIDDEN_CHANGED ? value : hide(value, earlier)
}

function annotationsOf(data: Mapping | undefined): Mapping {
  const metadata = data?.['metadata']
  const annotations = isRecord(metadata) ? metadata['annotations'] : undefined
  return isRecord(annotations) ? annotations : {}
}

/** Whether an object repeats a value of the Secrets among `objects`, or of Secrets inside of them. */
export function repeatsSecret(
  objects: readonly RenderedObject[],
  kinds: readonly string[],
): (object: RenderedObject) => boolean {
  const search = hideValues(copiedValues(objects, kinds), { mark: '', shortest: MIN_COPY })
  return ({ data }) => textsIn(data).some((text) => search(text) !== text)
}

/** The values of Secrets in all their forms, except public texts: names of objects and namespaces. */
function copiedValues(objects: readonly RenderedObject[], kinds: readonly string[]): ReadonlySet<string> {
  const values = new Set(objects.flatMap(({ data }) => secretTexts(data, kinds)))
  const forms = new Set([...values].flatMap(formsOf))
  return forms.difference(new Set(objects.flatMap(({ name, namespace }) => [name, namespace])))
}
