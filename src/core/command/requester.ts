/** Who gave a command, and how. */
export interface Requester {
  readonly login: string
  /** The comment or the pressed button. The same one has an effect only once. */
  readonly cause: string
  /** When the command was written, epoch milliseconds. `2h` counts from then. */
  readonly at: number
}
