import { afterFailure, type ClaimedJob, type JobHandler, type WorkOptions, retryMoment } from '../../ports/jobs.ts'
import type { Timer } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { type Claim, reasonOf, type Store } from './store.ts'

/** A moment in the past (from another machine's clock) must not make a job run in a tight loop. */
const SOON_MS = 1_000

export interface Setup<C extends Claim> {
  readonly store: Store<C>
  readonly log: Log
  readonly clock: Timer
  readonly handler: JobHandler
  readonly options: WorkOptions
  readonly retryLimit: number
  readonly heartbeatSeconds: number
}

/** Never rejects. If the end of a job cannot be written, the job stays active until its heartbeat lapses, and then runs again. */
export async function run<C extends Claim>(setup: Setup<C>, claim: C): Promise<void> {
  const started = performance.now()
  try {
    const outcome = await outcomeOf(setup, claim)
    setup.options.onEnd?.(claim.job, outcome.end, performance.now() - started)
    await settle(setup.store, claim, outcome)
  } catch (error) {
    setup.log.error(
      { key: claim.job.key, reason: reasonOf(error) },
      'The end of a job could not be written; it will run again.',
    )
  }
}

type Outcome =
  | { readonly end: 'done' }
  | { readonly end: 'later'; readonly at: number }
  | { readonly end: 'retry' | 'given-up'; readonly reason: string }

async function outcomeOf<C extends Claim>(setup: Setup<C>, claim: C): Promise<Outcome> {
  const { job, keptUntil, patienceMs } = claim
  const isDeadly = hasKilled(claim, setup.retryLimit)
  let failure: unknown
  try {
    if (isDeadly) throw new Error('The process ended each time that this job ran.')
    await setup.handler(job)
    return { end: 'done' }
  } catch (error) {
    failure = error
  }
  const facts = { key: job.key, id: job.id, attempt: job.attempt, reason: reasonOf(failure) }
  const at = retryMoment(failure)
  if (at !== undefined && at < keptUntil) {
    setup.log.info({ ...facts, at: new Date(at).toISOString() }, 'A job waits.')
    return { end: 'later', at: Math.max(at, setup.clock.now() + SOON_MS) }
  }
  const age = { attempt: job.attempt, ageMs: setup.clock.now() - claim.sentAt, patienceMs }
  const next = isDeadly ? 'give-up' : afterFailure(age, setup.retryLimit)
  if (next !== 'give-up') {
    setup.log.warn(facts, 'A job failed and will be tried again.')
    if (next === 'retry-and-tell') await tellExhausted(setup, { job, isFinal: false }, failure)
    return { end: 'retry', reason: facts.reason }
  }
  setup.log.error(facts, 'A job failed for the last time and was given up.')
  await tellExhausted(setup, { job, isFinal: true }, failure)
  return { end: 'given-up', reason: facts.reason }
}

/** A job without patience that was claimed more often than it may be tried has killed its process on the last try. */
function hasKilled({ job, deaths, patienceMs }: Claim, retryLimit: number): boolean {
  return deaths > retryLimit || (patienceMs === undefined && job.attempt > retryLimit)
}

async function tellExhausted(
  setup: Pick<Setup<Claim>, 'options' | 'log'>,
  { job, isFinal }: { readonly job: ClaimedJob; readonly isFinal: boolean },
  failure: unknown,
): Promise<void> {
  try {
    await setup.options.onExhausted?.(job, failure, isFinal)
  } catch (error) {
    const facts = { key: job.key, id: job.id, reason: reasonOf(error) }
    setup.log.error(facts, 'What follows a job that was given up failed too.')
  }
}

async function settle<C extends Claim>(store: Store<C>, claim: C, outcome: Outcome): Promise<void> {
  switch (outcome.end) {
    case 'done':
      await store.complete(claim)
      return
    case 'later':
      await store.putBack(claim, outcome.at)
      return
    case 'retry':
      await store.retry(claim, outcome.reason)
      return
    case 'given-up':
      await store.giveUp(claim, outcome.reason)
  }
}
