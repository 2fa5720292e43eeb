/** Refusals, in the formats of GitHub's answers. */

export interface FieldError {
  readonly resource: string
  readonly code: 'missing_field' | 'invalid' | 'already_exists' | 'custom' | 'unprocessable'
  readonly field?: string
  readonly message?: string
  readonly value?: unknown
}

export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly errors: readonly FieldError[] | undefined

  constructor(status: number, message: string, errors?: readonly FieldError[]) {
    super(message)
    this.status = status
    this.errors = errors
  }
}

export function notFound(): Refusal {
  return new Refusal(404, 'Not Found')
}

/**
 * The same answer as for a token without the needed permission:
 * https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api
 */
export function notByIntegration(): Refusal {
  return new Refusal(403, 'Resource not accessible by integration')
}

export function readOnly(): Refusal {
  return new Refusal(403, 'Repository was archived so is read-only.')
}

export function badCredentials(): Refusal {
  return new Refusal(401, 'Bad credentials')
}

/** The semantic kind of 422: the request is well-formed, but impossible. */
export function validationFailed(...errors: FieldError[]): Refusal {
  return new Refusal(422, 'Validation Failed', errors)
}

/** The syntactic kind of 422: the body does not match the endpoint's JSON schema. */
export function invalidRequest(problems: readonly string[]): Refusal {
  return new Refusal(422, `Invalid request.\n\n${problems.join('\n')}`)
}

export function custom(resource: string, message: string): Refusal {
  return validationFailed({ resource, code: 'custom', message })
}
