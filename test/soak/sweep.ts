import type { Target } from './faults.ts'
import type { Play } from './plays.ts'
import type { Report } from './report.ts'
import { type Injection, trial, type Undisturbed } from './trial.ts'

export interface Plan {
  readonly play: string
  readonly injection: Injection
}

export interface Stage {
  readonly name: string
  readonly play: Play
  readonly undisturbed: Undisturbed
}

export function pairsOf(targets: readonly Target[], faults: readonly string[]): Injection[] {
  return targets.flatMap((target) => faults.map((fault) => ({ fault, target })))
}

/** Plays all faults together. If the end differs, plays each of them alone to find the cause. */
export async function playBatch(stage: Stage, batch: readonly Injection[], report: Report): Promise<void> {
  const together = await trial(stage.play, stage.undisturbed, { injections: batch })
  if (together.differs.length === 0 || batch.length === 1) {
    for (const injection of batch) {
      const missed = together.missed.filter((one) => one === injection)
      report.injection(stage.name, injection, { ...together, missed })
    }
    return
  }
  console.log(`- together they differ, each alone now: ${together.differs.slice(0, 3).join('; ')}`)
  let found = false
  for (const injection of batch) {
    const alone = await trial(stage.play, stage.undisturbed, { injections: [injection] })
    found ||= alone.differs.length > 0
    report.injection(stage.name, injection, alone)
  }
  if (!found) report.storm(stage.name, `together only: ${batch.map(nameOf).join(' + ')}`, together)
}

function nameOf({ fault, target }: Injection): string {
  return `${fault}, ${target.name}, number ${target.nth}`
}
