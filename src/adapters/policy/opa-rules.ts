/** Finds the rules of policies that judge, builds the query that asks them about every object, and interprets the answers. */
import { isRecord } from '../../core/manifest/data.ts'
import { pointerPath } from '../../core/manifest/json-pointer.ts'
import { OWN_DATA } from '../../core/policy/policy.ts'
import type { ObjectRemark } from '../../core/policy/remark.ts'

interface Rule {
  /** The package's path and the rule's own name: `['main', 'deny_run_as_root']`. */
  readonly path: readonly string[]
  readonly level: ObjectRemark['level']
}

export interface Rules {
  readonly judging: readonly Rule[]
  /** Packages with a rule `exception`, which exempts rules by name (as in conftest). */
  readonly excepting: readonly (readonly string[])[]
}

/** The same names as in conftest. */
const DENYING = /^(?:deny|violation)(?:_[A-Za-z0-9]+)*$/
const WARNING = /^warn(?:_[A-Za-z0-9]+)*$/

/**
 * Selects the rules that judge. `packages` have the form of `opa inspect` (`data.main`). `documents` have the form of `opa deps`:
 * the path of a package and its rule. A rule may have a path of its own, of which the first step counts.
 */
export function rulesIn(
  packages: readonly string[],
  documents: readonly (readonly string[])[],
  wanted: readonly string[] | undefined,
): Rules {
  const known = new Set(packages)
  const found = new Map<string, readonly string[]>()
  for (const [, ...path] of documents) {
    const depth = path.findLastIndex((_, index) => index > 0 && known.has(reference(path.slice(0, index))))
    if (depth > 0) found.set(JSON.stringify(path.slice(0, depth + 1)), path.slice(0, depth + 1))
  }
  const rules = [...found.values()].filter(
    (path) => wanted === undefined || wanted.includes(path.slice(0, -1).join('.')),
  )
  const judging = rules.flatMap((path): Rule[] => {
    const name = path.at(-1) ?? ''
    if (DENYING.test(name)) return [{ path, level: 'error' }]
    return WARNING.test(name) ? [{ path, level: 'warning' }] : []
  })
  const excepting = rules.filter((path) => path.at(-1) === 'exception').map((path) => path.slice(0, -1))
  return { judging, excepting }
}

/** The path in OPA's notation: `data.main`, `data.k8s["no-root"]`. */
function reference(path: readonly string[]): string {
  return `data${path.map((step) => (/^[A-Za-z_]\w*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`)).join('')}`
}

/** One query that asks every rule about every object. Each of its variables stands for a rule or a package, by number. */
export function queryOf({ judging, excepting }: Rules): string {
  const about = (name: string, path: readonly string[], deeper: string): string =>
    `${name} := [[i, value] | object := data.${OWN_DATA}.objects[i]; value := ${absolute(path)}${deeper} with input as object]`
  return [
    // The objects that OPA saw. A policy must not be able to hide some of them.
    `seen := [[i, true] | data.${OWN_DATA}.objects[i]]`,
    ...judging.map(({ path }, index) => about(`rule_${index}`, path, '')),
    ...excepting.map((path, index) => about(`except_${index}`, [...path, 'exception'], '[_][_]')),
  ].join('\n')
}

function absolute(path: readonly string[]): string {
  return `data${path.map((step) => `[${JSON.stringify(step)}]`).join('')}`
}

type Bindings = Readonly<Record<string, readonly (readonly [number, unknown])[]>>

/** The answers as remarks; undefined if the answer of a rule is missing, or if OPA did not see all objects. */
export function remarksIn(
  { judging, excepting }: Rules,
  bindings: Bindings,
  count: number,
): readonly ObjectRemark[] | undefined {
  if (bindings['seen']?.length !== count) return undefined
  const excepted = new Set(
    excepting.flatMap((path, index) =>
      (bindings[`except_${index}`] ?? []).map(([object, name]) => JSON.stringify([object, path, name])),
    ),
  )
  const remarks: ObjectRemark[] = []
  for (const [index, { path, level }] of judging.entries()) {
    const answers = bindings[`rule_${index}`]
    if (answers === undefined) return undefined
    const name = path.at(-1) ?? ''
    const short = name.replace(/^(?:deny|violation)_/, '')
    for (const [object, value] of answers) {
      if (excepted.has(JSON.stringify([object, path.slice(0, -1), short]))) continue
      for (const said of saidBy(value)) remarks.push({ level, rule: path.join('.'), object, ...said })
    }
  }
  return remarks
}

type RuleMessage = Pick<ObjectRemark, 'text' | 'path'>

/**
 * The remarks in a rule's value. The usual value is a set of messages. Every other value that is not clearly empty also counts
 * against the object: `deny = true`, and `deny[msg] if …`, which since OPA 1.0 is a map from messages to true.
 */
function saidBy(value: unknown): readonly RuleMessage[] {
  if (value === false || value === null) return []
  if (Array.isArray(value)) return value.filter((item) => item !== false).map(message)
  if (!isRecord(value) || typeof value['msg'] === 'string') return [message(value)]
  return Object.entries(value).flatMap(([key, inner]) => {
    // `deny.images contains …`: a set under a name.
    if (Array.isArray(inner)) return saidBy(inner)
    return inner === false || inner === null ? [] : [{ text: key, path: [] }]
  })
}

function message(item: unknown): RuleMessage {
  if (typeof item === 'string') return { text: item, path: [] }
  if (!isRecord(item)) return { text: item === true ? '' : JSON.stringify(item), path: [] }
  const { msg, metadata, path } = item
  const place = path ?? (isRecord(metadata) ? metadata['path'] : undefined)
  return { text: typeof msg === 'string' ? msg : JSON.stringify(item), path: pathFrom(place) }
}

/** The location in the object, if the policy gives one: a list of keys, or a JSON pointer. */
function pathFrom(place: unknown): ObjectRemark['path'] {
  if (Array.isArray(place)) return place.filter((step) => typeof step === 'string' || typeof step === 'number')
  return typeof place === 'string' && place.startsWith('/') ? pointerPath(place) : []
}
