import { isRecord } from '../manifest/data.ts'
import { pointerSteps } from '../manifest/json-pointer.ts'
import { isNote } from '../traffic/annotations.ts'

/** The keys in a route's spec that contain rules. */
const SECTIONS = ['http', 'tls', 'tcp', 'rules']
/** A JSON pointer that changes rules, their destinations or the annotations. */
const POINTER =
  /^\/(?:spec(?:\/(?:http|tls|tcp|rules)(?:\/[\d-]+(?:\/(?:route|backendRefs)(?:\/.*)?)?)?)?|metadata(?:\/annotations(?:\/.*)?)?)?$/
/** Fields that decide which version a name stands for. */
const VERSIONS = ['subsets', 'selector', 'host']

/** Whether a patch changes weights, versions, or Perch's annotations. */
export function isDecisive(data: unknown): boolean {
  if (Array.isArray(data)) {
    return data.some((op: unknown) => isRecord(op) && op['op'] !== 'test' && isDecisivePointer(op['path']))
  }
  if (!isRecord(data)) return false
  const { spec, metadata } = data
  if ('$patch' in data || (isRecord(spec) && [...SECTIONS, ...VERSIONS, '$patch'].some((key) => key in spec)))
    return true
  const annotations = isRecord(metadata) ? metadata['annotations'] : undefined
  return isRecord(annotations) && Object.keys(annotations).some((key) => isNote(key) || key === '$patch')
}

/** The same for a JSON pointer. */
export function isDecisivePointer(pointer: unknown): boolean {
  if (typeof pointer !== 'string') return true
  const [field, map, key] = pointerSteps(pointer)
  if (field === 'metadata' && map === 'annotations' && key !== undefined) return isNote(key)
  return POINTER.test(pointer) || VERSIONS.some((name) => pointer.startsWith(`/spec/${name}`))
}
