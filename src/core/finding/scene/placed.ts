import type { RenderedObject } from '../../diff/objects.ts'
import type { ObjectIdentity } from '../../manifest/identity.ts'
import type { Finding } from '../finding.ts'

/** Objects where their deployer puts them. */
export interface PlacedObjects {
  readonly placed: readonly RenderedObject[]
  /** A finding about one of them, of the object as it is written: there it is found and can be switched off. */
  readonly asWritten: (finding: Finding) => Finding
}

/** `namespace`: where the deployer puts objects that name none. */
export function placedIn(objects: readonly RenderedObject[], namespace = ''): PlacedObjects {
  const placed = objects.map((object) => (object.namespace === '' ? { ...object, namespace } : object))
  const written = new Map<ObjectIdentity, RenderedObject>(
    placed.map((object, index) => [object, objects[index] ?? object]),
  )
  return {
    placed,
    asWritten: (finding) => ({ ...finding, object: written.get(finding.object) ?? finding.object }),
  }
}
