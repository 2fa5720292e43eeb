import { askIn } from '../../flows/tasks/ask.ts'
import { isAtRest, isPulseTime, needsSweep } from '../../flows/calm.ts'
import type { TaskOf } from '../../flows/tasks/tasks.ts'
import type { ListedPlace } from '../github/repositories.ts'
import { recoverWebhooks } from '../edge/missed-webhooks.ts'
import type { WorkerParts } from './worker-parts.ts'

/** Requests a sweep of each repository in which something may have happened. */
export async function sweepAll(parts: WorkerParts, { why }: TaskOf<'sweep-all'>): Promise<void> {
  const active = await recoverWebhooks(parts)
  const places = await parts.everyRepository()
  const pulses = isPulseTime(why) ? await parts.pulses(await placesAtRest(parts, places)) : undefined
  for (const place of places) {
    if (!(await needsSweep(parts, place.repo, { pulses, active }))) continue
    await askIn(place, parts.jobs).sweep(why, pulses?.get(place.repo.id))
  }
}

async function placesAtRest({ memo }: WorkerParts, places: readonly ListedPlace[]): Promise<readonly ListedPlace[]> {
  const found: ListedPlace[] = []
  for (const place of places) if (await isAtRest({ memo, repo: place.repo })) found.push(place)
  return found
}
