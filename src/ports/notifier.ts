import type { News } from '../core/notify/news.ts'

/** A notification. It is sent once to each destination that wants it. */
export interface Notification {
  /** Stays the same when the same notification is sent again. */
  readonly id: string
  /** `owner/name`. */
  readonly repository: string
  readonly news: News
  /** For people, without markup. */
  readonly text: string
  /** When Perch learned about it, epoch milliseconds. */
  readonly at: number
}

/** Notifies people and programs outside of GitHub. The operator names the destinations, and a repository chooses among them. */
export interface Notifier {
  destinations(): readonly string[]
  /**
   * `refused`: the destination does not accept the notification, and will not accept it later. Throws if a later try may succeed.
   */
  send(destination: string, notification: Notification): Promise<'sent' | 'refused' | 'unknown-destination'>
}
