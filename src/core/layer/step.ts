import { isRecord, type Path, recordOf, sameData, valueAt } from '../manifest/data.ts'
import { pointerSteps } from '../manifest/json-pointer.ts'
import type { Patch } from './kustomization.ts'

/** One change of a patch to an object. Paths refer to the object at the time of the step. */
export type PatchStep =
  | { readonly kind: 'merge'; readonly patch: Patch; readonly data: ObjectData }
  | {
      readonly kind: 'put' | 'remove'
      readonly patch: Patch
      /** The index of the operation in the patch. */
      readonly index: number
      readonly path: Path
      /** The operation is in a list, and shifts later items. */
      readonly shifts: boolean
      readonly value: unknown
    }

export type ObjectData = Readonly<Record<string, unknown>>

/** Where a value in a step's result comes from: the patch's text, or the object before the step. */
export type ValueSource =
  | { readonly from: 'patch'; readonly path: Path }
  | { readonly from: 'below'; readonly path: Path }

export interface PatchResult {
  /** Undefined if the object is deleted. */
  readonly data: ObjectData | undefined
  readonly steps: readonly PatchStep[]
}

/** A patch as steps on an object, and the result. Undefined if kustomize would fail, or do something that Perch does not know. */
export function applyPatch(object: ObjectData, patch: Patch): PatchResult | undefined {
  if (!Array.isArray(patch.data)) return mergePatch(object, patch)
  const steps: PatchStep[] = []
  let now: ObjectData = object
  for (const [index, op] of patch.data.entries()) {
    const done = isRecord(op) ? applyOperation(now, op) : undefined
    if (done === undefined) return undefined
    now = done.data
    if (done.step !== undefined) steps.push({ ...done.step, patch, index })
  }
  return { data: now, steps }
}

/** The origin of the value at a path of a step's result. */
export function sourceOf(step: PatchStep, path: Path): ValueSource {
  return step.kind === 'merge' ? mergeSource(step.data, path) : operationSource(step, path)
}

function mergePatch(object: ObjectData, patch: Patch): PatchResult | undefined {
  const { data } = patch
  if (!isRecord(data) || holdsDirective(data)) return undefined
  if (data['$patch'] === 'delete') return { data: undefined, steps: [] }
  // The patch identifies the object by these fields, and does not change them.
  const { apiVersion, kind, metadata } = object
  const own = recordOf(metadata)
  const merged = merge(object, data)
  if (!isRecord(merged)) return undefined
  const names = { name: own['name'], ...(own['namespace'] === undefined ? {} : { namespace: own['namespace'] }) }
  const named = isRecord(merged['metadata']) ? { ...merged['metadata'], ...names } : own
  return { data: { ...merged, apiVersion, kind, metadata: named }, steps: [{ kind: 'merge', patch, data }] }
}

/** Nested directives and directives in lists depend on the kind, so they are left to kustomize. */
function holdsDirective(value: unknown, isTop = true): boolean {
  if (Array.isArray(value)) return value.some((item) => holdsDirective(item, false))
  if (!isRecord(value)) return false
  return Object.entries(value).some(([key, inner]) =>
    key.startsWith('$') || key === '__proto__'
      ? !(isTop && key === '$patch' && inner === 'delete')
      : holdsDirective(inner, false),
  )
}

/**
 * Maps are merged. Lists and values are replaced, because kustomize knows no merge keys for the lists of a custom resource. Null
 * removes a value. A map without a counterpart is copied as it is, including nulls.
 */
function merge(below: unknown, patch: unknown): unknown {
  if (!isRecord(patch) || !isRecord(below)) return patch
  const out: Record<string, unknown> = { ...below }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key]
    else out[key] = merge(Object.hasOwn(out, key) ? out[key] : undefined, value)
  }
  return out
}

function mergeSource(patch: ObjectData, path: Path): ValueSource {
  let now: unknown = patch
  for (const key of path) {
    if (!isRecord(now)) return { from: 'patch', path }
    if (!Object.hasOwn(now, key)) return { from: 'below', path }
    now = now[String(key)]
  }
  return isRecord(now) ? { from: 'below', path } : { from: 'patch', path }
}

type Operation = Exclude<PatchStep, { kind: 'merge' }>
type OperationResult = { readonly data: ObjectData; readonly step: Omit<Operation, 'patch' | 'index'> | undefined }

function applyOperation(object: ObjectData, op: ObjectData): OperationResult | undefined {
  const path = pathIn(object, op['path'])
  const parent = path === undefined ? undefined : valueAt(object, path.slice(0, -1))
  if (path !== undefined && isFromElsewhere(object, path)) {
    const { op: name, value } = op
    const isPut = name === 'add' || name === 'replace'
    if (!isPut) return { data: object, step: undefined }
    return { data: put(object, path, { value, insert: false }), step: { kind: 'put', path, shifts: false, value } }
  }
  if (path === undefined || !(Array.isArray(parent) || isRecord(parent))) return undefined
  return OPERATIONS.get(op['op'])?.({
    object,
    path,
    value: op['value'],
    inList: Array.isArray(parent),
    now: valueAt(object, path),
  })
}

/** An annotation or label that no file contains. A transformer must add it or its map, because otherwise the build would fail. */
function isFromElsewhere(object: ObjectData, path: Path): boolean {
  const isMetadata = path.length === 3 && path[0] === 'metadata' && (path[1] === 'annotations' || path[1] === 'labels')
  return isMetadata && valueAt(object, path) === undefined
}

interface Turn {
  readonly object: ObjectData
  readonly path: Path
  readonly value: unknown
  readonly inList: boolean
  /** The current value. Undefined if there is none. */
  readonly now: unknown
}

/** The effect of each operation (RFC 6902, 4). Undefined if it fails. Other operations are left to kustomize. */
const OPERATIONS: ReadonlyMap<unknown, (turn: Turn) => OperationResult | undefined> = new Map<
  string,
  (turn: Turn) => OperationResult | undefined
>([
  [
    'test',
    ({ object, value, now }) => (sameData(now ?? null, value ?? null) ? { data: object, step: undefined } : undefined),
  ],
  [
    'add',
    ({ object, path, value, inList }) => ({
      data: put(object, path, { value, insert: inList }),
      step: { kind: 'put', path, shifts: inList, value },
    }),
  ],
  [
    'replace',
    ({ object, path, value, now }) =>
      now === undefined
        ? undefined
        : { data: put(object, path, { value, insert: false }), step: { kind: 'put', path, shifts: false, value } },
  ],
  [
    'remove',
    ({ object, path, inList, now }) =>
      now === undefined
        ? undefined
        : {
            data: put(object, path, { value: undefined, insert: false }),
            step: { kind: 'remove', path, shifts: inList, value: undefined },
          },
  ],
])

/** A JSON pointer (RFC 6901) as a path in the object. `-` is the position after the last item of a list. */
function pathIn(object: ObjectData, pointer: unknown): Path | undefined {
  if (typeof pointer !== 'string' || !pointer.startsWith('/')) return undefined
  const path: (string | number)[] = []
  for (const key of pointerSteps(pointer)) {
    const holder = valueAt(object, path)
    if (!Array.isArray(holder)) path.push(key)
    else if (key === '-') path.push(holder.length)
    else if (/^(?:0|[1-9]\d*)$/.test(key) && Number(key) <= holder.length) path.push(Number(key))
    else return undefined
  }
  return path
}

interface PutOptions {
  readonly value: unknown
  /** Insert before the existing item of a list. */
  readonly insert: boolean
}

function put(data: ObjectData, path: Path, putting: PutOptions): ObjectData {
  return recordOf(putIn(data, path, putting))
}

function putIn(data: unknown, [key, ...rest]: Path, putting: PutOptions): unknown {
  if (key === undefined) return putting.value
  if (Array.isArray(data)) {
    const items: readonly unknown[] = data
    const index = Number(key)
    const inner = putIn(items[index], rest, putting)
    const isCut = rest.length > 0 || !putting.insert
    return [
      ...items.slice(0, index),
      ...(inner === undefined ? [] : [inner]),
      ...items.slice(isCut ? index + 1 : index),
    ]
  }
  const record = recordOf(data)
  const { [String(key)]: old, ...others } = record
  const inner = putIn(old, rest, putting)
  return inner === undefined ? others : { ...record, [String(key)]: inner }
}

function operationSource(step: Operation, path: Path): ValueSource {
  const list = step.path.slice(0, -1)
  const at = step.path.at(-1)
  const startsSame = (start: Path): boolean => start.every((key, index) => path[index] === key)
  if (step.kind === 'put' && startsSame(step.path)) {
    return { from: 'patch', path: [step.index, 'value', ...path.slice(step.path.length)] }
  }
  const own = path[list.length]
  if (!step.shifts || !startsSame(list) || typeof own !== 'number' || typeof at !== 'number' || own < at)
    return { from: 'below', path }
  const before = step.kind === 'put' ? own - 1 : own + 1
  return { from: 'below', path: [...list, before, ...path.slice(list.length + 1)] }
}
