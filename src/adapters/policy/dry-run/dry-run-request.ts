/**
 * The only place that builds requests with objects, and so the only place that must set `dryRun=All`. Names come from a pull
 * request and become parts of a path. Names that could lead elsewhere are refused.
 */
import type { RenderedObject } from '../../../core/diff/objects.ts'
import { type JsonValue, recordOf, textOf } from '../../../core/manifest/data.ts'
import type { ApiRequest } from './request.ts'

/** A kind of an API server. `plural` is its name in paths: `virtualservices`. */
export interface ServedKind {
  readonly plural: string
  readonly isNamespaced: boolean
}

export interface DryRunPlace {
  readonly kind: ServedKind
  /** The namespace for objects that name none. */
  readonly namespace: string
  readonly fieldManager: string
}

/** How long the server may take for one object. By default, its webhooks have ten seconds. */
const SERVER_TIMEOUT = '10s'

/** `apps/v1`, or `v1`. */
export function isVersion(version: JsonValue | undefined): version is string {
  return typeof version === 'string' && /^(?:[a-z\d](?:[a-z\d.-]*[a-z\d])?\/)?v\d[a-z\d]*$/.test(version)
}

/** The API server's path for the kinds of a version. */
export function versionPath(version: string): string {
  return `/${version.includes('/') ? 'apis' : 'api'}/${version}`
}

/** An invalid namespace from a deployer or the kubeconfig, for example an unexpanded template. */
interface OddNamespace {
  readonly namespace: string
}

/** The request for one object. `no-name`: no object can have this version, name or namespace. */
export function dryRunRequest(
  { data, namespace: own }: RenderedObject,
  { kind, namespace, fieldManager }: DryRunPlace,
): ApiRequest | OddNamespace | 'no-name' {
  const version = data['apiVersion']
  const home = own === '' ? namespace : own
  if (!isVersion(version)) return 'no-name'
  if (kind.isNamespaced && !isNamespace(home)) return own === '' ? { namespace: home } : 'no-name'
  const folder = `${versionPath(version)}${kind.isNamespaced ? `/namespaces/${home}` : ''}/${kind.plural}`
  const asked = { dryRun: 'All', fieldManager, fieldValidation: 'Strict', timeout: SERVER_TIMEOUT }
  const body = JSON.stringify(data)
  const name = textOf(recordOf(data['metadata'])['name']) ?? ''
  // The server generates the name, and an object without a name cannot be applied.
  if (name === '') return { method: 'POST', path: `${folder}?${query(asked)}`, type: 'application/json', body }
  if (!isName(name)) return 'no-name'
  const path = `${folder}/${encodeURIComponent(name)}?${query({ ...asked, force: 'true' })}`
  return { method: 'PATCH', path, type: 'application/apply-patch+yaml', body }
}

function query(asked: Readonly<Record<string, string>>): string {
  return new URLSearchParams(asked).toString()
}

function isNamespace(namespace: string): boolean {
  return /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/.test(namespace)
}

/** `..` would lead to the parent folder. */
function isName(name: string): boolean {
  return /^[\w.:@~+-]{1,253}$/.test(name) && !/^\.+$/.test(name)
}
