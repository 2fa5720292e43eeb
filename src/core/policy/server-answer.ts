/** Interprets the answer of an API server to a dry run, as a verdict on the object or as no verdict. */
import type { Path } from '../manifest/data.ts'
import type { DryRunGapCode } from './dry-run.ts'
import { atField, fieldPath } from './field-path.ts'

/** The parts of Kubernetes' `Status` that Perch uses. */
export interface ServerStatus {
  readonly message: string
  readonly reason: string
  /** The subject of the cause, if it is given. */
  readonly kind: string
  readonly name: string
  readonly causes: readonly { readonly reason: string; readonly message: string; readonly field: string }[]
}

/** The reasons why it refuses the object. */
interface Refused {
  readonly type: 'refused'
  readonly faults: readonly { readonly text: string; readonly path: Path }[]
}

interface Unanswered {
  readonly type: 'gap'
  readonly code: DryRunGapCode
  readonly text: string
}

/** The credentials are refused, whatever the object is. */
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
  // This depends on the current moment, although the code is that of a refusal.
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

/**
 * The messages of an admission webhook that does not declare that it has no side effects, and of a server or resource without dry
 * runs.
 */
const TAKES_NO_DRY_RUN = /^admission webhook "[^"]*" does not support dry run|^the dryRun (?:\w+ )?feature is disabled/

/** The messages of Kubernetes' RBAC and of the other authorizers that it delegates to. Text from the object may follow. */
const NOT_PERMITTED = /^(?:\S+ (?:"[^"]*" )?is )?forbidden: User "(?:[^"\\]|\\.)*" cannot \S+ (?:resource|path) /

/** A webhook or policy may deny with any code. */
const DENIED =
  /^admission webhook "[^"]*" denied the request|ValidatingAdmissionPolicy '[^']*' with binding '[^']*' denied request/

function isDenied({ message }: ServerStatus): boolean {
  return DENIED.test(message)
}

/** The code is that of a server error (500), but the object causes it: it has an unknown field, or a field of the wrong type. */
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

/** A missing namespace, or else a missing kind, which a server may lose between two requests. */
function notFound({ kind, name, message }: ServerStatus): Unanswered {
  if (kind === 'namespaces') return { type: 'gap', code: 'no-namespace', text: name }
  return { type: 'gap', code: 'no-kind', text: message }
}
