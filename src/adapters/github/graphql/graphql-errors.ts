/** Tells what the errors in a GraphQL answer mean. */

/** GitHub refused a GraphQL request. It answers such a request with status 200, and says why in `errors`. */
export function isGraphqlRefusal(error: unknown): error is Error {
  return error instanceof Error && error.name === 'GraphqlResponseError'
}

/** The server's schema lacks a field, because the server is older. GitHub says so in `extensions`, graphql-js in the message. */
export function isUnknownField(error: Error): boolean {
  return errorsOf(error).some((each) =>
    /undefinedField|doesn't exist on type|Cannot query field/.test(JSON.stringify(each)),
  )
}

/** The App lacks a permission. */
export function isForbidden(error: Error): boolean {
  return errorsOf(error).some(
    (each) => typeof each === 'object' && each !== null && Reflect.get(each, 'type') === 'FORBIDDEN',
  )
}

function errorsOf(error: Error): readonly unknown[] {
  const errors: unknown = Reflect.get(error, 'errors')
  return Array.isArray(errors) ? errors : []
}
