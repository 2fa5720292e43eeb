/**
 * The identity of an object in a cluster. It does not include the API version, because an object that moves from `v1beta1` to
 * `v1` is still the same object.
 */
export interface ObjectIdentity {
  readonly group: string
  readonly kind: string
  /** '' if nothing names a namespace: the object is in the default namespace, or its kind has none. */
  readonly namespace: string
  readonly name: string
}

export function identityOf({ group, kind, namespace, name }: ObjectIdentity): ObjectIdentity {
  return { group, kind, namespace, name }
}

/** A key that is equal for equal identities. */
export function identityKey({ group, kind, namespace, name }: ObjectIdentity): string {
  return JSON.stringify([kind, namespace, name, group])
}

/** The group of an `apiVersion`; '' for the core group, which has no name. */
export function groupOf(apiVersion: string): string {
  const [first = '', version] = apiVersion.split('/')
  return version === undefined ? '' : first
}

/** The version of an `apiVersion`, without its group. */
export function versionOf(apiVersion: string): string {
  return apiVersion.split('/').at(-1) ?? ''
}

/** Whether an object is of a kind that is written as `Kind` or `group/Kind`, ignoring case. */
export function isOfKind({ group, kind }: Pick<ObjectIdentity, 'group' | 'kind'>, written: string): boolean {
  const own = kind.trim()
  return [own, `${group}/${own}`].some((name) => name.toLowerCase() === written.toLowerCase())
}

/** Kinds whose objects have no namespace. Like kustomize, Perch takes a kind that it does not know for one with namespaces. */
const CLUSTER_WIDE =
  /^(?:Cluster.*|Namespace|CustomResourceDefinition|PersistentVolume|Node|.*Class|.*WebhookConfiguration|.*AdmissionPolicy(?:Binding)?|APIService|FlowSchema|PriorityLevelConfiguration|CSIDriver)$/

/** An object where its deployer puts it. Objects that name a namespace stay there. */
export function deployedTo<T extends Pick<ObjectIdentity, 'kind' | 'namespace'>>(
  namespace: string | undefined,
  object: T,
): T {
  const isOpen = object.namespace === '' && !CLUSTER_WIDE.test(object.kind)
  return namespace === undefined || !isOpen ? object : { ...object, namespace }
}

/** The namespace of an object of a kind that has one. */
export function effectiveNamespace({ namespace }: Pick<ObjectIdentity, 'namespace'>): string {
  return namespace === '' ? 'default' : namespace
}

/** `VirtualService default/api-service`, or `ClusterRole admin` without a namespace. */
export function titleOf({ kind, namespace, name }: Omit<ObjectIdentity, 'group'>): string {
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
}

/** The name in a title, with its namespace: `default/api-service`. */
export function nameInTitle(title: string): string {
  return title.slice(title.indexOf(' ') + 1)
}

/** Like `titleOf`, for a kind that has namespaces: `VirtualService default/api-service` even if the file names no namespace. */
export function qualifiedTitle(object: Omit<ObjectIdentity, 'group'>): string {
  return titleOf({ ...object, namespace: effectiveNamespace(object) })
}
