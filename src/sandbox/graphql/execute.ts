/** Answers a GraphQL request: check everything against the schema, then resolve. Problems are told with HTTP status 200. */
import { GraphqlSyntaxError, parseDocument, type Field, type Operation, type Value } from './parse.ts'
import { MUTATION, QUERY } from './schema.ts'
import { FieldFailure, type FieldType, type ObjectType, type Scope } from './types.ts'

export interface GraphqlRequest {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
  readonly operationName: string | undefined
}

export interface GraphqlAnswer {
  readonly body: { data?: unknown; errors?: unknown[] }
  /** Asked for something that the sandbox does not have. */
  readonly isUnhandled: boolean
}

/** The top-level fields of a request, for the log and for faults. */
export function operationsIn(query: string): string[] {
  try {
    return parseDocument(query).flatMap(({ selections }) => selections.map(({ name }) => name))
  } catch {
    return []
  }
}

export function execute(request: GraphqlRequest, scope: Scope): GraphqlAnswer {
  try {
    const operation = chosen(parseDocument(request.query), request.operationName)
    const root = (operation.kind === 'query' ? QUERY : MUTATION) as ObjectType<unknown>
    const problems = [...check(operation.selections, root, [operation.kind]), ...missing(operation, request.variables)]
    if (problems.length > 0) return { body: { errors: problems }, isUnhandled: problems.some(isUndefinedField) }
    const errors: unknown[] = []
    const variables = withFallbacks(operation, request.variables)
    const data = resolve({ source: undefined, type: root, path: [] }, operation.selections, {
      scope,
      variables,
      errors,
    })
    return { body: errors.length > 0 ? { data, errors } : { data }, isUnhandled: false }
  } catch (error) {
    if (!(error instanceof GraphqlSyntaxError)) throw error
    return { body: { errors: [{ message: error.message }] }, isUnhandled: true }
  }
}

function chosen(operations: readonly Operation[], name: string | undefined): Operation {
  const found = name === undefined ? operations[0] : operations.find((one) => one.name === name)
  if (found === undefined || (name === undefined && operations.length > 1)) {
    throw new GraphqlSyntaxError('An operation name is required')
  }
  return found
}

interface Problem {
  readonly path: readonly string[]
  readonly extensions: { readonly code: string }
  readonly locations?: readonly { readonly line: number; readonly column: number }[]
  readonly message: string
}

function isUndefinedField(problem: Problem): boolean {
  return problem.extensions.code === 'undefinedField'
}

function problem(at: { field: Field; path: readonly string[] }, code: string, message: string): Problem {
  const { line, column } = at.field
  return {
    path: [...at.path, at.field.name],
    extensions: { code },
    locations: [{ line, column }],
    message,
  }
}

function check(fields: readonly Field[], type: ObjectType<unknown>, path: readonly string[]): Problem[] {
  return fields.flatMap((field) => {
    if (field.name === '__typename') return []
    const at = { field, path }
    const known = Object.hasOwn(type.fields, field.name) ? type.fields[field.name] : undefined
    if (known === undefined) {
      return [problem(at, 'undefinedField', `Field '${field.name}' doesn't exist on type '${type.name}'`)]
    }
    return [...checkArgs(known, at), ...checkSelections(known, at)]
  })
}

function checkArgs(known: FieldType<unknown>, at: { field: Field; path: readonly string[] }): Problem[] {
  const { name, args } = at.field
  const allowed = known.args ?? {}
  const unknown = [...args.keys()].filter((arg) => !Object.hasOwn(allowed, arg))
  const absent = Object.entries(allowed).filter(([arg, isRequired]) => isRequired && !args.has(arg))
  return [
    ...unknown.map((arg) => problem(at, 'argumentNotAccepted', `Field '${name}' doesn't accept argument '${arg}'`)),
    ...absent.map(([arg]) =>
      problem(at, 'missingRequiredArguments', `Field '${name}' is missing required arguments: ${arg}`),
    ),
  ]
}

function checkSelections(known: FieldType<unknown>, at: { field: Field; path: readonly string[] }): Problem[] {
  const { name, selections } = at.field
  const type = known.type as ObjectType<unknown> | undefined
  if (type === undefined) {
    return selections.length === 0
      ? []
      : [problem(at, 'selectionMismatch', `Selections can't be made on scalars (field '${name}' returns a scalar)`)]
  }
  if (selections.length > 0) return check(selections, type, [...at.path, name])
  return [
    problem(
      at,
      'selectionMismatch',
      `Field must have selections (field '${name}' returns ${type.name} but has no selections. Did you mean '${name} { ... }'?)`,
    ),
  ]
}

/** Required variables that were not sent. */
function missing(operation: Operation, sent: Readonly<Record<string, unknown>>): Problem[] {
  const absent = operation.variables.filter(
    ({ name, type, fallback }) => type.endsWith('!') && fallback === undefined && (sent[name] ?? null) === null,
  )
  return absent.map(({ name, type }) => ({
    path: [operation.kind],
    extensions: { code: 'missingVariable' },
    message: `Variable $${name} of type ${type} was provided invalid value`,
  }))
}

function withFallbacks(operation: Operation, sent: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const values = operation.variables.map(({ name, fallback }) => {
    return [name, Object.hasOwn(sent, name) ? sent[name] : fallback && plain(fallback, {})]
  })
  return Object.fromEntries(values) as Record<string, unknown>
}

function plain(value: Value, variables: Readonly<Record<string, unknown>>): unknown {
  switch (value.kind) {
    case 'variable':
      return variables[value.name]
    case 'list':
      return value.items.map((item) => plain(item, variables))
    case 'object':
      return Object.fromEntries([...value.fields].map(([name, one]) => [name, plain(one, variables)]))
    case 'plain':
      return value.value
  }
}

interface Run {
  readonly scope: Scope
  readonly variables: Readonly<Record<string, unknown>>
  readonly errors: unknown[]
}

interface Place {
  readonly source: unknown
  readonly type: ObjectType<unknown>
  readonly path: readonly string[]
}

function resolve(place: Place, fields: readonly Field[], run: Run): Record<string, unknown> {
  return Object.fromEntries(fields.map((field) => [field.alias, resolveField(place, field, run)]))
}

function resolveField(place: Place, field: Field, run: Run): unknown {
  if (field.name === '__typename') return place.type.name
  const known = place.type.fields[field.name]
  const path = [...place.path, field.alias]
  const args = Object.fromEntries([...field.args].map(([name, value]) => [name, plain(value, run.variables)]))
  try {
    const value = known?.resolve(place.source, args, run.scope)
    if (known?.type === undefined || value === null || value === undefined) return value ?? null
    return resolve({ source: value, type: known.type as ObjectType<unknown>, path }, field.selections, run)
  } catch (error) {
    if (!(error instanceof FieldFailure)) throw error
    const { line, column } = field
    run.errors.push({ type: error.type, path, locations: [{ line, column }], message: error.message })
    return null
  }
}
