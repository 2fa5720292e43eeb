/**
 * What tells objects of one cluster apart. The version of the API is left out: an object that moves from `v1beta1` to `v1` is
 * one that changed.
 */
export interface ObjectIdentity {
  readonly group: string
  readonly kind: string
  /** '' where nothing names one: the default namespace, or a kind that has none. */
  readonly namespace: string
  readonly name: string
}

export function identityOf({ group, kind, namespace, name }: ObjectIdentity): ObjectIdentity {
  return { group, kind, namespace, name }
}

/** One string for one identity. */
export function identityKey({ group, kind, namespace, name }: ObjectIdentity): string {
  return JSON.stringify([kind, namespace, name, group])
}

/** The group of an `apiVersion`; '' for the core group, which has none. */
export function groupOf(apiVersion: string): string {
  return apiVersion.slice(0, Math.max(0, apiVersion.indexOf('/')))
}

/** Whether an object is of a kind that somebody wrote as `Kind` or `group/Kind`. In any spelling: its author meant one. */
export function isOfKind({ group, kind }: Pick<ObjectIdentity, 'group' | 'kind'>, written: string): boolean {
  const slash = written.lastIndexOf('/')
  const isKind = kind.trim().toLowerCase() === written.slice(slash + 1).toLowerCase()
  return isKind && (slash < 0 || group.toLowerCase() === written.slice(0, slash).toLowerCase())
}

/** The namespace of an object of a kind that has one. */
export function effectiveNamespace({ namespace }: Pick<ObjectIdentity, 'namespace'>): string {
  return namespace === '' ? 'default' : namespace
}

/** `VirtualService default/api-service`; without a namespace `ClusterRole admin`. */
export function titleOf({ kind, namespace, name }: Omit<ObjectIdentity, 'group'>): string {
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
}

/** The same for a kind that has a namespace: `VirtualService default/api-service` where the file names none. */
export function qualifiedTitle(object: Omit<ObjectIdentity, 'group'>): string {
  return titleOf({ ...object, namespace: effectiveNamespace(object) })
}
