/** Interprets the answer of an API server to a dry run, as a verdict on the object or as no verdict. */
import type { Path } from '../manifest/data.ts'
import type { DryRunGapCode } from './dry-run.ts'
import { atField, fieldPath } from './field-path.ts'

/** Of `Status` in the API of Kubernetes. */
export interface ServerStatus {
  readonly message: string
  readonly reason: string
  /** The subject of the cause, if it is given. */
  readonly kind: string
  readonly name: string
  readonly causes: readonly { readonly reason: string; readonly message: string; readonly field: string }[]
}

/** Why it refuses the object. */
interface Refused {
  readonly type: 'refused'
  readonly faults: readonly { readonly text: string; readonly path: Path }[]
}

interface Unanswered {
  readonly type: 'gap'
  readonly code: DryRunGapCode
  readonly text: string
}

/** The credentials are wrong, whatever the object is. */
interface Unauthorized {
  readonly type: 'unauthorized'
}

export type ServerVerdict = Refused | Unanswered | Unauthorized

/** The meaning of an answer that is not the object. `status` is undefined if the body is not a `Status`, for example that of a proxy. */
export function readAnswer(code: number, status: ServerStatus | undefined): ServerVerdict {
  if (code === 401) return { type: 'unauthorized' }
  if (status === undefined || status.message === '') return { type: 'gap', code: 'not-answered', text: `HTTP ${code}` }
  const { message } = status
  if (TAKES_NO_DRY_RUN.test(message)) return { type: 'gap', code: 'no-dry-run', text: message }
  if (isDenied(status)) return refused(status)
  if (code === 403 && NOT_PERMITTED.test(message)) return { type: 'gap', code: 'not-allowed', text: message }
  if (code === 404) return notFound(status)
  // It is about the current moment, although its code is a refusal.
  if (status.causes.some(({ reason }) => reason === 'NamespaceTerminating'))
    return { type: 'gap', code: 'not-answered', text: message }
  if (SCHEMA.test(message)) return schemaFaults(message)
  return REFUSALS.has(code) ? refused(status) : { type: 'gap', code: 'not-answered', text: message }
}

/**
 * Invalid (400, 422), forbidden by an admission plugin such as Pod Security (403), too large (413). Any other code says something about the
 * server, or about the moment.
 */
const REFUSALS = new Set([400, 403, 413, 422])

/** Of the admission webhook that does not say that it has no side effects, and of a server or a resource without dry runs. */
const TAKES_NO_DRY_RUN = /^admission webhook "[^"]*" does not support dry run|^the dryRun (?:\w+ )?feature is disabled/

/** Kubernetes' RBAC, and other authorizers that it hands down to. Texts of the object may stand behind the beginning. */
const NOT_PERMITTED = /^(?:\S+ (?:"[^"]*" )?is )?forbidden: User "(?:[^"\\]|\\.)*" cannot \S+ (?:resource|path) /

/** A webhook or policy may deny with any code. */
const DENIED =
  /^admission webhook "[^"]*" denied the request|ValidatingAdmissionPolicy '[^']*' with binding '[^']*' denied request/

function isDenied({ message }: ServerStatus): boolean {
  return DENIED.test(message)
}

/** An error of the server (500) by its code, but of the object: a field that its kind does not have, or of another type. */
const SCHEMA = /^failed to create typed patch object \([^)]*\): /

function schemaFaults(message: string): Refused {
  const said = message.replace(SCHEMA, '').replace(/^errors:\s*/, '')
  const faults = said.split(/\n\s*/).flatMap((line) => {
    const [, field = '', text = line] = /^(\.\S.*?): (.*)$/s.exec(line) ?? []
    const plain = field.replace(/^\./, '')
    return text.trim() === '' ? [] : [{ text: atField(plain, text), path: fieldPath(plain) }]
  })
  return { type: 'refused', faults: faults.length === 0 ? [{ text: said, path: [] }] : faults }
}

function refused({ message, causes }: ServerStatus): Refused {
  // A policy's cause repeats its message, without the name of the policy.
  if (causes.length === 0 || DENIED.test(message)) return { type: 'refused', faults: [{ text: message, path: [] }] }
  return {
    type: 'refused',
    faults: causes.map((cause) => ({ text: atField(cause.field, cause.message), path: fieldPath(cause.field) })),
  }
}

/** A namespace that is not there; else the object's kind, which a server may lose between two questions. */
function notFound({ kind, name, message }: ServerStatus): Unanswered {
  if (kind === 'namespaces') return { type: 'gap', code: 'no-namespace', text: name }
  return { type: 'gap', code: 'no-kind', text: message }
}
