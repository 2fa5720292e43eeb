import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { pino } from 'pino'
import { openGitHub } from '../../../src/entry/github/github.ts'
import { type GitHubBox, startGitHub } from '../../../src/sandbox/github.ts'
import { githubContract, type GitHubUnderTest } from '../../contracts/github.ts'
import { portsOf } from '../context.ts'
import { filesOf, headOf, memoryGitHub } from './github.ts'
import { memoryPerson } from './person.ts'

const FILES = { 'README.md': '# Apps\n' }

githubContract('memory', async (): Promise<GitHubUnderTest> => {
  const state = memoryGitHub({ clock: { now: () => Date.now() }, files: FILES, required: [] })
  const alice = memoryPerson(state, 'alice', 'write')
  const pull = (number: number) => state.pulls.get(number) ?? assert.fail(`no #${number}`)
  return {
    ports: portsOf(state),
    head: (branch) => headOf(state, branch),
    text: (path, branch) => filesOf(state, branch).get(path),
    push: (branch, files) => void alice.push(branch, files),
    open: (branch, title) => alice.open(branch, title)?.number ?? assert.fail('not opened'),
    comment: (number, body) => alice.comment(number, body),
    close: (number) => alice.close(pull(number)),
    reopen: (number) => void alice.reopen(pull(number)),
    openIssue: (title) => alice.openIssue(title),
    editIssue: (number, body) => alice.editIssue(number, body),
    setIssues: (isOn) => void (state.hasIssues = isOn),
  }
})

let box: GitHubBox
let repositories = 0
before(async () => (box = await startGitHub()))
after(() => box.close())

githubContract('GitHub in a box', async (): Promise<GitHubUnderTest> => {
  const name = `apps-${(repositories += 1)}`
  box.createRepository({ name, files: FILES, roles: { alice: 'write' } })
  const alice = box.person('alice', name)
  const { appId, privateKey, webhookSecret } = box
  const access = openGitHub(
    { appId, privateKey, webhookSecret, apiUrl: `${box.url}/api/v3` },
    { log: pino({ level: 'silent' }), clock: { now: () => Date.now() } },
  )
  const place = (await access.everyRepository()).find(({ repo }) => repo.name === name) ?? assert.fail('not installed')
  const view = box.repository(name)
  return {
    ports: await access.portsFor(place),
    head: (branch) => view.branch(branch),
    text: (path, branch) => view.file(path, branch),
    push: (branch, files) => void alice.push(branch, files),
    open: (branch, title) => alice.openPullRequest({ branch, title }).number,
    comment: (number, body) => alice.comment(number, body).id,
    close: (number) => alice.close(number),
    reopen: (number) => alice.reopen(number),
    openIssue: (title) => alice.openIssue(title),
    editIssue: (number, body) => alice.editIssue(number, body),
    setIssues: (isOn) => box.setIssues(isOn, name),
  }
})
