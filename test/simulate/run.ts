/**
 * `npm run simulate` plays random rollouts for a while and prints the seeds that break a law. `npm run simulate -- --seed 7`
 * plays one seed. If it breaks a law, it prints the shortest play that does.
 */
import { parseArgs } from 'node:util'
import { seedPlan, shrunk } from './explore.ts'
import { play, type Played } from './play.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '60' },
    calm: { type: 'boolean', default: false },
    told: { type: 'boolean', default: false },
  },
})
const hasFaults = !values.calm

if (values.seed === undefined) await explore(Number(values.from), Number(values.seconds))
else await replay(Number(values.seed))

async function replay(seed: number): Promise<void> {
  const played = await play(seedPlan(seed, hasFaults))
  if (values.told) console.log(played.told.join('\n'))
  if (played.violations.length === 0) return console.log(`Seed ${seed} breaks no law.`)
  console.log(`Seed ${seed}: ${played.violations.join('\n')}`)
  if (values.told) return
  const found = await shrunk(seed, hasFaults)
  if (found === undefined) return
  const again = await play(found)
  console.log(`\nThe shortest play that does:\n${again.told.join('\n')}\n${again.violations.join('\n')}\n`)
  console.log(JSON.stringify(found))
  process.exitCode = 1
}

async function explore(from: number, seconds: number): Promise<void> {
  const started = performance.now()
  const sum = { plays: 0, requests: 0, jobs: 0, merges: 0, steps: 0 }
  for (let seed = from; performance.now() - started < seconds * 1000; seed += 1) {
    const played = await play(seedPlan(seed, hasFaults)).catch((error: unknown): Played => failed(error))
    sum.plays += 1
    for (const key of ['requests', 'jobs', 'merges', 'steps'] as const) sum[key] += played[key]
    if (played.violations.length === 0) continue
    console.log(`seed ${seed}: ${played.violations.join('\n    ').slice(0, 600)}`)
    process.exitCode = 1
  }
  const minutes = cpuMs() / 60_000
  const perMinute = Object.entries(sum).map(([what, count]) => `${Math.round(count / minutes)} ${what}`)
  console.log(
    `${sum.plays} plays, seeds ${from} to ${from + sum.plays - 1}; in a minute of one core: ${perMinute.join(', ')}`,
  )
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function failed(error: unknown): Played {
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { violations: [words], told: [], requests: 0, jobs: 0, merges: 0, steps: 0 }
}
