/** Notifications for people and programs outside GitHub. */
import type { News } from '../../core/notify/news.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

type Needs = Pick<RepositoryContext, 'notifier' | 'ask' | 'clock'>

/**
 * `about`: what distinguishes the occasion from the next one of its kind, such as a commit. `base`: the branch whose config names
 * the destinations.
 */
export interface Occasion {
  readonly base: string
  readonly about: string
}

/** Notifies once per occasion. Costs nothing if the operator has configured no destination. */
export async function tell({ notifier, ask, clock }: Needs, { base, about }: Occasion, news: News): Promise<void> {
  if (notifier.destinations().length === 0) return
  const { event, environment, service = '' } = news
  const key = [event, base, environment, service, about].join(' ')
  await ask.notify({ base, news, at: clock.now() }, { code: 'news', key })
}
