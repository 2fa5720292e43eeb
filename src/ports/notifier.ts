import type { News } from '../core/notify/news.ts'

/** What is sent, once for each destination that wants it. */
export interface Notification {
  /** The same whenever the same news is sent again. */
  readonly id: string
  /** `owner/name`. */
  readonly repository: string
  readonly news: News
  /** For people, without markup. */
  readonly text: string
  /** When it came to be known, epoch milliseconds. */
  readonly at: number
}

/** Tells people and programs outside of GitHub. The operator names the destinations; a repository can choose among them. */
export interface Notifier {
  destinations(): readonly string[]
  /**
   * `refused`: the destination does not take it, now and later. Throws where it may take it later.
   */
  send(destination: string, notification: Notification): Promise<'sent' | 'refused' | 'unknown-destination'>
}
