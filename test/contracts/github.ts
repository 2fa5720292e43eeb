/** The contract of the ports to GitHub. It runs on the model in memory, and on the real adapters with the GitHub in a box. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CheckReport } from '../../src/core/rollout/facts.ts'
import type { RepositoryContext } from '../../src/flows/repository/repository-context.ts'
import { GitHubRefused } from '../../src/ports/github/github-refused.ts'

export interface GitHubUnderTest {
  readonly ports: Pick<
    RepositoryContext,
    | 'pulls'
    | 'conversation'
    | 'checks'
    | 'canaryChecks'
    | 'branches'
    | 'activity'
    | 'records'
    | 'people'
    | 'deployments'
    | 'issues'
  >
  /** The head of a branch. */
  readonly head: (branch: string) => string | undefined
  text(path: string, branch: string): string | undefined
  /** A push by alice, who has write access. */
  push(branch: string, files: Readonly<Record<string, string>>): void
  open(branch: string, title: string): number
  comment(pull: number, body: string): number
  close(pull: number): void
  reopen(pull: number): void
  /** alice opens her own issue. */
  openIssue(title: string): number
  editIssue(issue: number, body: string): void
  setIssues(isOn: boolean): void
}

const REPORT: CheckReport = { name: 'canary/gate', conclusion: undefined, title: 'At work', summary: 'Wait.' }

export function githubContract(name: string, open: () => Promise<GitHubUnderTest>): void {
  const scene = (sentence: string, run: (github: GitHubUnderTest) => Promise<void>): void =>
    void test(`${name}: ${sentence}`, async () => run(await open()))
  const main = ({ head }: GitHubUnderTest): string => head('main') ?? assert.fail('no main')

  scene('a branch is created once, and one that is in its way is named', async (github) => {
    const { branches } = github.ports
    assert.equal(await branches.create('canary/a/5', main(github)), 'created')
    assert.equal(await branches.create('canary/a/5', main(github)), 'exists')
    for (const [wanted, rival] of [
      ['canary/a', 'canary/a/5'],
      ['canary/a/5/x', 'canary/a/5'],
    ] as const)
      await assert.rejects(branches.create(wanted, main(github)), (error: unknown) => {
        assert.ok(error instanceof GitHubRefused)
        assert.deepEqual([error.refusal.cause, error.refusal.rival], ['in-the-way', rival])
        return true
      })
    await branches.remove('canary/a/5')
    await branches.remove('canary/a/5')
    assert.equal(github.head('canary/a/5'), undefined)
  })

  scene('a deployment is found by its environment and task, newest first, and says its last state', async (github) => {
    const { deployments } = github.ports
    const draft = { environment: 'production', task: 'canary:web', description: 'web: 5%' }
    const [first, second] = [main(github), (github.push('main', { a: '1\n' }), main(github))]
    const old = await deployments.create({ ...draft, commit: first })
    const made = await deployments.create({ ...draft, commit: second })
    await deployments.create({ ...draft, commit: second, task: 'canary:other' })
    await deployments.create({ ...draft, commit: second, environment: 'staging' })
    const found = [
      { id: made, commit: second },
      { id: old, commit: first },
    ]
    assert.deepEqual(await deployments.of('production', 'canary:web'), found)
    assert.equal(await deployments.stateOf(made), undefined)
    await deployments.setState(old, 'in_progress', 'merged')
    await deployments.setState(old, 'success', 'live')
    await deployments.setState(made, 'success', 'live')
    assert.deepEqual(await Promise.all([old, made].map((id) => deployments.stateOf(id))), ['success', 'success'])
  })

  scene(
    'issues of Perch are listed without pull requests and those of others, and are edited in place',
    async (github) => {
      const { issues } = github.ports
      assert.deepEqual(await issues.ours(), [])
      const theirs = github.openIssue('Something else')
      github.push('step', { a: '1\n' })
      const pull = github.open('step', 'Step')
      const opened = await issues.open({ title: 'Rollouts', body: '- [ ] one' })
      assert.ok(opened !== 'off')
      const { number } = opened
      assert.equal(new Set([theirs, pull, number]).size, 3, 'they share their numbers')
      const younger = await issues.open({ title: 'Rollouts', body: 'again' })
      assert.ok(younger !== 'off')
      const bodies = async (): Promise<unknown> => {
        const listed = await issues.ours()
        return listed === 'off' ? listed : listed.map(({ number: n, isOpen, body }) => [n, isOpen, body])
      }
      assert.deepEqual(await bodies(), [
        [number, true, '- [ ] one'],
        [younger.number, true, 'again'],
      ])
      await issues.edit(younger.number, { isOpen: false })
      github.editIssue(number, '- [x] one')
      assert.equal((await issues.get(number))?.body, '- [x] one')
      await issues.edit(number, { body: 'new', isOpen: true })
      assert.deepEqual(await bodies(), [
        [number, true, 'new'],
        [younger.number, false, 'again'],
      ])
      await issues.edit(younger.number, { body: 'new', isOpen: true })
      assert.deepEqual([(await issues.get(younger.number))?.isOpen, await issues.get(99)], [true, undefined])
      await issues.edit(99, { body: 'new' })
      github.setIssues(false)
      const off = [await issues.ours(), await issues.open({ title: 'x', body: 'y' }), await issues.get(number)]
      assert.deepEqual(off, ['off', 'off', undefined])
      await issues.edit(number, { body: 'lost' })
    },
  )

  scene('a commit and a move happen only where the branch is as expected', async (github) => {
    const { branches } = github.ports
    const old = main(github)
    await branches.create('step', old)
    const draft = { branch: 'step', expectedHead: old, headline: 'One', body: 'Why', files: new Map([['a', '1\n']]) }
    const made = await branches.commit(draft)
    assert.ok(typeof made === 'object')
    assert.equal(github.text('a', 'step'), '1\n')
    assert.equal(await branches.commit(draft), 'head-moved')
    assert.equal(await branches.commit({ ...draft, branch: 'nope' }), 'gone')
    assert.equal(await branches.move('step', old, old), 'head-moved')
    assert.deepEqual(await branches.makers(old, made.sha), [
      { sha: made.sha, parents: [old], author: 'perch[bot]', isVerified: true },
    ])
    assert.equal(await branches.move('step', made.sha, old), 'moved')
    assert.equal(github.head('step'), old)
    assert.deepEqual(
      (await github.ports.activity.movesOf('step'))?.map(({ kind, before, after, isOurs }) => [
        kind,
        before,
        after,
        isOurs,
      ]),
      [
        ['force-push', made.sha, old, true],
        ['push', old, made.sha, true],
        ['created', '0'.repeat(40), old, true],
      ],
    )
  })

  scene('a claim holds a note, and the second one finds the first', async (github) => {
    const { branches, activity } = github.ports
    assert.equal(await branches.claim('perch/hold/a', 'Hold it'), 'created')
    assert.equal(await branches.claim('perch/hold/a', 'Hold it'), 'exists')
    assert.equal(github.text('README.md', 'perch/hold/a'), 'Hold it\n')
    await branches.remove('perch/hold/a')
    assert.equal((await activity.movesOf('perch/hold/a'))?.[0]?.kind, 'deleted')
  })

  scene('a pull request is opened once, is read back, and merges at its head only', async (github) => {
    const { pulls, branches } = github.ports
    const draft = { head: 'step', base: 'main', title: 'Step', body: 'Body' }
    await branches.create('step', main(github))
    assert.equal(await pulls.open(draft), 'exists', 'nothing to merge yet')
    const files = new Map([['a', '1\n']])
    await branches.commit({ branch: 'step', expectedHead: main(github), headline: 'One', body: '', files })
    const opened = await pulls.open(draft)
    assert.ok(typeof opened === 'object')
    assert.equal(await pulls.open(draft), 'exists')
    const { number } = opened
    assert.deepEqual([opened.state, opened.author.login, opened.head.ref], ['open', 'perch[bot]', 'step'])
    assert.deepEqual(
      (await pulls.allOpen()).map((pull) => pull.number),
      [number],
    )
    assert.deepEqual(
      (await pulls.from('step')).map((pull) => pull.number),
      [number],
    )
    assert.equal(await pulls.merge(number, main(github)), 'head-moved')
    assert.equal(await pulls.merge(number, opened.head.sha), 'merged')
    assert.equal(await pulls.close(number), 'merged')
    const merged = await pulls.get(number)
    assert.deepEqual([merged?.state, merged?.mergeCommit], ['merged', main(github)])
    assert.equal((await pulls.mergedAs(main(github), 'main'))?.number, number)
    assert.equal(await pulls.mergedAs(main(github), 'step'), undefined, 'it was merged into another branch')
    assert.equal(github.text('a', 'main'), '1\n')
    assert.equal(await pulls.get(99), undefined)
  })

  scene('pull requests since a moment come in whole pages, so older ones are among them', async (github) => {
    for (const branch of ['one', 'two', 'three']) {
      github.push(branch, { [branch]: '1\n' })
      github.open(branch, branch)
    }
    const { pulls } = github.ports
    const [newest] = (await pulls.recent('main')).pulls
    assert.ok(newest !== undefined)
    for (const moment of [0, newest.createdAt + 1]) {
      const found = await pulls.recent('main', moment)
      assert.deepEqual([found.pulls.map(({ title }) => title), found.since], [['three', 'two', 'one'], 0])
    }
    assert.deepEqual((await pulls.recent('one', 0)).pulls, [])
  })

  scene('a pull request in conflict does not merge, and one whose branch is gone is closed', async (github) => {
    github.push('one', { a: '1\n' })
    const number = github.open('one', 'One')
    github.push('main', { a: '2\n' })
    const { pulls, branches } = github.ports
    assert.equal(await pulls.merge(number, github.head('one') ?? ''), 'refused')
    github.close(number)
    assert.equal((await pulls.get(number))?.state, 'closed')
    github.reopen(number)
    assert.equal((await pulls.get(number))?.state, 'open')
    await branches.remove('one')
    assert.equal((await pulls.get(number))?.state, 'closed')
  })

  scene('comments tell who wrote them, and an edit shows', async (github) => {
    github.push('one', { a: '1\n' })
    const pull = github.open('one', 'One')
    const id = github.comment(pull, '/canary 5')
    const { conversation } = github.ports
    await conversation.add(pull, 'Done')
    const [theirs, ours] = await conversation.of(pull)
    assert.deepEqual([theirs?.id, theirs?.author, theirs?.isOurs], [id, { login: 'alice', isBot: false }, false])
    assert.deepEqual([ours?.body, ours?.isOurs, ours?.isEdited], ['Done', true, false])
    await conversation.edit(ours?.id ?? 0, 'Done twice')
    const [, edited] = await conversation.of(pull)
    assert.deepEqual([edited?.body, edited?.isEdited], ['Done twice', true])
    await conversation.acknowledge(id)
    const since = (await conversation.since(theirs?.createdAt ?? 0)).map((one) => [one.pull, one.comment.id])
    assert.deepEqual(
      since.map(String).toSorted(),
      [
        [pull, id],
        [pull, ours?.id],
      ]
        .map(String)
        .toSorted(),
    )
  })

  scene('checks are listed newest first and changed in place', async (github) => {
    const { checks } = github.ports
    const first = await checks.create(main(github), REPORT)
    const second = await checks.create(main(github), { ...REPORT, name: 'canary/validate', conclusion: 'success' })
    await checks.update(first, { ...REPORT, conclusion: 'failure', subjects: [{ pull: 3, base: 'main' }] })
    const runs = await checks.on(main(github))
    assert.deepEqual(
      runs.map(({ id, name: check, conclusion }) => [id, check, conclusion]),
      [
        [second, 'canary/validate', 'success'],
        [first, 'canary/gate', 'failure'],
      ],
    )
    assert.deepEqual(runs[1]?.subjects, [{ pull: 3, base: 'main' }])
  })

  scene(
    'a check of a Canary is found by its name, says that it has ended, and is none of the two checks',
    async (github) => {
      const { canaryChecks, checks } = github.ports
      const check = { name: 'canary/flagger/production/web', conclusion: undefined, title: 'Web', summary: 'At 20%' }
      assert.equal(await canaryChecks.find(main(github), check.name), undefined)
      const id = await canaryChecks.create(main(github), check)
      await canaryChecks.create(main(github), { ...check, name: 'canary/flagger/production/api' })
      assert.deepEqual(await canaryChecks.find(main(github), check.name), { id, isOver: false })
      for (const conclusion of ['success', 'failure', 'neutral'] as const) {
        const other = await canaryChecks.create(main(github), check)
        await canaryChecks.update(other, { ...check, conclusion })
        assert.deepEqual(await canaryChecks.find(main(github), check.name), { id: other, isOver: true })
      }
      assert.deepEqual(await checks.on(main(github)), [])
    },
  )

  scene('what was recorded of a command is found by its cause', async (github) => {
    const { records } = github.ports
    assert.equal(await records.find(main(github), '7'), undefined)
    await records.write(main(github), { cause: '7', title: 'Held', summary: 'Why', answer: 'It is held.' })
    await records.write(main(github), { cause: '77', title: 'Held', summary: 'Why', answer: undefined })
    assert.deepEqual(await records.find(main(github), '7'), { answer: 'It is held.' })
    assert.deepEqual(await records.find(main(github), '77'), { answer: undefined })
    assert.deepEqual(await github.ports.checks.on(main(github)), [])
  })

  scene('people have the permission that the repository gives', async ({ ports: { people } }) => {
    assert.deepEqual(await Promise.all(['alice', 'nobody'].map((login) => people.permission(login))), ['write', 'none'])
  })
}
