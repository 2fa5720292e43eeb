/** What a GraphQL answer with errors means. */

/** The server's schema lacks a field, as that of an older one does. GitHub names it in `extensions`, graphql-js in the message. */
export function isUnknownField(error: Error): boolean {
  return errorsOf(error).some((each) =>
    /undefinedField|doesn't exist on type|Cannot query field/.test(JSON.stringify(each)),
  )
}

/** A permission is missing. */
export function isForbidden(error: Error): boolean {
  return errorsOf(error).some(
    (each) => typeof each === 'object' && each !== null && Reflect.get(each, 'type') === 'FORBIDDEN',
  )
}

function errorsOf(error: Error): readonly unknown[] {
  const errors: unknown = Reflect.get(error, 'errors')
  return Array.isArray(errors) ? errors : []
}
