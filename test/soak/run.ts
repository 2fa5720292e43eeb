/**
 * The fault sweep: plays whole rollouts against the GitHub in a box with the real service as a process, disturbs them, and
 * compares the ends, words included, with the undisturbed end.
 *
 *     npm run soak                                  each request × each fault, then the storms: hours
 *     npm run soak -- --sample 60 --seed 7          60 of the pairs, always the same
 *     npm run soak -- --minutes 30                  until the time is over, in random order
 *     npm run soak -- --play abort --fault "502 before" --storms none
 *     npm run soak -- --sample 0 --outage 150       only the storms, outages of 150 s
 *
 * Several faults strike in one play (`--batch`, default 6); where its end differs, each is played alone.
 */
import { parseArgs } from 'node:util'
import { startPostgres } from '../adapters/queue/queue-postgres.ts'
import { randomFrom, shuffled } from '../stories/random.ts'
import { FAULTS } from './faults.ts'
import { PLAYS } from './plays.ts'
import { outages, RACE, replicas, type Storm, webhookStorms } from './storms.ts'
import { createReport } from './report.ts'
import { pairsOf, playBatch, type Plan } from './sweep.ts'
import { playUndisturbed, trial, type Undisturbed } from './trial.ts'

const { values } = parseArgs({
  options: {
    sample: { type: 'string' },
    seed: { type: 'string' },
    minutes: { type: 'string', default: '600' },
    batch: { type: 'string', default: '6' },
    play: { type: 'string' },
    fault: { type: 'string' },
    storms: { type: 'string', default: 'all' },
    outage: { type: 'string', default: '90' },
  },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9))
const until = Date.now() + Number(values.minutes) * 60_000
const random = randomFrom(seed)
const report = createReport()
console.log(`seed ${seed}`)

const plays = Object.entries(PLAYS).filter(([name]) => values.play === undefined || name === values.play)
const faults = Object.keys(FAULTS).filter((name) => values.fault === undefined || name === values.fault)
const undisturbed = new Map<string, Undisturbed>()
for (const [name, play] of plays) undisturbed.set(name, await playUndisturbed(play))

const all: Plan[] = [...undisturbed].flatMap(([play, { targets }]) =>
  pairsOf(targets, faults).map((injection) => ({ play, injection })),
)
const chosen = shuffled(all, random).slice(0, values.sample === undefined ? undefined : Number(values.sample))
console.log(`${chosen.length} of ${all.length} pairs of a request and a fault`)
for (const [name, play] of plays) {
  const mine = chosen.filter((one) => one.play === name).map(({ injection }) => injection)
  const known = undisturbed.get(name)
  if (known === undefined) continue
  for (let at = 0; at < mine.length && Date.now() < until; at += Number(values.batch)) {
    const batch = mine.slice(at, at + Number(values.batch))
    await playBatch({ name, play, undisturbed: known }, batch, report)
  }
}

if (values.storms !== 'none') await playStorms()
report.print()
process.exit(report.hasFailed() ? 1 : 0)

async function playStorms(): Promise<void> {
  const server = await startPostgres()
  if (typeof server === 'string') console.log(`no PostgreSQL, no replicas: ${server}`)
  const webhooks = Object.entries(webhookStorms(seed)).map(([name, begin]): [string, Storm] => [name, { begin }])
  const storms: Readonly<Record<string, Storm>> = {
    ...Object.fromEntries(webhooks),
    ...outages(Number(values.outage)),
    'somebody pushes to the base at each write': RACE,
  }
  for (const [name, play] of plays) {
    const known = undisturbed.get(name)
    if (known === undefined) continue
    const wanted = Object.entries(storms).filter(([storm]) => values.storms === 'all' || storm.includes(values.storms))
    for (const [storm, one] of wanted) {
      if (Date.now() > until) return
      report.storm(name, storm, await trial(play, known, { storm: one }))
    }
    if (typeof server === 'string' || !(values.storms === 'all' || 'replicas'.includes(values.storms))) continue
    const storm = replicas(await server.newDatabase())
    report.storm(name, 'three replicas, one killed every few seconds', await trial(play, known, { storm }))
  }
  if (typeof server !== 'string') await server.stop()
}
