/** The remarks of other programs about rendered objects and files. */
import type { Path } from '../manifest/data.ts'
import { type ObjectIdentity, identityKey } from '../manifest/identity.ts'

/** The checkers besides the renderer: programs, and an API server with dry runs. */
export const TOOLS = ['opa', 'yamllint', 'kubeconform', 'kubectl-validate', 'istioctl', 'dry-run'] as const
export type ToolName = (typeof TOOLS)[number]

export interface Remark {
  /** An `error` is a problem if the change introduces it. A `warning` is only for information. */
  readonly level: 'error' | 'warning'
  /** The program's name for the rule: `main.deny`, `IST0130`, `indentation`; '' if it has no names. */
  readonly rule: string
  /** The message of the program or the policy. Other people's text. */
  readonly text: string
  /** Only a cluster could confirm it. */
  readonly needsCluster?: boolean
}

export interface ObjectRemark extends Remark {
  /** The index of the object in the given list, from 0; -1 if the remark is about none of them. */
  readonly object: number
  /** The place in the object, as precisely as the program names it. */
  readonly path: Path
}

export interface LineRemark extends Remark {
  readonly file: string
  /** 1-based. */
  readonly line: number
}

/** A mistake in a program's rules: a policy that does not compile, or a configuration that cannot be read. */
export interface Fault {
  /** The path in the repository. Undefined if the program does not name it. */
  readonly file: string | undefined
  /** 1-based. */
  readonly line: number
  readonly code: FaultCode
  /** The message of the program. Empty if the code says everything. */
  readonly text: string
}

export type FaultCode =
  | 'link'
  | 'no-modules'
  | 'no-rules'
  | 'no-schemas'
  | 'no-crds'
  | 'no-version'
  | 'too-many'
  | 'too-long'
  | 'not-text'
  | 'not-json'
  | 'not-a-mapping'
  | 'twice'
  | 'reserved'
  | 'reaches-out'
  | 'not-in-base'
  | 'said'
  | KubeconfigFault

/** Why Perch does not sign in to an API server with a kubeconfig. */
export type KubeconfigFault =
  | 'no-kubeconfig'
  | 'not-a-kubeconfig'
  /** It starts a program to sign in. */
  | 'runs-program'
  /** It does not verify the identity of the server. */
  | 'not-verified'
  /** It has a proxy, impersonates a user, or has a user name with a password. */
  | 'not-supported'

/** Why a program gave no answer. */
export interface ToolFailure {
  readonly code: 'missing' | 'busy' | 'timed-out' | 'too-large' | 'failed' | ServerFailure
  readonly detail: string
}

/** Why no question was sent to an API server. `fork`: a stranger may have written the pull request. */
type ServerFailure = 'unreachable' | 'unauthorized' | 'too-many' | 'fork'

export type Failure = ToolFailure | { readonly code: 'not-valid'; readonly faults: readonly Fault[] }

export type ToolResult<T> =
  | { readonly ok: true; readonly remarks: readonly T[] }
  | { readonly ok: false; readonly failure: Failure }

/** Remarks before and after a change, sorted. */
export interface SortedRemarks<T> {
  /** The remarks that the change causes. */
  readonly brought: readonly T[]
  /** Remarks that were there before, or that are only for information. */
  readonly notes: readonly T[]
}

type Keys<T> = (remark: T) => string

/** New errors belong to the change. Each is reported as often as there are more of it than before. */
export function sortRemarks<T extends Remark>(
  before: readonly T[],
  after: readonly T[],
  keys: { readonly before: Keys<T>; readonly after: Keys<T> },
): SortedRemarks<T> {
  const left = Map.groupBy(before, keys.before)
  const counts = new Map([...left].map(([key, all]) => [key, all.length]))
  const brought: T[] = []
  const notes: T[] = []
  for (const remark of after) {
    const key = keys.after(remark)
    const count = counts.get(key) ?? 0
    counts.set(key, count - 1)
    if (count > 0 || remark.level === 'warning') notes.push(remark)
    else brought.push(remark)
  }
  return { brought, notes }
}

/** A key that is equal for the same remark on the same object, whatever else the environment contains. */
export function objectKey(objects: readonly ObjectIdentity[]): Keys<ObjectRemark> {
  return ({ level, rule, text, object }) => {
    const identity = objects[object]
    return JSON.stringify([level, rule, text, identity === undefined ? '' : identityKey(identity)])
  }
}

/** A key that is equal for the same remark on a line with the same text, wherever that line is in its file. */
export function lineKey(texts: ReadonlyMap<string, string>): Keys<LineRemark> {
  const lines = new Map([...texts].map(([file, text]) => [file, text.split('\n')]))
  return ({ level, rule, text, file, line }) => JSON.stringify([level, rule, text, file, lines.get(file)?.[line - 1]])
}
