import { createHash } from 'node:crypto'
import { newsText } from '../../core/message/notify/news.ts'
import { fetchHead } from '../repository/history.ts'
import { loadConfig } from '../repository/load.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { TaskOf } from '../tasks/tasks.ts'

/** Requests a notification for each destination that the config of the base branch names for this news. */
export async function notify(context: RepositoryContext, task: TaskOf<'notify'>): Promise<void> {
  const { base, news, at, why } = task
  const sha = await fetchHead(context, base)
  const config = sha === undefined ? undefined : await loadConfig(context, sha)
  // Pull requests report an invalid config.
  if (config?.ok !== true) return
  const wanted = config.value.notify.filter(({ on }) => on.includes(news.event)).map(({ to }) => to)
  for (const to of new Set(wanted)) await context.ask.deliver({ to, news, at }, { ...why, to })
}

/** Sends a notification to one destination. If the destination does not answer, it is retried, and delays nothing else. */
export async function deliver(context: RepositoryContext, { to, news, at, why }: TaskOf<'deliver'>): Promise<void> {
  const { owner, name, id } = context.repo
  const repository = `${owner}/${name}`
  const mark = createHash('sha256').update(`${id} ${why.key}`).digest('hex').slice(0, 32)
  const result = await context.notifier.send(to, { id: mark, repository, news, text: newsText(news), at })
  context.meter.record('perch_notifications_total', { event: news.event, result })
  if (result === 'unknown-destination')
    context.log.warn(
      { repo: repository, destination: to },
      'the config names a destination that is not configured here',
    )
}
