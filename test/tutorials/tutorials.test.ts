/** Each tutorial is done as written: its files, its changes and its conversation, with the real service on a GitHub in a box. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { test } from 'node:test'
import { needsKustomize } from '../tools.ts'
import { aStory, type Story } from '../stories/world.ts'
import { changed, readTutorial, type TutorialStep } from './read-tutorial.ts'

for (const page of globSync('docs/tutorials/*.md').toSorted()) {
  if (basename(page) === 'README.md') continue
  test(`${page} works as it is written`, needsKustomize, async () => {
    const steps = readTutorial(readFileSync(page, 'utf8'))
    const files = steps.flatMap((step) => (step.kind === 'file' ? [[step.path, step.text] as const] : []))
    assert.ok(steps.length > files.length + 5)
    const last = steps.findLast((step) => step.kind === 'opens')
    assert.match(last?.title ?? '', /^Finish .*: all traffic on stable /, 'it leads to a finished rollout')
    const reader = new Reader(await aStory({ files: Object.fromEntries(files) }))
    for (const step of steps) await reader.follow(step)
  })
}

/** Does what a tutorial says, step by step. */
class Reader {
  readonly #story: Story
  /** Files that the next pull request changes. */
  #pending: Record<string, string> = {}

  constructor(story: Story) {
    this.#story = story
  }

  async follow(step: TutorialStep): Promise<void> {
    const story = this.#story
    switch (step.kind) {
      case 'file':
        return
      case 'change':
        this.#pending[step.path] = changed(story.repository().file(step.path) ?? '', step.lines)
        return
      case 'opens':
        return step.who === 'perch' ? this.#opened(step) : this.#open(step)
      case 'command': {
        const { id } = story.person(step.who).comment(step.pull, step.text)
        await story.until(`an answer to ${step.text}`, () =>
          this.#comments(step.pull).some((body) => body.includes(`perch:answer:${id} `)),
        )
        return
      }
      case 'does':
        return this.#act(step)
      case 'check':
        return this.#checked(step)
      case 'says':
        await story.until(`#${step.pull}: ${step.text}`, () =>
          this.#comments(step.pull).some((body) => plain(body).includes(plain(step.text))),
        )
        return
      case 'reports': {
        const sha = story.repository().branch('main') ?? ''
        story.person('olga').setStatus(sha, { context: step.context, state: 'success' })
        return
      }
      case 'pass':
        await story.pass(step.ms)
    }
  }

  #comments(pull: number): readonly string[] {
    return this.#story
      .repository()
      .comments(pull)
      .map(({ body }) => body)
  }

  #open({ who, pull, title }: Extract<TutorialStep, { kind: 'opens' }>): void {
    const files = this.#pending
    this.#pending = {}
    const opened = this.#story.person(who).openPullRequest({ branch: `change-${pull}`, title, files })
    assert.equal(opened.number, pull)
  }

  async #opened({ pull, title }: Extract<TutorialStep, { kind: 'opens' }>): Promise<void> {
    const opened = await this.#story.until(`a pull request ${title}`, () =>
      this.#story
        .repository()
        .pulls('open')
        .find((one) => one.title === title),
    )
    assert.equal(opened.number, pull)
  }

  #act({ who, pull, what }: Extract<TutorialStep, { kind: 'does' }>): void {
    const person = this.#story.person(who)
    if (what === 'merges') person.merge(pull, { method: 'squash' })
    if (what === 'approves') person.review(pull, 'APPROVE')
    if (what === 'closes') person.close(pull)
  }

  async #checked({ pull, name, conclusion }: Extract<TutorialStep, { kind: 'check' }>): Promise<void> {
    const story = this.#story
    let seen = ''
    await story
      .until(`${name} of #${pull} is ${conclusion}`, () => {
        const { head } = story.repository().pull(pull)
        const run = story
          .repository()
          .checkRuns(head.sha)
          .find((one) => one.name === name)
        seen = `${String(run?.conclusion)}: ${String(run?.title)}\n${String(run?.summary)}`
        return run?.conclusion === conclusion
      })
      .catch((error: unknown) => {
        throw new Error(`${String(error)}. It says ${seen}`)
      })
  }
}

/** The text as it is read, without Markdown. */
function plain(text: string): string {
  return text.replaceAll(/[`*]/g, '')
}
