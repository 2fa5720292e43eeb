/** The remarks of other programs about rendered objects and files. */
import type { Path } from '../manifest/data.ts'
import { type ObjectIdentity, identityKey } from '../manifest/identity.ts'

/** The checkers besides the renderer: programs, and an API server with dry runs. */
export const TOOLS = ['opa', 'yamllint', 'kubeconform', 'kubectl-validate', 'istioctl', 'dry-run'] as const
export type ToolName = (typeof TOOLS)[number]

export interface Remark {
  /** An `error` is a problem if the change introduces it. A `warning` is only for information. */
  readonly level: 'error' | 'warning'
  /** What says so, in the program's words: `main.deny`, `IST0130`, `indentation`; '' where it has no names. */
  readonly rule: string
  /** In the program's or the policy's words: text of others. */
  readonly text: string
  /** Only a cluster could confirm it. */
  readonly needsCluster?: boolean
}

export interface ObjectRemark extends Remark {
  /** Which of the objects that were given, from 0; -1 where the program means none of them. */
  readonly object: number
  /** Where in the object, as far as it is told. */
  readonly path: Path
}

export interface LineRemark extends Remark {
  readonly file: string
  /** 1-based. */
  readonly line: number
}

/** A fault in the rules that a program checks by: a policy that does not compile, or a configuration that cannot be read. */
export interface Fault {
  /** In the repository; undefined where the program does not say. */
  readonly file: string | undefined
  /** 1-based. */
  readonly line: number
  readonly code: FaultCode
  /** In the program's words; empty where the code says it all. */
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
  /** It names a program to sign in with. */
  | 'runs-program'
  /** Nobody could tell whether the server is the one that is meant. */
  | 'not-verified'
  /** A proxy, another user's name, a user name with a password. */
  | 'not-supported'

/** Why a program gave no answer. */
export interface ToolFailure {
  readonly code: 'missing' | 'busy' | 'timed-out' | 'too-large' | 'failed' | ServerFailure
  readonly detail: string
}

/** Why an API server was asked about nothing. `fork`: a stranger may have written it. */
type ServerFailure = 'unreachable' | 'unauthorized' | 'too-many' | 'fork'

export type Failure = ToolFailure | { readonly code: 'not-valid'; readonly faults: readonly Fault[] }

export type ToolResult<T> =
  | { readonly ok: true; readonly remarks: readonly T[] }
  | { readonly ok: false; readonly failure: Failure }

/** What follows from remarks before and after a change. */
export interface SortedRemarks<T> {
  /** What the change brings. */
  readonly brought: readonly T[]
  /** What was said before, or is only worth knowing. */
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

/** The same for the same remark on the same object, whatever else the environment holds. */
export function objectKey(objects: readonly ObjectIdentity[]): Keys<ObjectRemark> {
  return ({ level, rule, text, object }) => {
    const identity = objects[object]
    return JSON.stringify([level, rule, text, identity === undefined ? '' : identityKey(identity)])
  }
}

/** The same for the same remark on a line that says the same, wherever it has moved to in its file. */
export function lineKey(texts: ReadonlyMap<string, string>): Keys<LineRemark> {
  const lines = new Map([...texts].map(([file, text]) => [file, text.split('\n')]))
  return ({ level, rule, text, file, line }) => JSON.stringify([level, rule, text, file, lines.get(file)?.[line - 1]])
}
