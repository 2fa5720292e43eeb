/** Commands in the log and the metrics, with one line each. */
import assert from 'node:assert/strict'
import { memoryMeter } from '../../memory/meter.ts'
import { commanding } from '../commanding.ts'
import { recordedIn } from '../recorded/account.ts'
import { QUIET } from '../../quiet-log.ts'

const test = recordedIn(import.meta.url)

test('each answered command is one line in the log: where, who, what, how it ended and how long it took', async () => {
  const lines: object[] = []
  const meter = memoryMeter()
  const log = { ...QUIET, info: (facts: object, words: string) => void lines.push({ ...facts, words }) }
  const it = await commanding({ log, meter })
  it.person('carol', 'write')
  const pull = await it.open('alice')
  await it.ask('carol', pull.number, '/canary 25')
  await it.ask('carol', pull.number, '/canary 250\n/canary status')
  await it.ask('carol', pull.number, '/canary nonsense')
  const said = lines.map((line) => ({ ...line, ms: 'ms' in line && typeof line.ms === 'number' && line.ms >= 0 }))
  const common = { repo: `${it.state.repo.owner}/${it.state.repo.name}`, pull: pull.number, person: 'carol', ms: true }
  const words = 'command answered'
  assert.deepEqual(
    said.filter((line) => 'words' in line && line.words === words),
    [
      { ...common, command: 'set', result: 'set', words },
      { ...common, command: 'unknown', result: 'refused', refusal: 'not-understood', words },
      { ...common, command: 'status', result: 'status', words },
      { ...common, command: 'unknown', result: 'refused', refusal: 'not-understood', words },
    ],
  )
  assert.deepEqual(meter.labelsOf('perch_command_duration_seconds'), [
    'set done',
    'unknown refused',
    'status done',
    'unknown refused',
  ])
})

test('an opened rollback has its own line, and is counted by its cause', async () => {
  const lines: object[] = []
  const meter = memoryMeter()
  const log = { ...QUIET, info: (facts: object, words: string) => void lines.push({ ...facts, words }) }
  const it = await commanding({ log, meter })
  it.person('carol', 'write')
  const pull = await it.open('release')
  await it.say('carol', pull.number, '/canary 5')
  it.person('alice').merge(pull, { ignoresChecks: true })
  await it.pass()
  await it.say('carol', pull.number, '/canary abort errors')
  const place = { environment: 'production', service: 'api-service' }
  assert.deepEqual(
    lines.filter((line) => 'words' in line && line.words === 'rollback opened').map((line) => ({ ...line, pull: 0 })),
    [{ repo: 'acme/gitops', pull: 0, ...place, cause: 'command', person: 'carol', words: 'rollback opened' }],
  )
  assert.deepEqual(meter.labelsOf('perch_rollbacks_total'), ['command'])
})
