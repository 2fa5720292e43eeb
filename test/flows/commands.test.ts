/** Who may give which command, and where: comments and buttons on pull requests, in memory. */
import assert from 'node:assert/strict'
import { COMMAND_NAMES, type CommandName } from '../../src/core/command/commands.ts'
import { headOf, type Pull } from '../memory/github/github.ts'
import { type Commanding, commanding } from './commanding.ts'
import { recordedIn } from './recorded/account.ts'

const test = recordedIn(import.meta.url)

/** Each command as a person writes it. */
const LINES: Readonly<Record<CommandName, string>> = {
  set: '/canary 25',
  next: '/canary next',
  promote: '/canary promote',
  switch: '/switch green',
  plan: '/canary plan 10,100',
  hold: '/canary hold errors',
  resume: '/canary resume',
  abort: '/canary abort errors',
  status: '/canary status',
  why: '/canary why',
  diff: '/canary diff',
  retry: '/canary retry',
  override: '/canary override bake it is fine',
  carry: '/promote staging production',
  freeze: '/freeze production sale',
  unfreeze: '/unfreeze production',
  help: '/canary help',
}

interface Stage {
  readonly it: Commanding
  readonly pull: Pull
}

/** The answer to each command on one pull request. */
async function answersOn(
  { it, pull }: Stage,
  names: readonly CommandName[] = COMMAND_NAMES,
): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {}
  for (const name of names) found[name] = (await it.ask('carol', pull.number, LINES[name])) ?? 'no answer'
  return found
}

/** The same, but each in a separate repository, because one command would change the answer to the next. */
async function answers(stage: () => Promise<Stage>): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {}
  for (const name of COMMAND_NAMES) Object.assign(found, await answersOn(await stage(), [name]))
  return found
}

function assertEach(found: Readonly<Record<string, string>>, expected: Readonly<Record<string, RegExp>>): void {
  assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort())
  for (const [name, words] of Object.entries(expected)) assert.match(found[name] ?? '', words, name)
}

/** Carol may do everything. */
async function opened(share?: number, options: Parameters<typeof commanding>[0] = {}): Promise<Stage> {
  return stageOf(await commanding(options), share)
}

async function stageOf(it: Commanding, share?: number): Promise<Stage> {
  it.person('carol', 'maintain')
  return { it, pull: await it.open('release', share) }
}

test('somebody with read access can ask for everything and change nothing', async () => {
  const it = await commanding()
  it.person('reader', 'read')
  const pull = await it.open('release', 5)
  const refs = new Map(it.state.refs)
  const needs: Partial<Record<CommandName, string>> = { override: 'maintain', freeze: 'maintain', unfreeze: 'maintain' }
  const asks: readonly CommandName[] = ['status', 'why', 'diff', 'retry', 'help']
  for (const name of COMMAND_NAMES) {
    const answer = (await it.ask('reader', pull.number, LINES[name])) ?? ''
    if (asks.includes(name)) assert.doesNotMatch(answer, /⛔ `reader` cannot/, name)
    else
      assert.equal(
        answer,
        `⛔ \`reader\` cannot do this: it needs **${needs[name] ?? 'write'}** access to this repository, and you have read. Ask somebody who has it to comment the same.`,
      )
  }
  assert.deepEqual(it.state.refs, refs)
  assert.match((await it.ask('stranger', pull.number, '/canary status')) ?? '', /needs \*\*read\*\* .* you have none/)
  assert.match((await it.ask('alice', pull.number, '/freeze production')) ?? '', /needs \*\*maintain\*\* .* have write/)
})

test('on an open pull request every command is carried out; an abort finds nothing on the base branch', async () => {
  assertEach(await answers(() => opened(5)), {
    set: /^✅ `production\/api-service`: 0% → \*\*25%\*\* on this pull request, in [0-9a-f]{7}\./,
    next: /^✅ `production\/api-service`: 0% → \*\*5%\*\* on this pull request/,
    promote: /^✅ `production\/api-service`: 0% → \*\*100%\*\* on this pull request/,
    switch: /^⛔ `production\/api-service` is not a blue\/green service: its traffic moves in steps\./,
    plan: /^✅ In \w{7}: when this pull request merges, the plan of `production\/api-service` becomes 10% → 100%\./,
    hold: /^⏸️ Held: `production\/api-service`\./,
    resume: /^⛔ Nothing is held: `production\/api-service` can continue\./,
    abort: /^⛔ No rollout of this pull request has canary traffic on the base branch/,
    status: /^This pull request is open\. When it merges:\n\n- `production\/api-service`: 0% → \*\*5%\*\*/m,
    why: /^Nothing holds this pull request back\./,
    diff: /api-service/,
    retry: /^🔁 Perch runs both checks again/,
    override: /^⛔ No gate holds this pull request back/,
    carry: /^⛔ There is no environment `staging` here\. Known here: `production`\./,
    freeze: /^❄️ `production` is frozen\./,
    unfreeze: /^⛔ `production` is not frozen by a command\./,
    help: /^\| Command \| Does \| Needs \|/,
  })
})

test('on a merged pull request commands act on its rollout, and those for a head commit are sent to the open step', async () => {
  const merged = async (): Promise<Stage> => {
    const stage = await opened()
    await stage.it.say('carol', stage.pull.number, '/canary 5')
    stage.it.person('alice').merge(stage.pull, { ignoresChecks: true })
    await stage.it.pass()
    return stage
  }
  const noHead =
    /^⛔ This pull request is not open, so it has no head commit to do that for\. Comment on the open step\./
  assertEach(await answers(merged), {
    set: /^✅ #2: /,
    next: /^✅ #2: /,
    promote: /^✅ #\d+: /,
    switch: /^⛔ `production\/api-service` is not a blue\/green service/,
    plan: /^⛔ A plan is a commit, and this pull request is closed\. Comment the same on the open step, #2\./,
    hold: /^⏸️ Held: `production\/api-service`\./,
    resume: /^⛔ Nothing is held/,
    abort: /^🛑 Closed #2\. Merge #\d+ to send all traffic back: no gate holds it\./,
    status: /\| `production\/api-service`<br>.* \| 5% \|/,
    why: noHead,
    diff: noHead,
    retry: noHead,
    override: noHead,
    carry: /^⛔ There is no environment `staging` here\. Known here: `production`\./,
    freeze: /^❄️ `production` is frozen\./,
    unfreeze: /^⛔ `production` is not frozen by a command\./,
    help: /^\| Command \|/,
  })
})

test('on an open step, a command that would undo it is refused, and one that lowers the share is not', async () => {
  const { it, pull } = await opened()
  await it.say('carol', pull.number, '/canary 5')
  it.person('alice').merge(pull, { ignoresChecks: true })
  await it.pass()
  const answer = await it.ask('carol', 2, '/canary 5')
  assert.match(answer ?? '', /^⛔ `production\/api-service` is already at 5%, so this step would change nothing\./)
  const head = (): string | undefined => it.state.pulls.get(2)?.head.sha
  const before = head()
  assert.match((await it.ask('carol', 2, '/canary 25')) ?? '', /already at 25%/)
  assert.equal(head(), before)
  assert.match((await it.ask('carol', 2, '/canary 2')) ?? '', /^✅ `production\/api-service`: 5% → \*\*2%\*\*/)
})

test('a rollback accepts no other share and no plan', async () => {
  const { it, pull } = await opened()
  await it.say('carol', pull.number, '/canary 5')
  it.person('alice').merge(pull, { ignoresChecks: true })
  await it.pass()
  await it.say('carol', 2, '/canary abort')
  const head = (): string | undefined => it.state.pulls.get(3)?.head.sha
  const before = head()
  assert.match((await it.ask('carol', 3, '/canary 0')) ?? '', /^✅ `production\/api-service` is already at 0%/)
  assert.match(
    (await it.ask('carol', 3, '/canary 10')) ?? '',
    /^⛔ This pull request sets the canary .* to 0%, so its share and plan cannot change/,
  )
  assert.match((await it.ask('carol', 3, '/canary plan 10,100')) ?? '', /^⛔ This pull request sets the canary/)
  assert.equal(head(), before)
})

test('on a pull request that was closed without merging only the status, the help, an abort and a switch are answered', async () => {
  const stage = await opened(5)
  stage.it.person('alice').close(stage.pull)
  await stage.it.pass()
  const { status, help, abort, switch: switched, ...others } = await answersOn(stage)
  assert.match(status ?? '', /^No rollout belongs to this pull request\./)
  assert.match(help ?? '', /^\| Command \|/)
  assert.match(abort ?? '', /^⛔ No rollout of this pull request has canary traffic/)
  assert.match(switched ?? '', /^⛔ `production\/api-service` is not a blue\/green service/)
  for (const [name, answer] of Object.entries(others))
    assert.equal(answer, '⛔ This pull request was closed without merging. Reopen it, or comment on an open one.', name)
})

test('on a pull request that merged into a branch that nothing deploys, freezes work and everything else is explained', async () => {
  const it = await commanding()
  const carol = it.person('carol', 'maintain')
  carol.push('topic', { 'docs/topic.md': 'x\n' })
  const pull = await it.open('release', 5, 'topic')
  carol.merge(pull, { ignoresChecks: true })
  await it.pass()
  const { status, help, carry, freeze, unfreeze, ...others } = await answersOn({ it, pull })
  assert.match(help ?? '', /^\| Command \|/)
  assert.match(carry ?? '', /^⛔ There is no environment `staging` here\./)
  assert.match(freeze ?? '', /^❄️ `production` is frozen\./)
  assert.match(unfreeze ?? '', /^▶️ Raises in `production` can continue\./)
  assert.match(status ?? '', /^This pull request merged into `topic`, which is not a deployed branch\./)
  for (const [name, answer] of Object.entries(others))
    assert.match(answer, /^⛔ This pull request merged into `topic`, which is not a deployed branch\./, name)
})

test('while the base config is not valid, only commands that stop something are carried out, and other answers name the line', async () => {
  const broken = async (isMerged: boolean): Promise<Stage> => {
    const stage = await opened(5)
    const alice = stage.it.person('alice')
    if (isMerged) alice.merge(stage.pull, { ignoresChecks: true })
    alice.push('main', { '.github/canary.yml': 'servces: {}\n' })
    await stage.it.pass()
    return stage
  }
  const line = /^⛔ .*\.github\/canary\.yml:1/
  const open = await broken(false)
  for (const [name, answer] of Object.entries(await answersOn(open, ['set', 'next', 'promote', 'plan'])))
    assert.match(answer, line, name)
  for (const [name, answer] of Object.entries(
    await answersOn(open, ['why', 'diff', 'retry', 'help', 'freeze', 'unfreeze', 'abort']),
  ))
    assert.doesNotMatch(answer, line, name)
  const { help, hold, abort, freeze, ...merged } = await answersOn(await broken(true))
  assert.match(help ?? '', /^\| Command \|/)
  assert.match(hold ?? '', /^⏸️/)
  assert.match(abort ?? '', /^🛑/)
  assert.match(freeze ?? '', /^❄️/)
  for (const [name, answer] of Object.entries(merged)) assert.match(answer, line, name)
})

test('Perch asks about an unknown command once, without checking its author', async () => {
  const { it, pull } = await opened(5)
  assert.equal(
    await it.ask('stranger', pull.number, '/canary hol'),
    '⛔ Unknown command `hol`. Did you mean `/canary hold`? `/canary help` lists all commands.',
  )
  assert.match((await it.ask('carol', pull.number, '/canary plan 50,25')) ?? '', /^⛔ `50,25` is not a plan\./)
  assert.equal(
    await it.ask('carol', pull.number, '/canary plan 5,100 web now'),
    '⛔ `now` is not expected there. Usage: `/canary plan [<steps>] [service] [--env <name>] [@<sha>]`',
  )
})

test('two commands in one comment get one answer, and the second sees the result of the first', async () => {
  const { it, pull } = await opened(5)
  const answer = await it.say('carol', pull.number, '/canary 25\n\n/canary 50\n\n/canary override bake no reason')
  const head = headOf(it.state, 'release') ?? ''
  const parts = (answer ?? '').split(/^> /m).slice(1)
  assert.equal(parts.length, 3)
  assert.match(parts[0] ?? '', /^`\/canary 25` from `carol`\n\n✅ `production\/api-service`: 0% → \*\*25%\*\*/)
  assert.match(parts[1] ?? '', new RegExp(`0% → \\*\\*50%\\*\\* on this pull request, in ${head.slice(0, 7)}\\.`))
  assert.match(parts[2] ?? '', /⛔ No gate holds this pull request back/)
  assert.equal(it.answersOn(pull.number).length, 1)
})

test('an abort moves its comment to the base branch, where commands for the open head are not carried out', async () => {
  const { it, pull } = await opened(25, { share: 5 })
  const head = headOf(it.state, 'release')
  const lines = ['set', 'plan', 'why', 'override', 'abort', 'freeze'] as const
  const answer = await it.say('carol', pull.number, lines.map((name) => LINES[name]).join('\n'))
  const [set, plan, why, override, abort, freeze] = (answer ?? '').split(/^> .*\n+/m).slice(1)
  for (const words of [set, plan, why, override])
    assert.match(words ?? '', /^⛔ This comment also aborts a rollout, so Perch carries out nothing else in it\./)
  assert.match(abort ?? '', /^⛔ No rollout of this pull request has canary traffic|^🛑/)
  assert.match(freeze ?? '', /^❄️ `production` is frozen/)
  assert.equal(headOf(it.state, 'release'), head)
})

for (const ids of ['same', 'new'] as const) {
  test(`a delivery that comes twice under ${ids === 'same' ? 'its id' : 'another id'} has one commit, one hold and one answer`, async () => {
    const { it, pull } = await opened(5)
    await it.say('carol', pull.number, '/canary 25\n/canary hold errors')
    await it.say('carol', pull.number, '/canary abort\n/freeze production')
    const refs = new Map(it.state.refs)
    assert.equal(it.answersOn(pull.number).length, 2)
    await it.redeliver(ids)
    await it.pass(60_000)
    assert.deepEqual(it.state.refs, refs)
    assert.equal(it.answersOn(pull.number).length, 2)
  })
}

test('a command that waited for more than a day is not carried out, and its author is told', async () => {
  const { it, pull } = await opened(5)
  const head = headOf(it.state, 'release')
  it.person('carol').comment(pull.number, '/canary 25\n/canary abort\n/canary hlp')
  it.lose()
  await it.pass(25 * 3_600_000)
  assert.equal(it.answersOn(pull.number).length, 0)
  assert.match((await it.ask('carol', pull.number, '/canary help')) ?? '', /^\| Command \|/)
  const [late] = it.answersOn(pull.number)
  assert.equal((late ?? '').match(/⛔ Perch could not finish this within a day, so it gave up\./g)?.length, 3)
  assert.equal(headOf(it.state, 'release'), head)
})

test('a button checks who pressed it, does what its command does, and does it once', async () => {
  const { it, pull } = await stageOf(await commanding({ share: 5 }), 25)
  it.person('reader', 'read')
  const step = [...it.state.pulls.values()].find(({ head }) => head.ref.startsWith('canary/')) ?? pull
  assert.match((await it.press('reader', step, 'hold')) ?? '', /⛔ `reader` cannot do this: it needs \*\*write\*\*/)
  const pressed = { delivery: 'press' }
  assert.match(
    (await it.press('carol', step, 'hold', pressed)) ?? '',
    /^> `hold`, a button, by `carol`\n\n⏸️ Held: `production\/api-service`\./,
  )
  assert.equal(await it.press('carol', step, 'hold', pressed), '')
  assert.match((await it.press('carol', step, 'resume')) ?? '', /▶️ Resumed: `production\/api-service`\./)
  assert.match((await it.press('carol', step, 'abort')) ?? '', /🛑 Closed #\d+\. Merge #\d+ to send all traffic back/)
})

test('a button on another commit than the head still holds and aborts, and does not resume', async () => {
  const it = await commanding({ share: 5 })
  it.person('carol', 'maintain')
  const step = [...it.state.pulls.values()].find(({ head }) => head.ref.startsWith('canary/'))
  assert.ok(step !== undefined)
  const head = step.head.sha
  it.person('alice').push(step.head.ref, { 'docs/more.md': 'x\n' })
  await it.pass()
  assert.match((await it.press('carol', step, 'hold', { head })) ?? '', /⏸️ Held/)
  assert.match(
    (await it.press('carol', step, 'resume', { head })) ?? '',
    /⛔ The command names commit `[0-9a-f]{7}`, but the head is `[0-9a-f]{7}` now\./,
  )
  assert.match((await it.press('carol', step, 'abort', { head })) ?? '', /🛑/)
})
