/**
 * Answers a GraphQL request as graphql-js does with GitHub's schema. Errors come with HTTP status 200. Fields that are in the
 * schema but not in the sandbox are marked. Syntax and schema errors have graphql-js's messages, not GitHub's.
 */
import {
  executeSync,
  GraphQLError,
  Kind,
  parse,
  validate,
  type DocumentNode,
  type FieldNode,
  type GraphQLFieldResolver,
} from 'graphql'
import { typeOf } from './nodes.ts'
import { githubSchema } from './schema.ts'
import { FieldFailure, type Scope } from './types.ts'

export interface GraphqlRequest {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
  readonly operationName: string | undefined
}

export interface GraphqlAnswer {
  readonly body: { data?: unknown; errors?: unknown[] }
  /** The request asked for something that the sandbox does not model. */
  readonly isUnhandled: boolean
}

/** GitHub has the field, but the sandbox does not. */
class NotModelled extends Error {
  override readonly name = 'NotModelled'
}

/** The top-level fields of a request, for the log and for faults. */
export function operationsIn(query: string): string[] {
  const document = parsed(query)
  if (document instanceof GraphQLError) return []
  const selections = document.definitions.flatMap((one) =>
    one.kind === Kind.OPERATION_DEFINITION ? one.selectionSet.selections : [],
  )
  return selections.filter((one): one is FieldNode => one.kind === Kind.FIELD).map(({ name }) => name.value)
}

function parsed(query: string): DocumentNode | GraphQLError {
  try {
    return parse(query)
  } catch (error) {
    if (error instanceof GraphQLError) return error
    throw error
  }
}

export function execute(request: GraphqlRequest, scope: Scope): GraphqlAnswer {
  const document = parsed(request.query)
  if (document instanceof GraphQLError) return refused([document])
  const schema = githubSchema()
  const problems = validate(schema, document)
  if (problems.length > 0) return refused(problems)
  const { data, errors = [] } = executeSync({
    schema,
    document,
    variableValues: request.variables,
    operationName: request.operationName,
    contextValue: scope,
    fieldResolver: property,
    typeResolver: (value) => typeOf(value as object),
  })
  const body = {
    ...(data === undefined ? {} : { data }),
    ...(errors.length === 0 ? {} : { errors: errors.map(shown) }),
  }
  return { body, isUnhandled: errors.some(({ originalError }) => originalError instanceof NotModelled) }
}

function refused(problems: readonly GraphQLError[]): GraphqlAnswer {
  return { body: { errors: problems.map(shown) }, isUnhandled: true }
}

/** A field without a resolver is a property of its parent's value. */
const property: GraphQLFieldResolver<unknown, Scope> = (...[source, , , { fieldName, parentType }]) => {
  if (typeof source === 'object' && source !== null && fieldName in source) {
    const value: unknown = Reflect.get(source, fieldName)
    return value
  }
  throw new NotModelled(`The sandbox does not have ${parentType.name}.${fieldName}`)
}

function shown(error: GraphQLError): unknown {
  const { originalError, message, path, locations } = error
  if (originalError instanceof FieldFailure) return { type: originalError.type, path, locations, message }
  // Anything except a refusal is a bug of the sandbox itself. It is thrown, so that no test takes it for GitHub's answer.
  if (originalError !== undefined && originalError !== null && !(originalError instanceof GraphQLError)) {
    if (!(originalError instanceof NotModelled)) throw originalError
  }
  return { ...(path === undefined ? {} : { path }), locations, message }
}
