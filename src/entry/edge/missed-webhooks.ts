import type { LoggedWebhooks } from '../../adapters/github/deliveries.ts'
import { COMMAND_LIFE_MS } from '../../core/command/pending.ts'
import { askIn } from '../../flows/tasks/ask.ts'
import { rememberPress } from '../../flows/commands/answer-button.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Jobs } from '../../ports/jobs.ts'
import type { Log } from '../../ports/log.ts'
import type { Memo } from '../../ports/memo.ts'
import { onButton } from './perch-app.ts'
import { EVENTS, repositoryOf } from './webhook-events.ts'

/** GitHub may write to its log a little later than it sends. */
const OVERLAP_MS = 2 * 60_000

const KEY = 'buttons-heard'

/** Makes the next sweep read GitHub's log for the whole time that commands live. */
export async function forgetHeardWebhooks(memo: Memo): Promise<void> {
  await memo.set(KEY, null)
}

/**
 * Recovers what was lost with a webhook or with the data folder, and what no sweep finds. Pressed buttons are handled, and other
 * lost webhooks are sent again. Looks back as far as commands live. The id of a button's webhook tells whether it was already
 * handled. Resolves to the repositories with webhooks since the last look; undefined if GitHub does not say.
 */
export async function recoverWebhooks({
  webhooksSince,
  redeliver,
  jobs,
  memo,
  log,
  clock,
}: {
  readonly webhooksSince: (moment: number) => Promise<LoggedWebhooks>
  /** Asks GitHub to send a webhook again that was lost, and whose work no sweep finds. */
  readonly redeliver: (delivery: number) => Promise<void>
  readonly jobs: Jobs
  readonly memo: Memo
  readonly log: Log
  readonly clock: Clock
}): Promise<ReadonlySet<number> | undefined> {
  const started = clock.now()
  const last = await memo.get(KEY)
  const oldest = started - COMMAND_LIFE_MS
  try {
    const since = typeof last === 'number' ? Math.max(last - OVERLAP_MS, oldest) : oldest
    const { presses, repositories, lost } = await webhooksSince(since)
    for (const { id, at, payload } of presses) {
      const { data: event } = EVENTS.check_run.safeParse(payload)
      if (event === undefined) continue
      await rememberPress(memo, { id, at, repo: event.repository.id })
      await onButton(event, { ask: askIn(repositoryOf(event), jobs), delivery: id })
    }
    for (const delivery of lost) await redeliver(delivery)
    if (lost.length > 0) log.info({ count: lost.length }, 'asked GitHub to send lost webhooks again')
    await memo.set(KEY, started)
    return repositories
  } catch (error) {
    // The next sweep looks back as far as this one.
    log.warn({ err: error }, "GitHub's log of webhooks could not be read")
    return undefined
  }
}
