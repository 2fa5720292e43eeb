/** What is wrong with a pull request, or worth knowing of it, for people. */
export interface ProblemWords {
  /** One sentence that says what is wrong. */
  readonly what: string
  /** One sentence that says what to do. */
  readonly next: string
}
