import type { RenderedObject } from '../../diff/objects.ts'
import type { ObjectIdentity } from '../../manifest/identity.ts'
import type { Finding } from '../finding.ts'

/** Objects in the namespaces where their deployer puts them. */
export interface PlacedObjects {
  readonly placed: readonly RenderedObject[]
  /** Converts a finding to one about the object as it is written, where people can find it and switch it off. */
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
