/** The objects to which a patch applies. Each field is a pattern for the whole value, as in kustomize's `target`. */
export interface Selector {
  readonly group: string | undefined
  readonly version: string | undefined
  readonly kind: string | undefined
  readonly namespace: string | undefined
  readonly name: string | undefined
  /** It also selects by labels or annotations, which other parts of a kustomization may set. */
  readonly hasLabels: boolean
}

/** The names of an object at a point of a kustomize build. */
export interface BuildIdentity {
  readonly group: string
  readonly version: string
  readonly kind: string
  /** The original name first, then the later ones. */
  readonly names: readonly string[]
  readonly namespaces: readonly string[]
}

/** Whether a selector selects an object. `unclear` if only kustomize can tell. */
export function selectsObject(selector: Selector, identity: BuildIdentity): boolean | 'unclear' {
  const answers = [
    matches(selector.group, [identity.group]),
    matches(selector.version, [identity.version]),
    matches(selector.kind, [identity.kind]),
    matches(selector.namespace, identity.namespaces),
    matches(selector.name, identity.names),
    selector.hasLabels ? ('unclear' as const) : true,
  ]
  if (answers.includes(false)) return false
  return answers.includes('unclear') ? 'unclear' : true
}

/** Literals, `.*`, `|` and groups without repetition. Go and JavaScript interpret these in the same way, and no text makes them slow. */
const CLEAR = /^\^?(?:[\w./-]|\\\.|\.[*+]|[|()])*\$?$/
const MAX_REPEATS = 3

function matches(pattern: string | undefined, names: readonly string[]): boolean | 'unclear' {
  if (pattern === undefined || names.includes(pattern)) return true
  const repeats = (pattern.match(/[*+]/g) ?? []).length
  if (!CLEAR.test(pattern) || /\)[*+?{]/.test(pattern) || repeats > MAX_REPEATS) return 'unclear'
  try {
    const whole = new RegExp(`^(?:${pattern})$`)
    return names.some((name) => whole.test(name))
  } catch {
    return 'unclear'
  }
}
