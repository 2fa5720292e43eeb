import { setTimeout as sleep } from 'node:timers/promises'
import { startServed } from '../stories/process.ts'
import { FAULTS, matching, type Target, targetsIn } from './faults.ts'
import { differences, ending, type Ending } from './outcome.ts'
import type { Play } from './plays.ts'
import type { Storm } from './storms.ts'

export interface Injection {
  readonly fault: string
  readonly target: Target
}

export interface Verdict {
  /** How the end differs from the undisturbed one, or what never happened. Empty if it converged. */
  readonly differs: readonly string[]
  /** The faults whose request never came. */
  readonly missed: readonly Injection[]
  readonly seconds: number
  /** The last log lines of the service, if the end differs. */
  readonly said: readonly string[]
}

export interface Undisturbed {
  readonly end: Ending
  readonly targets: readonly Target[]
}

/** The maximum time from the play to its end, because retries have growing pauses. */
const SETTLE_MS = 90_000

export async function playUndisturbed(play: Play): Promise<Undisturbed> {
  const service = await startServed({ files: play.files })
  try {
    await play.perform(service)
    const targets = targetsIn(service.box.requests.records)
    await service.box.idle()
    await sleep(3000)
    return { end: ending(service.box), targets }
  } finally {
    await service.close()
  }
}

/** Plays again with faults, each at its request, and compares the ends. */
export async function trial(
  play: Play,
  undisturbed: Undisturbed,
  disturbance: { readonly injections?: readonly Injection[]; readonly storm?: Storm },
): Promise<Verdict> {
  const started = performance.now()
  const { injections = [], storm } = disturbance
  const service = await startServed({ files: play.files, ...storm?.service })
  const armed = injections.map(({ fault, target }) => {
    const strike = FAULTS[fault]?.(service)
    if (strike === undefined) throw new Error(`There is no fault "${fault}"`)
    return service.box.faults.add({ match: matching(target), skip: target.nth - 1, ...strike })
  })
  const calm = storm?.begin(service)
  const differs: string[] = []
  try {
    await play.perform(service)
    await calm?.()
    differs.push(...(await settled(service.box, undisturbed.end)))
  } catch (error) {
    differs.push(error instanceof Error ? error.message : String(error))
  } finally {
    await calm?.()
    await service.close()
  }
  return {
    differs,
    missed: injections.filter((_, index) => armed[index]?.struck() === 0),
    seconds: (performance.now() - started) / 1000,
    said: differs.length === 0 ? [] : service.said.slice(-150),
  }
}

/** Waits for the same end, and checks that it stays: a second pull request or answer may come late. */
async function settled(box: Parameters<typeof ending>[0], wanted: Ending): Promise<string[]> {
  const until = Date.now() + SETTLE_MS
  const look = (): string[] => differences(ending(box), wanted)
  while (look().length > 0 && Date.now() < until) await sleep(500)
  await box.idle()
  await sleep(2500)
  return look()
}
